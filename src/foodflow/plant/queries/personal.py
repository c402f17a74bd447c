"""What lines, counts, states and alarms say of whoever recorded them or did something about them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.tables.alarms import AlarmDeed
from foodflow.plant.tables.batches import ProductionCount
from foodflow.plant.tables.lines import LineStateChange


async def states_recorded_by(session: AsyncSession, recorder: str) -> Sequence[LineStateChange]:
    """The states that somebody recorded, in their order."""
    found = select(LineStateChange).where(LineStateChange.recorded_by == recorder)
    return (await session.scalars(found.order_by(LineStateChange.at, LineStateChange.line_id))).all()


async def counts_recorded_by(session: AsyncSession, recorder: str) -> Sequence[ProductionCount]:
    """The counts that somebody recorded, in their order."""
    found = select(ProductionCount).where(ProductionCount.recorded_by == recorder)
    return (await session.scalars(found.order_by(ProductionCount.at, ProductionCount.id))).all()


async def alarm_deeds_by(session: AsyncSession, recorder: str) -> Sequence[AlarmDeed]:
    """What somebody did about alarms, in their order."""
    found = select(AlarmDeed).where(AlarmDeed.by == recorder)
    return (await session.scalars(found.order_by(AlarmDeed.at, AlarmDeed.id))).all()
