"""What lines, batches, sensors and alarms say of whoever recorded them or did something about them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.tables.alarms import AlarmDeed
from foodflow.plant.tables.batches import BatchMove, ProductionCount
from foodflow.plant.tables.calibrations import Calibration
from foodflow.plant.tables.costs import BatchCost
from foodflow.plant.tables.lines import LineStateChange
from foodflow.plant.tables.money_leaks import MoneyLeak
from foodflow.plant.tables.parameters import BatchActual


async def states_recorded_by(session: AsyncSession, recorder: str) -> Sequence[LineStateChange]:
    """The states that somebody recorded, in their order."""
    found = select(LineStateChange).where(LineStateChange.recorded_by == recorder)
    return (await session.scalars(found.order_by(LineStateChange.at, LineStateChange.line_id))).all()


async def counts_recorded_by(session: AsyncSession, recorder: str) -> Sequence[ProductionCount]:
    """The counts that somebody recorded, in their order."""
    found = select(ProductionCount).where(ProductionCount.recorded_by == recorder)
    return (await session.scalars(found.order_by(ProductionCount.at, ProductionCount.id))).all()


async def moves_recorded_by(session: AsyncSession, recorder: str) -> Sequence[BatchMove]:
    """The moves of batches that somebody recorded, in their order."""
    found = select(BatchMove).where(BatchMove.recorded_by == recorder)
    return (await session.scalars(found.order_by(BatchMove.at, BatchMove.batch_id, BatchMove.number))).all()


async def actuals_recorded_by(session: AsyncSession, recorder: str) -> Sequence[BatchActual]:
    """The values that somebody noted down, in their order."""
    found = select(BatchActual).where(BatchActual.recorded_by == recorder)
    return (await session.scalars(found.order_by(BatchActual.at, BatchActual.id))).all()


async def costs_recorded_by(session: AsyncSession, recorder: str) -> Sequence[BatchCost]:
    """The costs that somebody recorded, in their order."""
    found = select(BatchCost).where(BatchCost.recorded_by == recorder)
    return (await session.scalars(found.order_by(BatchCost.recorded_at, BatchCost.id))).all()


async def leaks_recorded_by(session: AsyncSession, recorder: str) -> Sequence[MoneyLeak]:
    """The money leaks that somebody entered, in their order."""
    found = select(MoneyLeak).where(MoneyLeak.recorded_by == recorder)
    return (await session.scalars(found.order_by(MoneyLeak.created_at, MoneyLeak.id))).all()


async def calibrations_recorded_by(session: AsyncSession, recorder: str) -> Sequence[Calibration]:
    """The calibrations that somebody recorded, in their order."""
    found = select(Calibration).where(Calibration.recorded_by == recorder)
    return (await session.scalars(found.order_by(Calibration.at, Calibration.id))).all()


async def alarm_deeds_by(session: AsyncSession, recorder: str) -> Sequence[AlarmDeed]:
    """What somebody did about alarms, in their order."""
    found = select(AlarmDeed).where(AlarmDeed.by == recorder)
    return (await session.scalars(found.order_by(AlarmDeed.at, AlarmDeed.id))).all()
