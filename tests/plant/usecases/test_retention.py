"""Retention removes what is old and rolled up, of one company, and leaves its roll-ups."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.rollup import DAY, HOUR, MINUTE
from foodflow.plant import jobs
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.rules.retention import Kept
from foodflow.plant.rules.rollups import OlderThanRetention
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import retention
from tests.plant.make import Witness
from tests.plant.usecases.test_rollups import answered, make_sensor, marks, same, store

LONG = Kept(30, 60, 90)


@pytest.fixture
def today() -> int:
    """When the day of this test began, in microseconds; that of its module may be over by then."""
    return to_micros(clock.now()) // DAY * DAY


async def keep(database: Database, actor: Actor, kept: Kept) -> None:
    async with tenant_transaction(database, actor) as session:
        await retention.change_retention(session, actor, kept)


async def raw(database: Database, actor: Actor, sensor: Sensor) -> list[int]:
    async with tenant_transaction(database, actor) as session:
        start, end = datetime(2000, 1, 1, tzinfo=UTC), clock.now() + timedelta(days=1)
        times: list[int] = (await reading_queries.series(session, sensor.key, start, end)).times.tolist()
        return times


async def months(database: Database, actor: Actor, table: str) -> int:
    query = text("SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass(:table)")
    async with tenant_transaction(database, actor) as session:
        return int(await session.scalar(query, {"table": table}) or 0)


async def with_a_past(database: Database, actor: Actor, today: int) -> Sensor:
    """A sensor that has reported every six hours for the last 200 days, rolled up."""
    sensor = await make_sensor(database, actor)
    times = [today - step * 6 * HOUR for step in range(800)]
    await store(database, actor, sensor, times, [float(step % 17) for step in range(800)])
    await jobs.roll_up(database, actor)
    return sensor


async def test_what_is_old_is_removed_and_stands_as_roll_ups(
    database: Database, demo: Actor, witness: Witness, today: int
) -> None:
    sensor = await with_a_past(database, demo, today)
    before = await answered(database, demo, sensor, today - 80 * DAY, today, HOUR)
    old, minutes = await months(database, demo, "minute_rollups"), await months(database, demo, "hour_rollups")
    await keep(database, demo, LONG)
    await jobs.apply_retention(database, demo)
    left = await raw(database, demo, sensor)
    assert (min(left), len(left)) == (today - 30 * DAY, 121)
    same(await answered(database, demo, sensor, today - 80 * DAY, today, HOUR), before)
    found = await answered(database, demo, sensor, today - 200 * DAY, today, MINUTE)
    assert found.starts[0] == today - 60 * DAY
    found = await answered(database, demo, sensor, today - 200 * DAY, today, DAY)
    assert found.starts[0] == today - 90 * DAY
    assert await months(database, demo, "minute_rollups") < old
    assert await months(database, demo, "hour_rollups") < minutes
    assert {entry.action for entry in await witness.recorded()} >= {"retention.changed", "retention.month_removed"}
    await jobs.apply_retention(database, demo)
    assert await raw(database, demo, sensor) == left


async def test_a_cut_hour_of_which_readings_are_gone_is_taken_whole(
    database: Database, demo: Actor, today: int
) -> None:
    sensor = await with_a_past(database, demo, today)
    await keep(database, demo, LONG)
    await jobs.apply_retention(database, demo)
    moment = today - 50 * DAY
    for width in (MINUTE, HOUR, DAY):
        found = await answered(database, demo, sensor, moment - 10_000_000, moment + 10_000_000, width)
        assert found.counts.sum() == 1


async def test_a_reading_of_a_day_that_was_removed_is_refused_and_of_another_taken(
    database: Database, demo: Actor, today: int
) -> None:
    sensor, other = await with_a_past(database, demo, today), await make_sensor(database, demo)
    await keep(database, demo, LONG)
    await jobs.apply_retention(database, demo)
    moment = today - 50 * DAY
    with pytest.raises(OlderThanRetention, match=sensor.sensor_code):
        await store(database, demo, sensor, [today, moment + 5], [1.0, 1.0])
    await store(database, demo, other, [moment + 5], [1.0])
    await jobs.apply_retention(database, demo)
    assert await raw(database, demo, other) == [moment + 5]
    await jobs.roll_up(database, demo)
    await jobs.apply_retention(database, demo)
    assert await raw(database, demo, other) == []
    assert (await answered(database, demo, other, moment, moment + DAY, HOUR)).counts.tolist() == [1]


async def test_readings_that_are_not_rolled_up_are_not_removed(database: Database, demo: Actor, today: int) -> None:
    sensor = await make_sensor(database, demo)
    times = [today - 300 * DAY + step * 12 * HOUR for step in range(120)]
    await store(database, demo, sensor, times, [1.0] * 120)
    await keep(database, demo, Kept(30, 400, 400))
    await jobs.apply_retention(database, demo)
    assert len(await raw(database, demo, sensor)) == 120
    await jobs.roll_up(database, demo)
    late = times[60] + 1
    await store(database, demo, sensor, [late], [5.0])
    await jobs.apply_retention(database, demo)
    day = late // DAY * DAY
    assert [at for at in await raw(database, demo, sensor) if at // DAY * DAY == day] == [
        at for at in sorted([*times, late]) if at // DAY * DAY == day
    ]
    assert len(await marks(database, demo, sensor)) == 1
    found = await answered(database, demo, sensor, times[0], times[-1] + 1, HOUR)
    assert (found.counts.sum(), found.highest.max()) == (121, 5.0)


async def test_another_company_keeps_what_it_has(database: Database, demo: Actor, akron: Actor, today: int) -> None:
    theirs = await with_a_past(database, akron, today)
    await keep(database, akron, Kept(None, None, None))
    await keep(database, demo, Kept(1, 1, 1))
    await jobs.apply_retention(database, demo)
    await jobs.apply_retention(database, akron)
    assert len(await raw(database, akron, theirs)) == 800
    assert len(await answered(database, akron, theirs, today - 201 * DAY, today + DAY, MINUTE)) == 800


async def test_what_would_be_removed_is_what_is_removed(database: Database, demo: Actor, today: int) -> None:
    await keep(database, demo, LONG)
    await jobs.roll_up(database, demo)
    await jobs.apply_retention(database, demo)
    sensor = await make_sensor(database, demo)
    times = [today - 20 * DAY + step * HOUR for step in range(48)]
    await store(database, demo, sensor, times, np.arange(48.0).tolist())
    await jobs.roll_up(database, demo)
    async with tenant_transaction(database, demo) as session:
        none = await retention.preview(session, demo, LONG)
        some = await retention.preview(session, demo, Kept(19, 60, 90))
    assert (none.readings, none.days_of_readings, none.hours_of_minutes, none.days_of_hours) == (0, 0, 0, 0)
    assert some.readings >= 24
    before = len(await raw(database, demo, sensor))
    await keep(database, demo, Kept(19, 60, 90))
    await jobs.apply_retention(database, demo)
    assert (before, len(await raw(database, demo, sensor))) == (48, 24)
