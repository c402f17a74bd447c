"""Sensors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.sensors import SensorNotFound
from foodflow.plant.tables.sensors import Sensor

_BREACHES = {"below": -1, "above": 1}
_Breach = Annotated[Literal["below", "above"], AfterValidator(_BREACHES.__getitem__)]

LISTING = Listing(
    key=Sensor.id,
    order="sensor_code",
    filters={
        "line_id": Filter(Sensor.line_id, UUID),
        "sensor_type": Filter(Sensor.sensor_type),
        "is_active": Filter(Sensor.is_active, bool),
        "breach": Filter(Sensor.last_breach, _Breach),
        "last_reading_time": Filter(Sensor.last_reading_time, datetime, ranges=True),
    },
    orderings={
        "sensor_code": Sensor.sensor_code,
        "name": Sensor.name,
        "sensor_type": Sensor.sensor_type,
        "last_reading_time": Sensor.last_reading_time,
        "created_at": Sensor.created_at,
    },
    searches=(Sensor.sensor_code, Sensor.name, Sensor.location),
    export="sensors",
)


def sensors(actor: Actor) -> Select[Sensor]:
    """The sensors that exist for an actor."""
    return on_own_lines(select(Sensor), actor, Sensor.line_id)


async def last_reading_of(session: AsyncSession, line_ids: Sequence[UUID]) -> datetime | None:
    """The latest reading of any sensor of some lines, or None."""
    return await session.scalar(select(func.max(Sensor.last_reading_time)).where(Sensor.line_id.in_(line_ids)))


async def sensors_of_lines(session: AsyncSession, line_ids: Sequence[UUID]) -> Sequence[Sensor]:
    """The sensors in service of some lines, by code."""
    found = select(Sensor).where(Sensor.line_id.in_(line_ids), Sensor.is_active).order_by(Sensor.sensor_code)
    return (await session.scalars(found)).all()


async def sensor(session: AsyncSession, actor: Actor, id: UUID) -> Sensor:
    """A sensor, or a refusal."""
    return await _found(session, actor, await session.get(Sensor, id), str(id))


async def sensor_for_update(session: AsyncSession, actor: Actor, id: UUID) -> Sensor:
    """A sensor as it is now, locked until the transaction ends."""
    found = await session.get(Sensor, id, with_for_update=True, populate_existing=True)
    return await _found(session, actor, found, str(id))


async def sensor_coded(session: AsyncSession, actor: Actor, code: str) -> Sensor:
    """The sensor of a code, or a refusal."""
    found = await session.scalars(select(Sensor).where(Sensor.sensor_code == code))
    return await _found(session, actor, found.first(), code)


async def sensors_coded(session: AsyncSession, codes: Sequence[str]) -> dict[str, Sensor]:
    """Those of the named sensors that the company has, by code, whatever their sites: a code is taken everywhere."""
    found = await session.scalars(select(Sensor).where(Sensor.sensor_code.in_(codes)))
    return {sensor.sensor_code: sensor for sensor in found}


async def _found(session: AsyncSession, actor: Actor, sensor: Sensor | None, wanted: str) -> Sensor:
    if sensor is None or not await is_own_line(session, actor, sensor.line_id):
        raise SensorNotFound(f"there is no sensor {wanted}")
    return sensor
