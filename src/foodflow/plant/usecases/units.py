"""Units of what is read back."""

import asyncio
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries import sensors as queries
from foodflow.plant.rules.units import UNCHANGED, Conversion, conversion, require_unit


async def told_in(session: AsyncSession, actor: Actor, sensor_id: UUID, unit: str | None) -> Conversion:
    """How a sensor's values are told in a unit (None: in its own)."""
    if unit is None:
        return UNCHANGED
    sensor = await queries.sensor(session, actor, sensor_id)
    return await asyncio.to_thread(_conversion, sensor.unit_of_measure, unit)


def _conversion(of: str, to: str) -> Conversion:
    if of != to:
        require_unit(to, field="unit")
    return conversion(of, to)
