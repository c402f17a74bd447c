"""Sensors and their readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator
from sqlalchemy import BigInteger, Select, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.sensors import SensorNotFound
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Reading, Sensor

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

# Their first and last time keep PostgreSQL from looking into the partitions of other months.
_CONFLICTS = text(
    "SELECT i.place, r.value FROM incoming_readings AS i JOIN readings AS r"
    " ON r.sensor_key = i.sensor_key AND r.time = i.time"
    " WHERE r.value <> i.value AND r.time BETWEEN :first AND :last ORDER BY i.place"
)
_BESIDE = text(
    "SELECT (SELECT breach FROM readings WHERE sensor_key = :key AND time < :first ORDER BY time DESC LIMIT 1),"
    " (SELECT breach FROM readings WHERE sensor_key = :key AND time > :last ORDER BY time LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one sensor in order of time: microseconds since 1970 (int64), values (float64, NaN where a Bad one
    has none), breaches (int16), statuses (uint32).
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    breaches: NDArray[np.int16]
    statuses: NDArray[np.uint32]


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


async def sensors_for_update(session: AsyncSession, actor: Actor, ids: Sequence[UUID]) -> list[tuple[Sensor, str]]:
    """Sensors, each with the site of its line, locked in the order of their keys, so that two who write the same
    sensors wait and never block each other.
    """
    found = select(Sensor, ProductionLine.plant_name).join(ProductionLine, ProductionLine.id == Sensor.line_id)
    if actor.sites is not None:
        found = found.where(ProductionLine.plant_name.in_(actor.sites))
    locked = found.where(Sensor.id.in_(ids)).order_by(Sensor.key).with_for_update(key_share=True, of=Sensor)
    return [(sensor, site) for sensor, site in await session.execute(locked.execution_options(populate_existing=True))]


async def _found(session: AsyncSession, actor: Actor, sensor: Sensor | None, wanted: str) -> Sensor:
    if sensor is None or not await is_own_line(session, actor, sensor.line_id):
        raise SensorNotFound(f"there is no sensor {wanted}")
    return sensor


async def has_readings(session: AsyncSession, key: int) -> bool:
    """Whether a sensor has any reading."""
    return await session.scalar(select(Reading.sensor_key).where(Reading.sensor_key == key).limit(1)) is not None


async def conflicting_readings(session: AsyncSession, first: datetime, last: datetime) -> list[tuple[int, float]]:
    """Of what waits in `incoming_readings`, all of it from `first` to `last`: place and stored value where another one
    is stored for the same moment.
    """
    return [(row[0], row[1]) for row in await session.execute(_CONFLICTS, {"first": first, "last": last})]


async def breaches_beside(session: AsyncSession, key: int, first: datetime, last: datetime) -> tuple[int, int]:
    """The breaches of the readings just before `first` and just after `last` of a sensor; 0 where there is none."""
    before, after = (await session.execute(_BESIDE, {"key": key, "first": first, "last": last})).one()
    return before or 0, after or 0


async def readings(
    session: AsyncSession, key: int, *, start: datetime | None, end: datetime | None, descending: bool, limit: int
) -> Sequence[Reading]:
    """Up to `limit` readings of a sensor in [start, end)."""
    found = select(Reading).where(Reading.sensor_key == key)
    if start is not None:
        found = found.where(Reading.time >= start)
    if end is not None:
        found = found.where(Reading.time < end)
    order = Reading.time.desc() if descending else Reading.time.asc()
    return (await session.scalars(found.order_by(order).limit(limit))).all()


async def count_readings(session: AsyncSession, key: int, start: datetime, end: datetime, *, at_most: int) -> int:
    """How many readings a sensor has in [start, end), counting no further than one over `at_most`."""
    within = select(Reading.sensor_key).where(Reading.sensor_key == key, Reading.time >= start, Reading.time < end)
    return await session.scalar(select(func.count()).select_from(within.limit(at_most + 1).subquery())) or 0


async def series(session: AsyncSession, key: int, start: datetime, end: datetime) -> Series:
    """All readings of a sensor in [start, end) as columns."""
    micros = cast(func.extract("epoch", Reading.time) * 1_000_000, BigInteger)
    columns = select(micros, Reading.value, Reading.breach)
    within = columns.where(Reading.sensor_key == key, Reading.time >= start, Reading.time < end)
    rows = (await session.execute(within.order_by(Reading.time))).all()
    times = np.array([row[0] for row in rows], np.int64)
    values = np.array([row[1] for row in rows], np.float64)
    return Series(times, values, np.array([row[2] for row in rows], np.int16), all_good(len(rows)))
