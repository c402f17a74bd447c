"""Deeds on batches that are no moves of them: planning, changing and removing them, and what their time came to."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.numerics import oee
from foodflow.plant.events.batches import BatchCreated
from foodflow.plant.queries import batches as queries
from foodflow.plant.queries import costs as cost_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import money_leaks as leak_queries
from foodflow.plant.queries import parameters as parameter_queries
from foodflow.plant.queries import trials as trial_queries
from foodflow.plant.rules.batches import (
    BatchStatus,
    require_changeable,
    require_plan_in_order,
    require_planned,
)
from foodflow.plant.rules.lines import require_active
from foodflow.plant.rules.shared import InUse, Taken
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.usecases import costs, effectiveness

_SECONDS_PER_MINUTE = 60


async def create_batch(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> ProductionBatch:
    """Plan a batch on a line."""
    line = await line_queries.line_for_reference(session, actor, fields["line_id"])
    require_active(is_active=line.is_active, number=line.line_number)
    require_plan_in_order(fields.get("planned_start_time"), fields.get("planned_end_time"))
    now = clock.now()
    batch = ProductionBatch(id=clock.new_id(), status=BatchStatus.PLANNED, created_at=now, updated_at=now, **fields)
    batch.good_quantity = batch.scrap_quantity = batch.rework_quantity = Decimal(0)
    if batch.unit_cost is not None:
        batch.currency = await costs.currency(session)
    async with unless_taken(session, Taken(f"there is a batch {batch.batch_number} already")):
        session.add(batch)
    audit.record(session, actor, "batch.created", batch.id, number=batch.batch_number)
    planned: dict[str, Any] = {"product_code": batch.product_code, "target_quantity": float(batch.target_quantity)}
    events.tell(session, BatchCreated(**named(batch, line), **planned))
    return batch


async def change_batch(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> ProductionBatch:
    """Change what is known of a batch until it is over; its state and quantities have deeds of their own."""
    batch = await queries.batch_for_update(session, actor, id)
    require_match(session, batch)
    require_changeable(batch.status, number=batch.batch_number)
    for name, value in changes.items():
        setattr(batch, name, value)
    require_plan_in_order(batch.planned_start_time, batch.planned_end_time)
    batch.updated_at = clock.now()
    if changes.get("unit_cost") is not None:
        batch.currency = await costs.currency(session)
    if "unit_cost" in changes:
        await costs.add_up_scrap(session, batch)
    audit.record(session, actor, "batch.changed", batch.id, **changes)
    return batch


async def delete_batch(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a planned batch of which nothing is recorded; its recipe goes with it."""
    batch = await queries.batch_for_update(session, actor, id)
    require_match(session, batch)
    require_planned(batch.status, number=batch.batch_number)
    if await cost_queries.has_costs(session, id) or await trial_queries.is_tried(session, id):
        raise InUse(f"batch {batch.batch_number} has costs or belongs to a trial; cancel it instead")
    if await leak_queries.has_leaks(session, batch_id=id):
        raise InUse(f"batch {batch.batch_number} is named by a money leak; cancel it instead")
    for parameter in await parameter_queries.parameters(session, id):
        await session.delete(parameter)
    await session.flush()
    audit.record(session, actor, "batch.deleted", batch.id, number=batch.batch_number)
    await session.delete(batch)


def named(batch: ProductionBatch, line: ProductionLine) -> dict[str, Any]:
    """What every event of a batch says of it."""
    told = {"batch_id": batch.id, "batch_number": batch.batch_number}
    return {**told, "line_id": line.id, "plant_name": line.plant_name}


async def elements_of_batch(session: AsyncSession, batch: ProductionBatch) -> oee.Elements:
    """What the effectiveness of a batch is made of: all the time in which it had its line (until now, while it has),
    and what was made in it.
    """
    now = clock.now()
    parts = [
        (await effectiveness.measured(session, batch.line_id, run.start_time, run.end_time or now)).elements
        for run in await queries.runs(session, batch.id)
        if (run.end_time or now) > run.start_time
    ]
    return oee.combine(parts)


async def measure_batch(session: AsyncSession, actor: Actor, id: UUID) -> ProductionBatch:
    """Store the effectiveness of a completed batch over its own time, with the version of the formula; safe to
    repeat.
    """
    batch = await queries.batch_for_update(session, actor, id)
    if batch.status == BatchStatus.COMPLETED:
        elements = await elements_of_batch(session, batch)
        ratios = oee.oee(elements)
        batch.availability, batch.performance = ratios.availability, ratios.performance
        batch.quality, batch.oee, batch.oee_version = ratios.quality, ratios.oee, oee.VERSION
        batch.average_speed = average_speed(elements)
        batch.planned_downtime_minutes = planned_downtime(elements)
        batch.unplanned_downtime_minutes = unplanned_downtime(elements)
    return batch


def average_speed(elements: oee.Elements) -> float | None:
    """Items per minute of production time; None where the line did not run."""
    minutes = elements.apt / _SECONDS_PER_MINUTE
    return float(elements.produced) / minutes if minutes else None


def planned_downtime(elements: oee.Elements) -> float:
    """Minutes of maintenance and changeover: scheduled downtime (SEMI E10)."""
    return (elements.time.maintenance + elements.time.changeover).total_seconds() / _SECONDS_PER_MINUTE


def unplanned_downtime(elements: oee.Elements) -> float:
    """Minutes in which the line was down: unscheduled downtime (SEMI E10)."""
    return elements.time.downtime.total_seconds() / _SECONDS_PER_MINUTE
