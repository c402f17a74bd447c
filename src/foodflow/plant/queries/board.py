"""What a board of many lines and sensors shows, each question asked once for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy import func, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.bulk import POSTGRES_EPOCH
from foodflow.numerics.intervals import StateChange
from foodflow.numerics.oee import Amount
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries.sensors import Series
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import LineStateChange, ProductionLine

Window = tuple[int, datetime, datetime]
"""A sensor's key, and from when to when (both included)."""

# A sensor's readings come as three packed columns in one row, because a million rows of Python objects take seconds.
# The newest come first, so that a limit keeps those.
_SERIES = text("""
SELECT w.key, r.times, r.values, r.breaches
FROM unnest(CAST(:keys AS int[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS w (key, first, last)
CROSS JOIN LATERAL (
    SELECT string_agg(timestamptz_send(n.time), ''::bytea) AS times,
           string_agg(float8send(n.value), ''::bytea) AS values,
           string_agg(int2send(n.breach), ''::bytea) AS breaches
    FROM (
        SELECT time, value, breach FROM readings
        WHERE sensor_key = w.key AND time BETWEEN w.first AND w.last
        ORDER BY time DESC LIMIT :most
    ) AS n
) AS r
""")


async def state_changes_of(
    session: AsyncSession, line_ids: Sequence[UUID], start: datetime, end: datetime
) -> dict[UUID, list[StateChange]]:
    """Of each line the changes within (start, end) in order, and before them the one that holds at `start`."""
    change = LineStateChange
    columns = (change.line_id, change.at, change.state, change.reason)
    holding = select(*columns).where(change.line_id == ProductionLine.id, change.at <= start)
    latest = holding.order_by(change.at.desc()).limit(1).correlate(ProductionLine).lateral()
    before = select(*latest.c).select_from(ProductionLine).join(latest, true()).where(ProductionLine.id.in_(line_ids))
    within = select(*columns).where(change.line_id.in_(line_ids), change.at > start, change.at < end)
    rows = await session.execute(union_all(before, within).order_by("line_id", "at"))
    found: defaultdict[UUID, list[StateChange]] = defaultdict(list)
    for line_id, at, state, reason in rows:
        found[line_id].append(StateChange(at, state, reason or None))
    return found


async def amounts_of(
    session: AsyncSession, line_ids: Sequence[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Amount]]:
    """What each line made in (start, end], summed per ideal speed."""
    count = ProductionCount
    within = select(count.line_id, count.ideal_speed, func.sum(count.good), func.sum(count.scrap)).where(
        count.line_id.in_(line_ids), count.at > start, count.at <= end
    )
    found: defaultdict[UUID, list[Amount]] = defaultdict(list)
    for line_id, speed, good, scrap in await session.execute(within.group_by(count.line_id, count.ideal_speed)):
        found[line_id].append(Amount(good=good, scrap=scrap, ideal_rate=speed))
    return found


async def batches_in_progress(session: AsyncSession, line_ids: Sequence[UUID]) -> dict[UUID, ProductionBatch]:
    """The batch that each line is making, by line."""
    batch = ProductionBatch
    found = select(batch).where(batch.line_id.in_(line_ids), batch.status == BatchStatus.IN_PROGRESS)
    return {batch.line_id: batch for batch in await session.scalars(found)}


async def series_of(session: AsyncSession, windows: Sequence[Window], *, most: int) -> dict[int, Series]:
    """The readings of each sensor within its window, the newest `most` of them, by the sensor's key."""
    keys, starts, ends = ([window[place] for window in windows] for place in range(3))
    rows = await session.execute(_SERIES, {"keys": keys, "starts": starts, "ends": ends, "most": most})
    return {key: _unpacked(times, values, breaches) for key, times, values, breaches in rows}


def _unpacked(times: bytes | None, values: bytes | None, breaches: bytes | None) -> Series:
    """Columns as PostgreSQL sends them (big-endian, newest first) as a series in order of time."""
    series = Series(
        np.frombuffer(times or b"", ">i8")[::-1].astype(np.int64) + POSTGRES_EPOCH,
        np.frombuffer(values or b"", ">f8")[::-1].astype(np.float64),
        np.frombuffer(breaches or b"", ">i2")[::-1].astype(np.int16),
        all_good(len(times or b"") // 8),
    )
    if (np.diff(series.times) > 0).all():
        return series
    # An aggregate takes its rows in the order of its subquery, but nothing in the standard promises it.
    order = np.argsort(series.times)
    return Series(series.times[order], series.values[order], series.breaches[order], series.statuses[order])
