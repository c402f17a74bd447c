"""The board of many lines agrees with what is asked of each line and sensor by itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries import board as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.rules.lines import LineNotFound, LineState
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import board, counts, lines, readings, sensors, states
from foodflow.plant.usecases.readings import Columns
from foodflow.plant.usecases.selection import Choice

HOUR = timedelta(hours=1)


async def make_line(session: AsyncSession, actor: Actor, number: str, **fields: object) -> ProductionLine:
    texts = {"name": number, "description": "", "plant_name": "", "location": ""}
    speeds: dict[str, Any] = {"design_speed": Decimal(60), "max_speed": None, "min_speed": None}
    return await lines.create_line(session, actor, {"line_number": number} | texts | speeds | fields)


async def make_sensor(session: AsyncSession, actor: Actor, line: ProductionLine, code: str, **limits: float) -> Sensor:
    texts = {"name": code, "sensor_type": "temperature", "location": "", "position": "", "unit_of_measure": "Cel"}
    numbers = {"min_value": None, "max_value": None, "target_value": None, "tolerance": None} | limits
    sensor = await sensors.create_sensor(session, actor, {"line_id": line.id, "sensor_code": code} | texts | numbers)
    await session.flush()
    return sensor


async def store(session: AsyncSession, actor: Actor, sensor: Sensor, values: list[float]) -> None:
    """Readings a second apart, the last of them now."""
    last = to_micros(clock.now()) // 1_000_000 * 1_000_000
    times = last - np.arange(len(values), dtype=np.int64)[::-1] * 1_000_000
    await readings.store_readings(
        session,
        actor,
        Columns([sensor.id], np.zeros(len(values), np.int32), times, np.array(values), all_good(len(values))),
    )


async def test_times_and_amounts_of_many_lines_are_those_of_each(session: AsyncSession, demo: Actor) -> None:
    made = [await make_line(session, demo, f"A{number}") for number in range(3)]
    now = clock.now()
    for hours, state in ((9, LineState.RUNNING), (5, LineState.DOWNTIME), (4, LineState.RUNNING)):
        await states.record_state(session, demo, made[0].id, state=state, at=now - hours * HOUR, reason="because")
    await states.record_state(session, demo, made[1].id, state=LineState.IDLE, at=now - HOUR)
    for hours in (9, 3, 1):
        await counts.record_count(
            session, demo, made[0].id, good=Decimal(10), scrap=Decimal(hours), at=now - hours * HOUR
        )
    await session.flush()
    start, ids = now - 8 * HOUR, [line.id for line in made]
    changes = await queries.state_changes_of(session, ids, start, now)
    amounts = await queries.amounts_of(session, ids, start, now)
    for id in ids:
        assert changes.get(id, []) == await line_queries.state_changes(session, id, start, now)
        assert amounts.get(id, []) == await line_queries.amounts(session, id, start, now)


async def test_a_packed_series_is_the_series(session: AsyncSession, demo: Actor) -> None:
    line = await make_line(session, demo, "B")
    one, other = [await make_sensor(session, demo, line, code, max_value=0.5) for code in ("b1", "b2")]
    generator = np.random.default_rng(7)
    for sensor in (one, other):
        await store(session, demo, sensor, generator.standard_normal(500).tolist())
    end = clock.now()
    found = await reading_queries.series_of(session, [(s.key, end - HOUR, end) for s in (one, other)], most=1000)
    for sensor in (one, other):
        expected = await reading_queries.series(session, sensor.key, end - HOUR, end)
        assert (found[sensor.key].times == expected.times).all()
        assert (found[sensor.key].values == expected.values).all()
        assert (found[sensor.key].breaches == expected.breaches).all()


async def test_of_too_many_readings_the_newest_are_drawn(
    session: AsyncSession, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "MOST_READINGS", 10)
    line = await make_line(session, demo, "C")
    await store(session, demo, await make_sensor(session, demo, line, "c"), [float(n) for n in range(50)])
    card = await board.line_card(session, demo, Choice(line="C"), line.id)
    trace = card.sensors[0].trace
    assert trace is not None
    assert (trace.cut, trace.readings, trace.lowest[1], trace.highest[1]) == (True, 10, 40.0, 49.0)


async def test_a_state_that_is_told_again_lasts_since_it_was_first_told(session: AsyncSession, demo: Actor) -> None:
    line = await make_line(session, demo, "D")
    now = clock.now()
    for hours, reason in ((30, "first"), (20, "again"), (1, "still")):
        at = now - hours * HOUR
        await states.record_state(session, demo, line.id, state=LineState.DOWNTIME, at=at, reason=reason)
    await session.flush()
    card = await board.line_card(session, demo, Choice(hours=24), line.id)
    assert (card.state, card.since, card.reason) == ("downtime", now - 30 * HOUR, "still")


async def test_the_first_sensors_of_each_line_come_before_the_second_of_any(session: AsyncSession, demo: Actor) -> None:
    for number in range(5):
        line = await make_line(session, demo, f"E{number}", name=f"fair {number}")
        for place in range(10):
            await store(session, demo, await make_sensor(session, demo, line, f"e{number}-{place}"), [1.0])
    found = await board.board(session, demo, Choice(line="fair"))
    assert [len(card.sensors) for card in found.lines] == [5, 5, 5, 5, 4]
    assert [card.hidden for card in found.lines] == [5, 5, 5, 5, 6]
    assert (found.found, found.pages) == (50, 3)


async def test_the_exact_number_of_a_line_leads_to_that_line_alone(session: AsyncSession, demo: Actor) -> None:
    for number in ("F1", "F10"):
        await make_line(session, demo, number)
    assert [card.number for card in (await board.board(session, demo, Choice(line="f1"))).lines] == ["F1"]
    assert [card.number for card in (await board.board(session, demo, Choice(line="F"))).lines] == ["F1", "F10"]


async def test_a_line_that_is_not_there_is_refused(session: AsyncSession, demo: Actor) -> None:
    with pytest.raises(LineNotFound):
        await board.line_card(session, demo, Choice(), UUID(int=0))
