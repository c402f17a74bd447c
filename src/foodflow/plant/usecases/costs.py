"""Deeds on what batches cost, and on what the company reckons with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.money import require_currency, rounded
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.batch_costs import Costs, labour_amount, per_item
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import costs as queries
from foodflow.plant.queries import scrap as scrap_queries
from foodflow.plant.rules.costs import CostKind, require_known, require_rate, require_same_currency
from foodflow.plant.rules.shared import Taken
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.costs import BatchCost, PlantSettings


@dataclass(frozen=True, slots=True)
class BatchCosts:
    """What a batch cost, in all and for each good item; `scrap_uncosted` scrapped items are of unknown cost."""

    batch: ProductionBatch
    currency: str | None
    costs: Costs
    per_good_item: Decimal | None
    scrap_uncosted: Decimal
    lines: Sequence[BatchCost]


async def change_settings(session: AsyncSession, actor: Actor, fields: Mapping[str, Any]) -> PlantSettings:
    """Say in which currency the company reckons, and what an hour of one person costs by default.

    The currency cannot change once an amount is recorded.
    """
    require_currency(fields["currency"])
    settings = await queries.settings_for_update(session)
    if settings is None:
        settings = PlantSettings(id=1, updated_at=clock.now(), **fields)
        async with unless_taken(session, Taken("somebody else has just said so; look at it again")):
            session.add(settings)
    else:
        require_match(session, settings)
        used = settings.currency != fields["currency"] and await queries.has_amounts(session)
        require_same_currency(settings.currency, fields["currency"], is_used=used)
        settings.currency, settings.labour_rate = fields["currency"], fields["labour_rate"]
        settings.updated_at = clock.now()
    audit.record(session, actor, "plant_settings.changed", "plant", **fields)
    return settings


async def currency(session: AsyncSession) -> str:
    """The company's currency, which stays until the transaction has stored an amount in it; refused where there is
    none.
    """
    settings = await queries.settings_for_reference(session)
    return require_known(settings.currency if settings else None)


async def record_labour(  # noqa: PLR0913 - whose minutes at which rate, or what they came to
    session: AsyncSession,
    actor: Actor,
    batch_id: UUID,
    *,
    description: str,
    minutes: Decimal | None,
    people: Decimal,
    rate: Decimal | None,
    amount: Decimal | None,
) -> BatchCost:
    """Record what people cost: minutes × people × the rate of an hour (by default that of the settings), or a typed
    amount.
    """
    batch = await batch_queries.batch_for_update(session, actor, batch_id)
    settings = await queries.settings_for_reference(session)
    money = require_known(settings.currency if settings else None)
    cost = BatchCost(id=clock.new_id(), kind=CostKind.LABOUR, description=description, unit="min", people=people)
    if amount is None:
        cost.quantity = minutes or Decimal(0)
        cost.unit_cost = require_rate(rate if rate is not None else settings.labour_rate if settings else None)
        amount = labour_amount(minutes=cost.quantity, people=people, rate=cost.unit_cost)
    else:
        cost.quantity, cost.unit_cost = minutes, None
    cost.amount = rounded(amount, money)
    return await _record(session, actor, batch, cost)


async def record_material(  # noqa: PLR0913 - what went into a batch, how much of it, and at what price
    session: AsyncSession,
    actor: Actor,
    batch_id: UUID,
    *,
    description: str,
    quantity: Decimal,
    unit: str,
    unit_cost: Decimal,
) -> BatchCost:
    """Record what material cost: quantity × unit cost."""
    batch = await batch_queries.batch_for_update(session, actor, batch_id)
    money = await currency(session)
    cost = BatchCost(id=clock.new_id(), kind=CostKind.MATERIAL, description=description, unit=unit, people=None)
    cost.quantity, cost.unit_cost, cost.amount = quantity, unit_cost, rounded(quantity * unit_cost, money)
    return await _record(session, actor, batch, cost)


async def remove_cost(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Take out a cost that was recorded wrongly; the audit trail keeps what it was."""
    cost = await queries.cost(session, actor, id)
    batch = await batch_queries.batch_for_update(session, actor, cost.batch_id)
    was = {"kind": cost.kind, "description": cost.description, "amount": cost.amount}
    audit.record(session, actor, "batch.cost_removed", batch.id, cost=cost.id, **was)
    await session.delete(cost)
    await session.flush()
    await add_up(session, batch)


async def costs_of(session: AsyncSession, actor: Actor, batch_id: UUID) -> BatchCosts:
    """What a batch cost by kind, in all and for each good item; null where nothing is known."""
    batch = await batch_queries.batch(session, actor, batch_id)
    settings = await queries.settings(session)
    found = Costs(labour=batch.labor_cost, material=batch.material_cost, scrap=batch.scrap_cost)
    _, uncosted = await scrap_queries.cost_of_batch(session, batch.id)
    each = per_item(found.total, batch.good_quantity)
    lines = await queries.costs_of(session, batch.id)
    return BatchCosts(batch, settings.currency if settings else None, found, each, uncosted, lines)


async def add_up(session: AsyncSession, batch: ProductionBatch) -> None:
    """Add up what a batch, which the caller has locked, cost; None where nothing is known of a kind."""
    sums = await queries.sums_of(session, batch.id)
    batch.labor_cost, batch.material_cost = sums.get(CostKind.LABOUR), sums.get(CostKind.MATERIAL)
    if sums:
        batch.currency = await currency(session)
    await add_up_scrap(session, batch)


async def add_up_scrap(session: AsyncSession, batch: ProductionBatch) -> None:
    """Add up what the scrap of a batch, which the caller has locked, cost."""
    await session.flush()
    cost, _ = await scrap_queries.cost_of_batch(session, batch.id)
    if cost is not None:
        batch.currency = await currency(session)
    batch.scrap_cost = rounded(cost, batch.currency) if cost is not None and batch.currency else cost


async def _record(session: AsyncSession, actor: Actor, batch: ProductionBatch, cost: BatchCost) -> BatchCost:
    cost.batch_id, cost.recorded_by, cost.recorded_at = batch.id, actor.id, clock.now()
    session.add(cost)
    await session.flush()
    await add_up(session, batch)
    kept = {"kind": cost.kind, "description": cost.description, "amount": cost.amount}
    audit.record(session, actor, "batch.cost_recorded", batch.id, **kept)
    return cost
