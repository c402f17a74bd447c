"""Roll-ups say what readings say, whenever they came and whatever was rolled up before."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.rollup import DAY, HOUR, MINUTE, Rollups, roll_up
from foodflow.numerics.status_codes import GOOD, UNCERTAIN
from foodflow.plant import jobs
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import rollups as rollup_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import lines, readings, rollups, sensors
from foodflow.plant.usecases.readings import Columns
from foodflow.plant.usecases.rolled import rollups_of
from tests.plant.make import name

BEGIN = to_micros(datetime(2026, 3, 30, 20, tzinfo=UTC))
"""Four hours before a day ends, and with it a month a day later."""


async def make_sensor(database: Database, actor: Actor, **limits: float) -> Sensor:
    texts = {"sensor_type": "temperature", "location": "", "position": "", "unit_of_measure": "Cel"}
    numbers = {"min_value": None, "max_value": None, "target_value": None, "tolerance": None} | limits
    async with tenant_transaction(database, actor) as session:
        line = await lines.find_or_create(session, actor, name("LINE"))
        code: dict[str, Any] = {"sensor_code": name("TT"), "name": "T"}
        return await sensors.create_sensor(session, actor, {"line_id": line.id} | code | texts | numbers)


async def store(
    database: Database,
    actor: Actor,
    sensor: Sensor,
    times: list[int],
    values: list[float],
    codes: list[int] | None = None,
) -> None:
    columns = Columns(
        [sensor.id],
        np.zeros(len(times), np.int32),
        np.array(times, np.int64),
        np.array(values, np.float64),
        np.array(codes or [GOOD] * len(times), np.uint32),
    )
    async with tenant_transaction(database, actor) as session:
        await readings.store_readings(session, actor, columns)


async def marks(database: Database, actor: Actor, sensor: Sensor) -> list[datetime]:
    query = text("SELECT hour FROM rollup_marks WHERE sensor_key = :key ORDER BY hour")
    async with tenant_transaction(database, actor) as session:
        return list((await session.scalars(query, {"key": sensor.key})).all())


async def refreshed(session: AsyncSession, actor: Actor, sensor: Sensor) -> Sensor:
    return await sensor_queries.sensor(session, actor, sensor.id)


async def answered(database: Database, actor: Actor, sensor: Sensor, start: int, end: int, width: int) -> Rollups:
    async with tenant_transaction(database, actor) as session:
        found = await refreshed(session, actor, sensor)
        return await rollups_of(session, found, from_micros(start), from_micros(end), width=width)


async def recomputed(database: Database, actor: Actor, sensor: Sensor, start: int, end: int, width: int) -> Rollups:
    """From nothing but readings."""
    async with tenant_transaction(database, actor) as session:
        raw = await reading_queries.series(session, sensor.key, from_micros(start), from_micros(end))
    return roll_up(raw.times, raw.values, breaches=raw.breaches, statuses=raw.statuses, width=width)


def same(one: Rollups, other: Rollups) -> None:
    for each in Rollups.__dataclass_fields__:
        mine, yours = getattr(one, each), getattr(other, each)
        np.testing.assert_allclose(mine, yours, rtol=1e-12 if each == "means" else 0, err_msg=each)


async def agree(database: Database, actor: Actor, sensor: Sensor, start: int, end: int) -> None:
    for width in (MINUTE, HOUR, DAY):
        same(
            await answered(database, actor, sensor, start, end, width),
            await recomputed(database, actor, sensor, start, end, width),
        )


moments = st.lists(st.integers(0, 3 * DAY // 1_000_000), min_size=1, max_size=80, unique=True)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seconds=moments,
    cuts=st.lists(st.integers(0, 80), max_size=4).map(sorted),
    window=st.tuples(*[st.integers(0, 3 * 86_400)] * 2),
)
async def test_in_whatever_order_readings_come_roll_ups_are_what_readings_make(
    database: Database, demo: Actor, seconds: list[int], cuts: list[int], window: tuple[int, int]
) -> None:
    sensor = await make_sensor(database, demo, min_value=0, max_value=60)
    bounds = [0, *cuts, len(seconds)]
    first, last = sorted(window)
    for start, end in pairwise(bounds):
        part = seconds[start:end]
        if part:
            times = [BEGIN + each * 1_000_000 for each in part]
            codes = [(GOOD, UNCERTAIN)[each % 3 == 0] for each in part]
            await store(database, demo, sensor, times, [each * 7919 % 101 - 20.5 for each in part], codes)
        await agree(database, demo, sensor, BEGIN + first * 1_000_000, BEGIN + last * 1_000_000 + 1)
        await jobs.roll_up(database, demo)
        assert await marks(database, demo, sensor) == []
        await agree(database, demo, sensor, BEGIN + first * 1_000_000, BEGIN + last * 1_000_000 + 1)
    await agree(database, demo, sensor, BEGIN - DAY, BEGIN + 5 * DAY)


async def test_late_readings_change_their_hour_at_once_and_its_roll_up_after_it(
    database: Database, demo: Actor
) -> None:
    sensor = await make_sensor(database, demo)
    await store(database, demo, sensor, [BEGIN, BEGIN + 5 * HOUR], [1.0, 2.0])
    await jobs.roll_up(database, demo)
    await store(database, demo, sensor, [BEGIN + 1_000_000], [9.0])
    assert await marks(database, demo, sensor) == [from_micros(BEGIN)]
    for _ in range(2):
        found = await answered(database, demo, sensor, BEGIN, BEGIN + DAY, HOUR)
        assert (found.counts.tolist(), found.highest.tolist(), found.last.tolist()) == ([2, 1], [9.0, 2.0], [9.0, 2.0])
        await jobs.roll_up(database, demo)
        assert await marks(database, demo, sensor) == []


async def test_the_present_hour_stays_marked_and_is_answered_from_readings(database: Database, demo: Actor) -> None:
    sensor = await make_sensor(database, demo)
    now = to_micros(clock.now())
    await store(database, demo, sensor, [now], [4.0])
    await jobs.roll_up(database, demo)
    assert await marks(database, demo, sensor) == [from_micros(now // HOUR * HOUR)]
    assert (await answered(database, demo, sensor, now, now + 1, MINUTE)).means.tolist() == [4.0]


async def test_a_sensor_that_goes_on_reporting_is_marked_once_an_hour(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = await make_sensor(database, demo)
    asked: list[list[tuple[int, int]]] = []
    mark = rollup_queries.mark

    async def noted(session: AsyncSession, touched: list[tuple[int, int]], *, over: datetime) -> rollup_queries.Marked:
        asked.append(touched)
        return await mark(session, touched, over=over)

    monkeypatch.setattr(rollup_queries, "mark", noted)
    hour = to_micros(clock.now()) // HOUR * HOUR
    for step in range(3):
        await store(database, demo, sensor, [hour + step], [float(step)])
    await store(database, demo, sensor, [hour - HOUR], [4.0])
    await store(database, demo, sensor, [hour + 4, hour - 5], [5.0, 6.0])
    assert asked == [[(sensor.key, hour)], [(sensor.key, hour - HOUR)], [(sensor.key, hour - HOUR)]]
    assert await marks(database, demo, sensor) == [from_micros(hour - HOUR), from_micros(hour)]


async def test_a_long_past_is_rolled_up_in_many_transactions(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "HOURS_AT_ONCE", 7)
    monkeypatch.setattr(rollups, "READINGS_AT_ONCE", 30)
    made = [await make_sensor(database, demo) for _ in range(3)]
    for sensor in made:
        times = [BEGIN - step * HOUR // 3 for step in range(100)]
        await store(database, demo, sensor, times, [float(step) for step in range(100)])
    async with tenant_transaction(database, demo) as session:
        portion = await rollups.roll_up_some(session, [sensor.key for sensor in made])
    assert portion.unfinished == [sensor.key for sensor in made]
    assert 0 < len(await marks(database, demo, made[0])) < 34
    await jobs.roll_up(database, demo)
    for sensor in made:
        assert await marks(database, demo, sensor) == []
        await agree(database, demo, sensor, BEGIN - 3 * DAY, BEGIN + DAY)


async def test_readings_that_come_while_their_hour_is_rolled_up_are_not_lost(database: Database, demo: Actor) -> None:
    sensor = await make_sensor(database, demo)

    async def bring(part: int) -> None:
        for step in range(20):
            await store(database, demo, sensor, [BEGIN + (step * 3 + part) * 60_000_000], [float(step)])

    async def keep_rolling() -> None:
        for _ in range(15):
            await jobs.roll_up(database, demo)

    await asyncio.gather(*(bring(part) for part in range(3)), keep_rolling())
    await jobs.roll_up(database, demo)
    assert await marks(database, demo, sensor) == []
    await agree(database, demo, sensor, BEGIN, BEGIN + HOUR)
    assert (await answered(database, demo, sensor, BEGIN, BEGIN + HOUR, HOUR)).counts.tolist() == [60]


async def test_a_sensor_that_somebody_writes_to_is_left_for_last(database: Database, demo: Actor) -> None:
    busy, free = await make_sensor(database, demo), await make_sensor(database, demo)
    for sensor in (busy, free):
        await store(database, demo, sensor, [BEGIN], [1.0])
    async with tenant_transaction(database, demo) as session:
        await reading_queries.reporting_for_update(session, demo, [busy.id])
        rolling = asyncio.create_task(jobs.roll_up(database, demo))
        async with asyncio.timeout(5):
            while await marks(database, demo, free):  # noqa: ASYNC110 - it happens in the database
                await asyncio.sleep(0.02)
        assert not rolling.done()
        assert await marks(database, demo, busy) == [from_micros(BEGIN)]
    await rolling
    assert await marks(database, demo, busy) == []


async def test_a_roll_up_that_is_broken_off_leaves_everything_as_it_was(database: Database, demo: Actor) -> None:
    sensor = await make_sensor(database, demo)
    await store(database, demo, sensor, [BEGIN, BEGIN + HOUR], [1.0, 2.0])

    async def broken_off() -> None:
        async with tenant_transaction(database, demo) as session:
            await rollups.roll_up_some(session, [sensor.key])
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await broken_off()
    assert len(await marks(database, demo, sensor)) == 2
    await agree(database, demo, sensor, BEGIN, BEGIN + DAY)


async def test_another_company_is_left_alone(database: Database, demo: Actor, akron: Actor) -> None:
    theirs = await make_sensor(database, akron)
    await store(database, akron, theirs, [BEGIN], [1.0])
    await jobs.roll_up(database, demo)
    assert await marks(database, akron, theirs) == [from_micros(BEGIN)]


async def test_hours_that_are_over_are_asked_to_be_rolled_up_once(database: Database, demo: Actor) -> None:
    await jobs.roll_up(database, demo)
    sensor = await make_sensor(database, demo)
    waiting = text("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'plant.roll_up' AND status = 'todo'")
    forget = text("UPDATE jobs.procrastinate_jobs SET status = 'cancelled' WHERE task_name = 'plant.roll_up'")

    async def asked() -> int:
        async with AsyncSession(database.engine) as session:
            return int(await session.scalar(waiting) or 0)

    async with AsyncSession(database.engine) as session, session.begin():
        await session.execute(text("SET LOCAL search_path = jobs"))
        await session.execute(forget)
    await store(database, demo, sensor, [to_micros(clock.now())], [1.0])
    assert await asked() == 0
    for step in range(3):
        await store(database, demo, sensor, [BEGIN + step * HOUR], [1.0])
    assert await asked() == 1
    await jobs.ask_to_roll_up(database)
    assert await asked() == 2  # the other company's


async def test_a_sparse_sensor_is_looked_at_in_long_parts(database: Database, demo: Actor) -> None:
    sensor = await make_sensor(database, demo)
    begin = BEGIN - 400 * DAY
    times = [begin + step * 10 * DAY for step in range(41)]
    await store(database, demo, sensor, times, [1.0] * 41)
    async with tenant_transaction(database, demo) as session:
        parts = [part async for part in rollups.readings_of(session, sensor.key, begin, BEGIN + 1)]
    assert sum(len(series.times) for _, _, series in parts) == 41
    assert [first for first, _, _ in parts[1:]] == [last for _, last, _ in parts[:-1]]
    assert len(parts) < 12
    assert timedelta(microseconds=parts[-1][1] - parts[0][0]) == timedelta(days=400, microseconds=1)
