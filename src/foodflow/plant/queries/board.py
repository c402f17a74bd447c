"""What a board of many lines and sensors shows, each question asked once for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.numerics.intervals import StateChange
from foodflow.numerics.oee import Amount
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import LineStateChange, ProductionLine


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
