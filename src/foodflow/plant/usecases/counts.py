"""Deeds on counts: recording what a line makes."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, live
from foodflow.kernel.actor import Actor
from foodflow.plant.events.shared import READ
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as queries
from foodflow.plant.rules.batches import BatchNotInProgress, require_after_start, require_in_progress
from foodflow.plant.rules.shared import (
    require_recordable,
)
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import ProductionLine

_MICROSECOND = timedelta(microseconds=1)


async def record_count(  # noqa: PLR0913 - what was made, when, of which batch, and why some was scrapped
    session: AsyncSession,
    actor: Actor,
    line_id: UUID,
    *,
    good: Decimal,
    scrap: Decimal,
    at: datetime | None = None,
    batch_id: UUID | None = None,
    scrap_reason: str = "",
) -> ProductionCount:
    """Record what a line made up to `at` since the last report; it belongs to the batch in progress, if that had begun.

    Refused for a batch that is completed, named or by its time: what it made is final.
    """
    line = await queries.line_for_update(session, actor, line_id)
    now = clock.now()
    require_recordable(at or now, now)
    moment = min(at or now, now)  # by a clock that is a little fast: nothing is made in the future
    batch = await _batch_of_count(session, actor, line, named=batch_id, at=moment)
    count = ProductionCount(id=clock.new_id(), line_id=line.id, at=moment, good=good, scrap=scrap, recorded_by=actor.id)
    count.scrap_reason, count.ideal_speed = scrap_reason, line.design_speed
    if batch is not None:
        count.batch_id = batch.id
        count.ideal_speed = batch.target_speed or line.design_speed
        batch.good_quantity += good
        batch.scrap_quantity += scrap
    session.add(count)
    made = {"good": good, "scrap": scrap, "at": moment.isoformat(), "batch": count.batch_id}
    audit.record(session, actor, "line.counted", line.id, **made)
    topic, site = f"plant.line/{line.id}", line.plant_name
    live.publish(session, topic=topic, type="plant.line.counted", needs=READ, data={}, site=site)
    return count


async def _batch_of_count(
    session: AsyncSession, actor: Actor, line: ProductionLine, *, named: UUID | None, at: datetime
) -> ProductionBatch | None:
    if named is not None:
        return await _named_batch(session, actor, line, named, at=at)
    if line.current_batch_id is not None:
        batch = await batch_queries.batch_for_update(session, actor, line.current_batch_id)
        if batch.actual_start_time is not None and at > batch.actual_start_time:
            return batch
    for made in await batch_queries.completed_between(session, line.id, at - _MICROSECOND, at):
        raise BatchNotInProgress(
            f"at {at.isoformat()} line {line.line_number} made batch {made.batch_number}, which is completed"
        )
    return None


async def _named_batch(
    session: AsyncSession, actor: Actor, line: ProductionLine, id: UUID, *, at: datetime
) -> ProductionBatch:
    batch = await batch_queries.batch_for_update(session, actor, id)
    if batch.line_id != line.id:
        raise BatchNotInProgress(f"batch {batch.batch_number} is not made on line {line.line_number}")
    require_in_progress(batch.status, number=batch.batch_number)
    require_after_start(at, batch.actual_start_time, number=batch.batch_number)
    return batch
