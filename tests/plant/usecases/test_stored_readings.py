"""What is stored of readings: their status, their server time and whether they came late, once each, across days,
months, calls and callers.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Invalid
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.status_codes import BAD, GOOD, UNCERTAIN
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.readings import Reading
from foodflow.plant.queries.sensors import sensor as sensor_of
from foodflow.plant.rules.sensors import ReadingContradicted
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import board, history, lines, sensors
from foodflow.plant.usecases.readings import Columns, Stored, store_reading, store_readings
from foodflow.plant.usecases.selection import Choice
from tests.plant.make import Witness

NAN = float("nan")
NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
MIDNIGHT = datetime(2024, 2, 1, tzinfo=UTC)
NO_CODE = 0x8031_0000
"""Bad_NoData."""

Row = tuple[UUID, float, float, int]
"""A sensor, seconds after noon, a value and a status."""

_numbers = count()


async def make_sensor(session: AsyncSession, actor: Actor, **limits: float) -> Sensor:
    line = await lines.find_or_create(session, actor, "STORE")
    code = f"STORE-{next(_numbers)}"
    named = {"sensor_code": code, "name": code, "sensor_type": "temperature", "unit_of_measure": "Cel"}
    return await sensors.create_sensor(
        session, actor, {"line_id": line.id, "location": "", "position": "", **named} | limits
    )


@pytest.fixture
async def own(session: AsyncSession, demo: Actor) -> Sensor:
    """A sensor from 0 to 5 in a transaction that is rolled back."""
    return await make_sensor(session, demo, min_value=0, max_value=5)


def columns_of(rows: Sequence[Row]) -> Columns:
    ids = list(dict.fromkeys(row[0] for row in rows))
    return Columns(
        ids,
        np.array([ids.index(row[0]) for row in rows], np.int32),
        np.array([to_micros(NOON) + round(row[1] * 1_000_000) for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.uint32),
    )


async def store(session: AsyncSession, actor: Actor, sensor: Sensor, *rows: tuple[float, float, int]) -> Stored:
    return await store_readings(session, actor, columns_of([(sensor.id, *row) for row in rows]))


async def all_of(session: AsyncSession, sensor: Sensor, *, descending: bool = False) -> list[Reading]:
    return await queries.readings(session, sensor.key, start=None, end=None, descending=descending, limit=100_000)


def seconds(found: Sequence[Reading]) -> list[float]:
    return [(each.time - NOON).total_seconds() for each in found]


async def test_a_reading_comes_back_with_all_that_is_known_of_it(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    before = clock.now()
    await store(session, demo, own, (10, 2.5, GOOD), (20, 7, UNCERTAIN))
    between = clock.now()
    await store(session, demo, own, (15, -1, GOOD), (30, NAN, NO_CODE))
    found = await all_of(session, own)
    told = [(each.value, each.breach, each.status, each.late) for each in found]
    assert told == [(2.5, 0, GOOD, False), (-1, -1, GOOD, True), (7, 1, UNCERTAIN, False), (None, 0, NO_CODE, False)]
    assert seconds(found) == [10, 15, 20, 30]
    received = [each.received or MIDNIGHT for each in found]
    assert before <= received[0] == received[2] <= between <= received[1] == received[3]
    assert await all_of(session, own, descending=True) == found[::-1]


async def test_what_is_late_is_what_came_after_a_later_reading(session: AsyncSession, demo: Actor, own: Sensor) -> None:
    await store(session, demo, own, (5, 1, GOOD), (3, 1, GOOD))
    await store(session, demo, own, (4, 1, GOOD), (6, 1, GOOD), (2, 1, GOOD))
    assert [each.late for each in await all_of(session, own)] == [True, False, True, False, False]


async def test_a_value_is_finite_unless_the_reading_is_bad_and_has_none(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    wrong = [(0, NAN, GOOD), (1, NAN, UNCERTAIN), (2, float("inf"), BAD), (3, 1.0, 0xC000_0000), (4, NAN, BAD)]
    with pytest.raises(Invalid) as refused:
        await store(session, demo, own, *wrong)
    fields = [error.field for error in refused.value.errors]
    assert fields == ["readings.0.value", "readings.1.value", "readings.2.value", "readings.3.status_code"]
    assert await all_of(session, own) == []


async def test_a_bad_reading_is_the_latest_one_and_neither_breaks_nor_restores_a_limit(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    await store(session, demo, own, (0, 9, GOOD))
    await store(session, demo, own, (1, 99, BAD), (2, NAN, NO_CODE))
    latest = await sensor_of(session, demo, own.id)
    assert (latest.last_reading_time, latest.last_reading_value) == (NOON + timedelta(seconds=2), None)
    assert (latest.last_status, latest.last_breach) == (NO_CODE, 1)
    await store(session, demo, own, (3, 4, UNCERTAIN))
    assert (latest.last_status, latest.last_breach, latest.last_reading_value) == (UNCERTAIN, 0, 4)
    assert latest.last_received is not None


async def test_a_bad_reading_is_in_no_drawing(session: AsyncSession, demo: Actor, own: Sensor) -> None:
    await store(session, demo, own, (0, 1, GOOD), (1, 1e9, BAD), (2, NAN, NO_CODE), (3, 2, GOOD))
    whole = await history.draw(session, demo, own.id, start=NOON, end=NOON + timedelta(hours=1), points=100)
    assert (whole.readings, whole.whole.values.tolist(), whole.excursions) == (2, [1, 2], [])
    line = (await lines.find_or_create(session, demo, "STORE")).line_number
    card = await board.line_card(session, demo, Choice(line=line, span=None), own.line_id)
    trace = next(each.trace for each in card.sensors if each.code == own.sensor_code)
    assert trace is not None
    assert (trace.readings, trace.highest[1]) == (2, 2)


async def test_bad_readings_are_told_of_by_nobody_and_end_no_excursion(
    client: httpx.AsyncClient, database: Database, demo: Actor, witness: Witness
) -> None:
    assert client is not None
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo, max_value=5)
    for rows in ([(0, 9, GOOD)], [(1, NAN, BAD), (2, 1, BAD)], [(3, 8, GOOD)], [(4, 1, GOOD)]):
        async with tenant_transaction(database, demo) as session:
            await store(session, demo, sensor, *rows)
    told = [each.type.rpartition("_")[2] for each in await witness.told("plant.sensor.limits")]
    assert told == ["broken", "restored"]


async def test_late_readings_are_held_against_the_nearest_that_are_not_bad(
    database: Database, demo: Actor, witness: Witness
) -> None:
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo, max_value=5)
    for rows in ([(0, 9, GOOD), (1, NAN, BAD), (9, 8, GOOD)], [(5, 7, GOOD)]):
        async with tenant_transaction(database, demo) as session:
            await store(session, demo, sensor, *rows)
    assert len(await witness.told("plant.sensor.limits")) == 1


async def test_the_same_reading_is_the_same_value_with_the_same_status(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    await store(session, demo, own, (0, 1, GOOD), (1, NAN, NO_CODE))
    again = await store(
        session,
        demo,
        own,
        (1, NAN, NO_CODE),
        (0, 1, UNCERTAIN),
        (1, 2, NO_CODE),
        (1, NAN, BAD),
        (2, 5, GOOD),
        (2, 5, BAD),
    )
    assert (again.stored, again.repeated) == (1, 1)
    assert [(each.row, each.kept, each.given) for each in again.conflicting] == [
        (1, 1, 1),
        (2, None, 2),
        (3, None, None),
        (5, 5, 5),
    ]
    assert [(each.kept_status, each.given_status) for each in again.conflicting] == [
        (GOOD, UNCERTAIN),
        (NO_CODE, NO_CODE),
        (NO_CODE, BAD),
        (GOOD, BAD),
    ]


async def test_a_single_reading_is_answered_as_it_is_stored(session: AsyncSession, demo: Actor, own: Sensor) -> None:
    asked = {"named": None, "at": NOON, "value": None, "status": BAD}
    first = await store_reading(session, demo, own.id, **asked)  # type: ignore[arg-type] # a dict of different types
    assert first == (await all_of(session, own))[0]
    assert (first.value, first.status) == (None, BAD)
    assert await store_reading(session, demo, own.id, **asked) == first  # type: ignore[arg-type] # the same
    with pytest.raises(ReadingContradicted, match="0x80000000"):
        await store_reading(session, demo, own.id, named=None, at=NOON, value=1, status=GOOD)


async def test_around_midnight_at_the_end_of_a_month_every_microsecond_is_kept_once(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    offsets = [-2, -1, 0, 1, 2]
    base = (MIDNIGHT - NOON).total_seconds()
    rows = [(base + offset / 1_000_000, float(offset), GOOD) for offset in offsets]
    assert (await store(session, demo, own, *rows)).stored == 5
    assert (await store(session, demo, own, *rows[::-1], *rows)).repeated == 10
    found = await all_of(session, own)
    assert [each.time - MIDNIGHT for each in found] == [timedelta(microseconds=offset) for offset in offsets]
    assert [each.value for each in found] == offsets
    part = await queries.series(
        session, own.key, MIDNIGHT - timedelta(microseconds=1), MIDNIGHT + timedelta(microseconds=2)
    )
    assert part.values.tolist() == [-1, 0, 1]


async def test_late_readings_of_many_days_are_told_from_those_that_are_there(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    hour = 3600.0
    there = [(number * 7 * hour, float(number), GOOD) for number in range(200)]
    await store(session, demo, own, *there)
    late = [(number * 3.5 * hour, 0.0 if number % 2 else number / 2, GOOD) for number in range(300)]
    result = await store(session, demo, own, *late)
    assert (result.stored, result.repeated, result.conflicting) == (150, 150, [])
    found = await all_of(session, own)
    assert seconds(found) == sorted({row[0] for row in (*there, *late)})


async def test_a_page_begins_within_overlapping_blocks_and_goes_on_to_the_last_reading(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    for part in range(7):
        await store(session, demo, own, *((float(6 * place + part), 1.0, GOOD) for place in range(50) if part < 6))
    wanted = [float(place) for place in range(300)]
    for descending in (False, True):
        got: list[float] = []
        bounds: dict[str, datetime | None] = {"start": None, "end": None}
        while True:
            page = await history.page_of_readings(session, demo, own.id, **bounds, descending=descending, limit=7)
            got += seconds(page.readings)
            if page.goes_on_at is None:
                break
            bounds["end" if descending else "start"] = page.goes_on_at
        assert got == (wanted[::-1] if descending else wanted)


async def test_the_newest_of_overlapping_blocks_are_drawn(session: AsyncSession, demo: Actor, own: Sensor) -> None:
    await store(session, demo, own, *((float(place), 1.0, GOOD) for place in range(0, 100, 2)))
    await store(session, demo, own, *((float(place), 2.0, GOOD) for place in range(1, 99, 2)))
    window = (own.key, NOON, NOON + timedelta(seconds=98))
    found = (await queries.series_of(session, [window], most=5))[own.key]
    assert [(from_micros(time) - NOON).total_seconds() for time in found.times.tolist()] == [94, 95, 96, 97, 98]


async def test_two_callers_at_once_with_overlapping_times_lose_nothing_and_store_nothing_twice(
    database: Database, demo: Actor
) -> None:
    async with tenant_transaction(database, demo) as session:
        made = [await make_sensor(session, demo) for _ in range(3)]

    async def call(number: int) -> Stored:
        turn = made if number % 2 else made[::-1]
        rows = [
            (sensor.id, float(second), float(second), GOOD)
            for sensor in turn
            for second in range(number, 400, 2 + number)
        ]
        async with tenant_transaction(database, demo) as session:
            return await store_readings(session, demo, columns_of(rows))

    results = await asyncio.gather(*(call(number) for number in range(8)))
    moments = {float(second) for number in range(8) for second in range(number, 400, 2 + number)}
    assert sum(result.stored for result in results) == 3 * len(moments)
    assert not any(result.conflicting for result in results)
    async with tenant_transaction(database, demo) as session:
        for sensor in made:
            assert seconds(await all_of(session, sensor)) == sorted(moments)


async def test_the_latest_reading_never_moves_backwards_whoever_is_first(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo)

    async def call(second: int) -> None:
        async with tenant_transaction(database, demo) as session:
            await store(session, demo, sensor, (second, second, GOOD))

    await asyncio.gather(*(call(second) for second in (5, 1, 7, 3, 6, 2, 4, 0)))
    async with tenant_transaction(database, demo) as session:
        latest = await sensor_of(session, demo, sensor.id)
    assert (latest.last_reading_time, latest.last_reading_value) == (NOON + timedelta(seconds=7), 7)
    assert latest.first_reading_time == NOON


_VALUES = st.sampled_from([(1.0, GOOD), (2.0, GOOD), (1.0, UNCERTAIN), (NAN, BAD), (2.0, BAD)])
_ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12), _VALUES), max_size=12)
_DAY_PARTS = 8
"""Moments are so many a day, so that a dozen of them lie on two days."""


@given(calls=st.lists(_ROWS, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_calls_leave_what_a_dictionary_that_keeps_the_first_would_hold(
    session: AsyncSession, demo: Actor, calls: list[list[tuple[int, int, tuple[float, int]]]]
) -> None:
    made = [await make_sensor(session, demo) for _ in range(2)]
    kept: dict[tuple[int, int], tuple[float, int]] = {}
    for call in calls:
        before = len(kept)
        same = 0
        for which, moment, reading in call:
            same += repr(kept.get((which, moment))) == repr(reading)
            kept.setdefault((which, moment), reading)
        step = 86_400 / _DAY_PARTS
        rows = [(made[which].id, moment * step, *reading) for which, moment, reading in call]
        result = await store_readings(session, demo, columns_of(rows))
        assert (result.stored, result.repeated) == (len(kept) - before, same)
        assert len(result.conflicting) == len(call) - result.stored - same
    for which, sensor in enumerate(made):
        found = [
            (round(second * _DAY_PARTS / 86_400), each)
            for second, each in zip(seconds(await all_of(session, sensor)), await all_of(session, sensor), strict=True)
        ]
        wanted = [(moment, *kept[place, moment]) for place, moment in sorted(kept) if place == which]
        assert repr([(m, NAN if r.value is None else r.value, r.status) for m, r in found]) == repr(wanted)
        if wanted:
            latest = await sensor_of(session, demo, sensor.id)
            assert repr(latest.last_reading_value) == repr(None if np.isnan(wanted[-1][1]) else wanted[-1][1])
