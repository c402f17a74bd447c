"""Deeds on batches: planning, starting, completing, and what their time came to."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.plant.events.batches import BatchCompleted, BatchCreated, BatchStarted
from foodflow.plant.queries import batches as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.rules.batches import (
    BatchStatus,
    require_after_counts,
    require_after_start,
    require_changeable,
    require_in_progress,
    require_plan_in_order,
    require_startable,
)
from foodflow.plant.rules.lines import LineBusy, require_active, require_free
from foodflow.plant.rules.shared import Taken, require_recordable
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.usecases import effectiveness, states


async def create_batch(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> ProductionBatch:
    """Plan a batch on a line."""
    line = await line_queries.line_for_reference(session, actor, fields["line_id"])
    require_active(is_active=line.is_active, number=line.line_number)
    require_plan_in_order(fields.get("planned_start_time"), fields.get("planned_end_time"))
    now = clock.now()
    batch = ProductionBatch(id=clock.new_id(), status=BatchStatus.PLANNED, created_at=now, updated_at=now, **fields)
    batch.good_quantity = batch.scrap_quantity = Decimal(0)
    async with unless_taken(session, Taken(f"there is a batch {batch.batch_number} already")):
        session.add(batch)
    audit.record(session, actor, "batch.created", batch.id, number=batch.batch_number)
    planned: dict[str, Any] = {"product_code": batch.product_code, "target_quantity": float(batch.target_quantity)}
    events.tell(session, BatchCreated(**_named(batch, line), **planned))
    return batch


async def change_batch(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> ProductionBatch:
    """Change what is known of a batch until it is completed; its state and quantities have deeds of their own."""
    batch = await queries.batch_for_update(session, actor, id)
    require_match(session, batch)
    require_changeable(batch.status, number=batch.batch_number)
    for name, value in changes.items():
        setattr(batch, name, value)
    require_plan_in_order(batch.planned_start_time, batch.planned_end_time)
    batch.updated_at = clock.now()
    audit.record(session, actor, "batch.changed", batch.id, **changes)
    return batch


async def start_batch(session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None) -> ProductionBatch:
    """Start a planned batch on its line, which runs since `at` (now)."""
    line = await line_queries.line_for_update(session, actor, (await queries.batch(session, actor, id)).line_id)
    batch = await queries.batch_for_update(session, actor, id)
    require_match(session, batch)
    require_startable(batch.status, number=batch.batch_number)
    require_active(is_active=line.is_active, number=line.line_number)
    require_free(line.current_batch_id, number=line.line_number)
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    await _require_unoccupied(session, line, moment, moment + timedelta(microseconds=1))
    batch.status, batch.actual_start_time, batch.updated_at = BatchStatus.IN_PROGRESS, moment, now
    line.current_batch_id = batch.id
    await states.enter_running(session, actor, line, at=moment)
    audit.record(session, actor, "batch.started", batch.id, number=batch.batch_number)
    events.tell(session, BatchStarted(**_named(batch, line)))
    return batch


async def complete_batch(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None
) -> ProductionBatch:
    """Complete a batch in progress at `at` (now); a line that was running then is idle since, any other state stays."""
    line = await line_queries.line_for_update(session, actor, (await queries.batch(session, actor, id)).line_id)
    batch = await queries.batch_for_update(session, actor, id)
    require_match(session, batch)
    require_in_progress(batch.status, number=batch.batch_number)
    now = clock.now()
    counted = await queries.last_counted(session, batch.id)
    moment = at or max(now, counted or now)  # another process, which counted, may be a moment ahead
    require_recordable(moment, now)
    require_after_start(moment, batch.actual_start_time, number=batch.batch_number)
    require_after_counts(moment, counted, number=batch.batch_number)
    await _require_unoccupied(session, line, batch.actual_start_time or moment, moment)
    batch.status, batch.actual_end_time, batch.updated_at = BatchStatus.COMPLETED, moment, now
    await states.enter_idle(session, actor, line, at=moment)
    line.current_batch_id = None
    audit.record(session, actor, "batch.completed", batch.id, number=batch.batch_number)
    made: dict[str, Any] = {"good_quantity": float(batch.good_quantity), "scrap_quantity": float(batch.scrap_quantity)}
    events.tell(session, BatchCompleted(**_named(batch, line), **made))
    return batch


def _named(batch: ProductionBatch, line: ProductionLine) -> dict[str, Any]:
    """What every event of a batch says of it."""
    named = {"batch_id": batch.id, "batch_number": batch.batch_number}
    return {**named, "line_id": line.id, "plant_name": line.plant_name}


async def _require_unoccupied(session: AsyncSession, line: ProductionLine, start: datetime, end: datetime) -> None:
    """A line makes one batch at a time, in what is recorded late too: else two of them would count the same items."""
    for other in await queries.completed_between(session, line.id, start, end):
        raise LineBusy(
            f"line {line.line_number} made batch {other.batch_number} from"
            f" {other.actual_start_time:%Y-%m-%dT%H:%M:%SZ} to {other.actual_end_time:%Y-%m-%dT%H:%M:%SZ}"
        )


async def measure_batch(session: AsyncSession, actor: Actor, id: UUID) -> ProductionBatch:
    """Store the effectiveness of a completed batch over its own time, with the version of the formula; safe to
    repeat.
    """
    batch = await queries.batch_for_update(session, actor, id)
    if batch.actual_start_time is not None and batch.actual_end_time is not None:
        result = await effectiveness.measured(session, batch.line_id, batch.actual_start_time, batch.actual_end_time)
        batch.availability, batch.performance = result.ratios.availability, result.ratios.performance
        batch.quality, batch.oee, batch.oee_version = result.ratios.quality, result.ratios.oee, result.version
    return batch
