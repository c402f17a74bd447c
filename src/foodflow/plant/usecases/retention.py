"""Retention: how long a company keeps readings, their minutes and their hours, and the removal of what is older.

Readings are removed by whole UTC days, and only of days that are rolled up; what is removed stands as roll-ups.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, old_months
from foodflow.kernel.actor import Actor
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import retention as queries
from foodflow.plant.queries import rollups as rollup_queries
from foodflow.plant.queries.retention import HOURS, MINUTES, READINGS, Old
from foodflow.plant.rules.retention import Cutoffs, Kept, cutoffs, require_outliving, require_whole_company
from foodflow.plant.tables.retention import Retention

APPLY: Final = "plant.apply_retention"
"""The nightly job."""
DAYS_AT_ONCE: Final = 31
ROWS_AT_ONCE: Final = 5_000
SENSORS_AT_ONCE: Final = 100


async def change_retention(session: AsyncSession, actor: Actor, kept: Kept) -> Retention:
    """Keep readings and their roll-ups for so long from now on; what is older goes the next night."""
    require_whole_company(actor)
    require_outliving(kept)
    row = await queries.retention_for_update(session)
    require_match(session, row)
    before = _kept(row)
    row.raw_kept_days, row.minutes_kept_days, row.hours_kept_days = kept.raw, kept.minutes, kept.hours
    row.updated_at = clock.now()
    audit.record(session, actor, "retention.changed", "readings", before=_told(before), after=_told(kept))
    await session.flush()
    return row


async def preview(session: AsyncSession, actor: Actor, kept: Kept) -> Old:
    """What would be removed if it were kept for so long; changes nothing."""
    require_whole_company(actor)
    require_outliving(kept)
    return await queries.old(session, cutoffs(kept, clock.now()))


async def present_cutoffs(session: AsyncSession) -> Cutoffs:
    """Before when each kind is too old now."""
    return cutoffs(_kept(await queries.retention(session)), clock.now())


async def old_months_of(session: AsyncSession, table: str) -> Sequence[str]:
    """The months of a table of which all is too old."""
    before = await _before(session, table)
    return await old_months.months_before(session, table, before) if before is not None else []


async def remove_month(session: AsyncSession, actor: Actor, table: str, month: str) -> None:
    """Drop a month of which all is too old, unless readings of it are not rolled up yet."""
    before = await _before(session, table)
    if before is None or month not in await old_months.months_before(session, table, before):
        return  # kept for longer since the job began
    if table == READINGS:
        gone = await queries.remove_month_of_readings(session, month, before=before)
    else:
        await queries.remove_month_of_rollups(session, table, month, before=before)
        gone = True
    if gone:
        audit.record(session, actor, "retention.month_removed", month, table=table)


async def remove_some(session: AsyncSession, table: str) -> bool:
    """Remove some minutes or hours that are too old; false when there are none left."""
    before = await _before(session, table)
    if before is None:
        return False
    return await queries.remove_some_rollups(session, table, before=before, limit=ROWS_AT_ONCE) == ROWS_AT_ONCE


async def sensors_with_old_readings(session: AsyncSession, *, after: int) -> Sequence[int]:
    """The next keys, greater than `after`, of sensors with readings that are too old."""
    before = await _before(session, READINGS)
    if before is None:
        return []
    return await queries.sensors_with_old_readings(session, before, after=after, limit=SENSORS_AT_ONCE)


async def remove_some_readings(session: AsyncSession, key: int) -> bool:
    """Remove the readings of some days of a sensor that are too old; false when there are none left."""
    before = await _before(session, READINGS)
    if before is None or not await rollup_queries.keys_for_update(session, [key], wait=True):
        return False
    days = await queries.old_days(session, key, before, limit=DAYS_AT_ONCE)
    if days:
        await queries.remove_days(session, key, days, before=before)
    return len(days) == DAYS_AT_ONCE


async def _before(session: AsyncSession, table: str) -> datetime | None:
    present = await present_cutoffs(session)
    return {READINGS: present.raw, MINUTES: present.minutes, HOURS: present.hours}[table]


def _kept(row: Retention) -> Kept:
    return Kept(row.raw_kept_days, row.minutes_kept_days, row.hours_kept_days)


def _told(kept: Kept) -> dict[str, int | None]:
    return {"raw": kept.raw, "minutes": kept.minutes, "hours": kept.hours}
