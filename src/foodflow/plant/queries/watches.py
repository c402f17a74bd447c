"""How sensors, and types of them, are watched."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.tables.watches import Watch, WatchDefault


async def own(session: AsyncSession, sensor_id: UUID) -> Watch | None:
    """What was said of how to watch a sensor, if anything was."""
    return await session.get(Watch, sensor_id)


async def own_for_update(session: AsyncSession, sensor: Sensor) -> Watch | None:
    """The same of a sensor that the caller has locked, as it is now."""
    return await session.get(Watch, sensor.id, with_for_update=True, populate_existing=True)


async def of_type(session: AsyncSession, sensor_type: str) -> WatchDefault | None:
    """What a company said of how to watch its sensors of a type, if anything was."""
    return await session.get(WatchDefault, sensor_type.lower())


async def of_type_for_update(session: AsyncSession, sensor_type: str) -> WatchDefault | None:
    """The same, locked."""
    return await session.get(WatchDefault, sensor_type.lower(), with_for_update=True, populate_existing=True)


async def sensors_of_type_for_update(session: AsyncSession, sensor_type: str) -> Sequence[Sensor]:
    """All sensors of a type, whatever their sites, locked in the order of their keys."""
    found = select(Sensor).where(func.lower(Sensor.sensor_type) == sensor_type.lower()).order_by(Sensor.key)
    return (
        await session.scalars(found.with_for_update(key_share=True).execution_options(populate_existing=True))
    ).all()


async def sites_of_type(session: AsyncSession, sensor_type: str) -> set[str]:
    """The sites at which there are sensors of a type."""
    of_type = select(ProductionLine.plant_name).join(Sensor, Sensor.line_id == ProductionLine.id)
    found = of_type.where(func.lower(Sensor.sensor_type) == sensor_type.lower()).distinct()
    return set((await session.scalars(found)).all())


async def own_of(session: AsyncSession, sensor_ids: Sequence[UUID]) -> dict[UUID, Watch]:
    """What was said of some sensors, by sensor."""
    found = await session.scalars(select(Watch).where(Watch.sensor_id.in_(sensor_ids)))
    return {watch.sensor_id: watch for watch in found}
