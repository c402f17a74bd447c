"""Set points of batches, and the values that were noted down."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.rules.parameters import ParameterNotFound
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.parameters import BatchActual, BatchParameter


async def parameters(session: AsyncSession, batch_id: UUID) -> Sequence[BatchParameter]:
    """A batch's parameters, by code."""
    found = select(BatchParameter).where(BatchParameter.batch_id == batch_id)
    return (await session.scalars(found.order_by(BatchParameter.code))).all()


async def parameter(session: AsyncSession, batch: ProductionBatch, code: str) -> BatchParameter:
    """The parameter of a code, or a refusal."""
    found = select(BatchParameter).where(BatchParameter.batch_id == batch.id, BatchParameter.code == code)
    parameter = (await session.scalars(found)).first()
    if parameter is None:
        raise ParameterNotFound(f"batch {batch.batch_number} has no parameter {code}")
    return parameter


async def actuals(session: AsyncSession, batch_id: UUID) -> dict[UUID, list[BatchActual]]:
    """What was noted down of a batch's parameters, in order of time, by parameter."""
    found = select(BatchActual).join(BatchParameter).where(BatchParameter.batch_id == batch_id)
    noted: defaultdict[UUID, list[BatchActual]] = defaultdict(list)
    for actual in await session.scalars(found.order_by(BatchActual.at, BatchActual.id)):
        noted[actual.parameter_id].append(actual)
    return noted
