"""How long readings are kept, what of them is older than that, and the statements that remove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import old_months
from foodflow.plant.rules.retention import Cutoffs
from foodflow.plant.tables.retention import Retention
from foodflow.plant.tables.rollups import HourRollup, MinuteRollup
from foodflow.plant.tables.sensors import ReadingBlock

READINGS, MINUTES, HOURS = ReadingBlock.__tablename__, MinuteRollup.__tablename__, HourRollup.__tablename__

# Days that are rolled up and of which readings are kept. A day of which any hour is marked stays as it is.
_OLD_DAYS = """
FROM hour_rollups AS h LEFT JOIN removed_readings AS r ON r.sensor_key = h.sensor_key
WHERE h.day < CAST(:raw AS timestamptz) AND NOT coalesce(r.days @> (h.day AT TIME ZONE 'UTC')::date, false)
      AND NOT EXISTS (SELECT FROM rollup_marks AS m WHERE m.sensor_key = h.sensor_key
                      AND m.hour >= h.day AND m.hour < h.day + interval '24 hours')
"""
_OLD_RAW = text(f"SELECT count(*), coalesce(sum(h.readings), 0)::bigint {_OLD_DAYS}")
_OLD_MINUTES = text("SELECT count(*) FROM minute_rollups WHERE hour < CAST(:minutes AS timestamptz)")
_OLD_HOURS = text("SELECT count(*) FROM hour_rollups WHERE day < CAST(:hours AS timestamptz)")
_SENSORS = text(f"SELECT DISTINCT h.sensor_key {_OLD_DAYS} AND h.sensor_key > :after ORDER BY 1 LIMIT :most")
_DAYS_OF = text(f"SELECT h.day {_OLD_DAYS} AND h.sensor_key = :key ORDER BY 1 LIMIT :most")
# A block never leaves its day.
_REMOVE_DAYS = text("""
DELETE FROM reading_blocks AS b USING unnest(CAST(:days AS timestamptz[])) AS d (day)
WHERE b.sensor_key = :key AND b.first >= d.day AND b.first < d.day + interval '24 hours'
      AND b.first >= :earliest AND b.first < :latest
""")
_NOTE = """
INSERT INTO removed_readings (sensor_key, days)
SELECT sensor_key, range_agg(daterange((day AT TIME ZONE 'UTC')::date, (day AT TIME ZONE 'UTC')::date + 1))
{days} GROUP BY sensor_key
ON CONFLICT (sensor_key) DO UPDATE SET days = removed_readings.days + excluded.days
"""
_NOTE_DAYS = text(
    _NOTE.format(days="FROM unnest(CAST(:days AS timestamptz[])) AS d (day), (SELECT CAST(:key AS int) AS sensor_key)")
)
_NOTE_MONTH = text(_NOTE.format(days="FROM hour_rollups WHERE day >= :first AND day < :last"))
_IS_MARKED = text("SELECT EXISTS (SELECT FROM rollup_marks WHERE hour >= :first AND hour < :last)")
_REMOVED: dict[str, TextClause] = {
    table: text(f"UPDATE retention SET {column} = greatest({column}, CAST(:before AS timestamptz))")  # noqa: S608 - the same
    for table, column in (
        (READINGS, "raw_removed_before"),
        (MINUTES, "minutes_removed_before"),
        (HOURS, "hours_removed_before"),
    )
}
_REMOVE_SOME: dict[str, TextClause] = {
    table: text(
        f"DELETE FROM {table} WHERE (sensor_key, {column}) IN"  # noqa: S608 - the same
        f" (SELECT sensor_key, {column} FROM {table} WHERE {column} < :before LIMIT :most) AND {column} < :before"
    )
    for table, column in ((MINUTES, "hour"), (HOURS, "day"))
}


@dataclass(frozen=True, slots=True)
class Old:
    """What is older than it is kept: readings and the sensor-days that they are of, sensor-hours of minutes, and
    sensor-days of hours.
    """

    readings: int
    days_of_readings: int
    hours_of_minutes: int
    days_of_hours: int


async def retention(session: AsyncSession) -> Retention:
    """How long the company keeps readings, and what was removed."""
    return (await session.scalars(select(Retention))).one()


async def retention_for_update(session: AsyncSession) -> Retention:
    """The same as it is now, locked until the transaction ends."""
    return (await session.scalars(select(Retention).with_for_update().execution_options(populate_existing=True))).one()


async def old(session: AsyncSession, before: Cutoffs) -> Old:
    """How much is older than that."""
    days, readings = (await session.execute(_OLD_RAW, {"raw": before.raw})).one()
    minutes = await session.scalar(_OLD_MINUTES, {"minutes": before.minutes})
    hours = await session.scalar(_OLD_HOURS, {"hours": before.hours})
    return Old(int(readings), days, minutes or 0, hours or 0)


async def sensors_with_old_readings(
    session: AsyncSession, before: datetime, *, after: int, limit: int
) -> Sequence[int]:
    """Up to `limit` keys, in order and greater than `after`, of sensors with readings that can be removed."""
    return (await session.scalars(_SENSORS, {"raw": before, "after": after, "most": limit})).all()


async def old_days(session: AsyncSession, key: int, before: datetime, *, limit: int) -> Sequence[datetime]:
    """The first `limit` days of a sensor of which the readings can be removed."""
    return (await session.scalars(_DAYS_OF, {"raw": before, "key": key, "most": limit})).all()


async def remove_days(session: AsyncSession, key: int, days: Sequence[datetime], *, before: datetime) -> None:
    """Remove the readings of days of a sensor that is locked."""
    values = {"key": key, "days": list(days)}
    await session.execute(_REMOVE_DAYS, values | {"earliest": days[0], "latest": before})
    await session.execute(_NOTE_DAYS, values)
    await session.execute(_REMOVED[READINGS], {"before": before})


async def remove_month_of_readings(session: AsyncSession, month: str, *, before: datetime) -> bool:
    """Drop a month of readings, unless any hour of it is not rolled up; nobody can write to it meanwhile."""
    first, last = old_months.bounds(month)
    await old_months.lock_briefly(session, READINGS)
    if await session.scalar(_IS_MARKED, {"first": first, "last": last}):
        return False
    await old_months.drop(session, READINGS, month)
    await session.execute(_NOTE_MONTH, {"first": first, "last": last})
    await session.execute(_REMOVED[READINGS], {"before": before})
    return True


async def remove_month_of_rollups(session: AsyncSession, table: str, month: str, *, before: datetime) -> None:
    """Drop a month of minutes or of hours."""
    await old_months.lock_briefly(session, table)
    await old_months.drop(session, table, month)
    await session.execute(_REMOVED[table], {"before": before})


async def remove_some_rollups(session: AsyncSession, table: str, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` rows of minutes or of hours that are older; returns how many."""
    gone = await session.execute(_REMOVE_SOME[table], {"before": before, "most": limit})
    count: int = gone.rowcount  # type: ignore[attr-defined] # a DELETE has one
    if count:
        await session.execute(_REMOVED[table], {"before": before})
    return count
