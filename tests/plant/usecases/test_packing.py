"""Packing: many small blocks become few, and nothing else changes, whoever writes meanwhile."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.status_codes import BAD, GOOD, UNCERTAIN
from foodflow.plant import jobs
from foodflow.plant.queries.packing import Extent, extents, keys_to_pack
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import blocks, packing
from foodflow.plant.usecases.blocks import FULL, MOST
from tests.plant import make
from tests.plant.usecases.test_stored_readings import NAN, NOON, all_of, make_sensor, seconds, store

_MONTHS = text(
    "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass('reading_blocks')"
)


async def count_blocks(session: AsyncSession, sensor: Sensor) -> int:
    query = text("SELECT count(*) FROM reading_blocks WHERE sensor_key = :key")
    return await session.scalar(query, {"key": sensor.key}) or 0


async def pack(session: AsyncSession, sensor: Sensor) -> None:
    while await packing.pack_some(session, sensor.key):
        pass


@pytest.fixture
async def own(session: AsyncSession, demo: Actor) -> Sensor:
    """A sensor in a transaction that is rolled back."""
    return await make_sensor(session, demo, max_value=5)


async def test_readings_are_the_same_with_all_that_is_known_of_them_before_and_after(
    session: AsyncSession, demo: Actor, own: Sensor
) -> None:
    kinds = [(1.0, GOOD), (9.0, GOOD), (NAN, BAD), (2.0, UNCERTAIN)]
    for number in range(60):
        moment = number * 1800 - (2000 if number % 7 == 0 else 0) + (0.25 if number % 5 == 0 else 0)
        await store(session, demo, own, (moment, *kinds[number % 4]), (moment + 1, *kinds[number % 3]))
    before = await all_of(session, own)
    assert await count_blocks(session, own) == 60
    await pack(session, own)
    assert await all_of(session, own) == before
    assert {each.late for each in before} == {False, True}
    assert len({each.received for each in before}) == 60
    assert await count_blocks(session, own) == 2  # days
    assert own.key not in await keys_to_pack(session, 1)
    await pack(session, own)
    assert await all_of(session, own) == before


async def test_a_long_day_becomes_full_blocks_and_one_more_some_at_a_time(
    session: AsyncSession, demo: Actor, own: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_AT_ONCE", 2 * MOST)
    for part in range(20):
        await store(session, demo, own, *((float(20 * place + part), 1.0, GOOD) for place in range(500)))
    await pack(session, own)
    await session.refresh(own)
    found = await extents(session, own.key, NOON.replace(hour=0))
    assert sum(extent.count for extent in found) == 10_000
    assert len(found) <= 10_000 // FULL + 1
    assert all(one.last < other.first for one, other in pairwise(found))
    assert seconds(await all_of(session, own)) == list(range(10_000))
    assert (own.loose_blocks, own.loose_since) == (0, None)


async def test_full_blocks_are_left_alone(session: AsyncSession, demo: Actor, own: Sensor) -> None:
    await store(session, demo, own, *((float(second), 1.0, GOOD) for second in range(MOST)))
    await session.refresh(own)
    assert own.loose_blocks == 0
    for second in (MOST, MOST + 1):
        await store(session, demo, own, (float(second), 1.0, GOOD))
    await pack(session, own)
    assert [extent.count for extent in await extents(session, own.key, NOON.replace(hour=0))] == [MOST, 2]


_BLOCKS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.sampled_from([1, FULL, MOST])), max_size=12)


@given(_BLOCKS, st.sampled_from([1, 2 * MOST, 10 * MOST]))
def test_runs_are_of_neighbours_and_leave_out_only_what_is_full_and_alone(
    given_blocks: list[tuple[int, int, int]], at_once: int
) -> None:
    sizes = {first: (first + length, count) for first, length, count in given_blocks}
    day = [
        Extent(NOON + timedelta(seconds=first), NOON + timedelta(seconds=last), count)
        for first, (last, count) in sorted(sizes.items())
    ]
    runs = packing.runs_of(day, at_once=at_once)
    taken = [day.index(extent) for run in runs for extent in run]
    assert taken == sorted(set(taken))
    for run in runs:
        places = [day.index(extent) for extent in run]
        assert len(places) > 1
        assert places == list(range(places[0], places[-1] + 1))
    for one, other in pairwise(day):
        if one.last > other.first and at_once > sum(each.count for each in day):
            assert {day.index(one), day.index(other)} <= set(taken)


async def test_while_it_is_packed_readings_come_in_and_are_read_without_one_missing(
    database: Database, demo: Actor
) -> None:
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo)
    written: list[float] = []

    async def write(numbers: Sequence[int]) -> None:
        for number in numbers:
            async with tenant_transaction(database, demo) as session:
                result = await store(
                    session, demo, sensor, *((float(3 * number + part), 1.0, GOOD) for part in range(3))
                )
            assert result.stored == 3
            written.extend(float(3 * number + part) for part in range(3))

    async def pack_and_read() -> None:
        while len(written) < 360:
            await jobs.pack_readings(database, demo, least=1)
            known = list(written)
            async with tenant_transaction(database, demo) as session:
                found = seconds(await all_of(session, sensor))
            assert len(found) == len(set(found))
            assert set(known) <= set(found)

    async with asyncio.timeout(120):
        await asyncio.gather(write(range(0, 120, 2)), write(range(1, 120, 2)), pack_and_read())
    await jobs.pack_readings(database, demo, least=1)
    async with tenant_transaction(database, demo) as session:
        assert seconds(await all_of(session, sensor)) == list(range(360))
        assert await count_blocks(session, sensor) == 1


async def test_what_fails_half_way_leaves_everything_and_is_done_the_next_time(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo)
    for second in range(5):
        async with tenant_transaction(database, demo) as session:
            await store(session, demo, sensor, (second, 1.0, GOOD))

    async def killed(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(blocks, "write", killed)
        with pytest.raises(ConnectionError):
            await jobs.pack_readings(database, demo, least=1)
    async with tenant_transaction(database, demo) as session:
        assert seconds(await all_of(session, sensor)) == [0, 1, 2, 3, 4]
        assert sensor.key in await keys_to_pack(session, 1)
    await jobs.pack_readings(database, demo, least=1)
    async with tenant_transaction(database, demo) as session:
        assert seconds(await all_of(session, sensor)) == [0, 1, 2, 3, 4]
        assert await count_blocks(session, sensor) == 1


async def test_a_sensor_with_many_small_blocks_is_packed_without_being_asked(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foodflow.plant.usecases.readings.LOOSE", 8)
    monkeypatch.setattr(packing, "LOOSE", 8)
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo)
        session.expunge(sensor)
    for second in range(8):
        async with tenant_transaction(database, demo) as session:
            await store(session, demo, sensor, (second, 1.0, GOOD))
            waiting = text("SELECT count(*) FROM sensors WHERE key = :key AND loose_blocks >= 8")
            assert await session.scalar(waiting, {"key": sensor.key}) == (second == 7)
    enqueued = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'plant.pack_readings'"
    async with database.engine.connect() as connection:
        assert await connection.scalar(text(enqueued)) == 1
    await make.work_off(database)
    await jobs.pack_readings(database, demo, least=8)
    async with tenant_transaction(database, demo) as session:
        assert await count_blocks(session, sensor) == 1


async def test_at_night_every_company_s_months_are_made_and_its_last_small_blocks_packed(
    database: Database, demo: Actor
) -> None:
    async with tenant_transaction(database, demo) as session:
        sensor = await make_sensor(session, demo)
    for second in range(3):
        async with tenant_transaction(database, demo) as session:
            await store(session, demo, sensor, (second, 1.0, GOOD))
    await jobs.tidy_readings(database)
    await make.work_off(database)
    now = clock.now()
    async with tenant_transaction(database, demo) as session:
        assert await count_blocks(session, sensor) == 1
        months = set(await session.scalars(_MONTHS))
    assert {f"reading_blocks_{now:%Y_%m}", f"reading_blocks_{now + timedelta(days=31):%Y_%m}"} <= months
