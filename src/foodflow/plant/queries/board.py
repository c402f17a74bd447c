"""What a board of many lines and sensors shows, each question asked once for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.numerics.oee import Amount
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import ProductionLine


async def amounts_of(
    session: AsyncSession, line_ids: Sequence[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Amount]]:
    """What each line made in (start, end], summed per ideal speed."""
    count = ProductionCount
    sums = (func.sum(count.good), func.sum(count.scrap), func.sum(count.rework))
    within = select(count.line_id, count.ideal_speed, *sums).where(
        count.line_id.in_(line_ids), count.at > start, count.at <= end
    )
    found: defaultdict[UUID, list[Amount]] = defaultdict(list)
    for line_id, speed, good, scrap, rework in await session.execute(within.group_by(count.line_id, count.ideal_speed)):
        found[line_id].append(Amount(good=good, scrap=scrap, rework=rework, ideal_rate=speed))
    return found


async def batches_in_progress(session: AsyncSession, line_ids: Sequence[UUID]) -> dict[UUID, ProductionBatch]:
    """The batch that each line is making, or that is held on it, by line."""
    batch, line = ProductionBatch, ProductionLine
    found = select(batch).join(line, line.current_batch_id == batch.id).where(line.id.in_(line_ids))
    return {batch.line_id: batch for batch in await session.scalars(found)}
