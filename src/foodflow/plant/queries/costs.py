"""What batches cost, and what the company reckons with."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries.batches import batch
from foodflow.plant.queries.scrap import costed_scrap
from foodflow.plant.rules.batches import BatchNotFound
from foodflow.plant.rules.costs import CostKind, CostNotFound
from foodflow.plant.tables.costs import BatchCost, PlantSettings
from foodflow.plant.tables.money_leaks import MoneyLeak


async def settings(session: AsyncSession) -> PlantSettings | None:
    """What the company's plants reckon with, or None before anybody has said."""
    return await session.get(PlantSettings, 1)


async def settings_for_update(session: AsyncSession) -> PlantSettings | None:
    """The same as it is now, locked until the transaction ends."""
    return await session.get(PlantSettings, 1, with_for_update=True, populate_existing=True)


async def settings_for_reference(session: AsyncSession) -> PlantSettings | None:
    """The same, locked so that its currency stays until the transaction has stored an amount in it."""
    return await session.get(PlantSettings, 1, with_for_update={"read": True}, populate_existing=True)


async def has_amounts(session: AsyncSession) -> bool:
    """Whether any amount of money is recorded, whatever for."""
    for amount in (BatchCost.id, MoneyLeak.id):
        if await session.scalar(select(amount).limit(1)) is not None:
            return True
    return bool(await costed_scrap(session))


async def costs_of(session: AsyncSession, batch_id: UUID) -> Sequence[BatchCost]:
    """What a batch cost, in the order in which it was recorded."""
    found = select(BatchCost).where(BatchCost.batch_id == batch_id)
    return (await session.scalars(found.order_by(BatchCost.recorded_at, BatchCost.id))).all()


async def sums_of(session: AsyncSession, batch_id: UUID) -> dict[CostKind, Decimal]:
    """What a batch cost by kind, of which anything is known."""
    sums = select(BatchCost.kind, func.sum(BatchCost.amount)).where(BatchCost.batch_id == batch_id)
    return {CostKind(kind): amount for kind, amount in await session.execute(sums.group_by(BatchCost.kind))}


async def has_costs(session: AsyncSession, batch_id: UUID) -> bool:
    """Whether anything is recorded of what a batch cost."""
    return await session.scalar(select(BatchCost.id).where(BatchCost.batch_id == batch_id).limit(1)) is not None


async def cost(session: AsyncSession, actor: Actor, id: UUID) -> BatchCost:
    """A cost of a batch that exists for an actor, or a refusal."""
    found = await session.get(BatchCost, id)
    if found is not None:
        try:
            await batch(session, actor, found.batch_id)
        except BatchNotFound:
            found = None
    if found is None:
        raise CostNotFound(f"there is no cost {id}")
    return found
