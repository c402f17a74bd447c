"""What lines, counts and states say of whoever recorded them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.tables.batches import ProductionCount
from foodflow.plant.tables.calibrations import Calibration
from foodflow.plant.tables.lines import LineStateChange


async def states_recorded_by(session: AsyncSession, recorder: str) -> Sequence[LineStateChange]:
    """The states that somebody recorded, in their order."""
    found = select(LineStateChange).where(LineStateChange.recorded_by == recorder)
    return (await session.scalars(found.order_by(LineStateChange.at, LineStateChange.line_id))).all()


async def counts_recorded_by(session: AsyncSession, recorder: str) -> Sequence[ProductionCount]:
    """The counts that somebody recorded, in their order."""
    found = select(ProductionCount).where(ProductionCount.recorded_by == recorder)
    return (await session.scalars(found.order_by(ProductionCount.at, ProductionCount.id))).all()


async def calibrations_recorded_by(session: AsyncSession, recorder: str) -> Sequence[Calibration]:
    """The calibrations that somebody recorded, in their order."""
    found = select(Calibration).where(Calibration.recorded_by == recorder)
    return (await session.scalars(found.order_by(Calibration.at, Calibration.id))).all()
