"""The ways in: readings as they were sent; sensors may be named by code, and values may be in other units."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Invalid
from foodflow.plant.queries import sensors as queries
from foodflow.plant.rules.sensors import MAX_LISTED, unknown_sensors
from foodflow.plant.rules.units import conversion, require_unit
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.readings import Columns, Stored, store_readings

_ROW: Final = re.compile(r"readings\.([0-9]+)\.(\w+)")
Place = Callable[[int, str], str]
"""Where a body holds a cell of a row: what a refusal names."""


@dataclass(frozen=True, slots=True)
class Named:
    """A sensor as a body names it, by its id or (a text) by its code, and the unit of its values where that is said."""

    name: UUID | str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """Readings as they were sent: row i is of the sensor `named[which[i]]`; `place` says where the body holds it.

    `which` int32, `times` int64 in microseconds since 1970 UTC, `values` float64 (NaN: none), `statuses` uint32; all of
    shape (n,).
    """

    named: Sequence[Named]
    which: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    statuses: NDArray[np.uint32]
    place: Place


async def take_in(session: AsyncSession, actor: Actor, incoming: Incoming) -> Stored:
    """Store readings as they were sent, all of them or none; a refusal names the cells of the body."""
    try:
        return await store_readings(session, actor, await _columns(session, actor, incoming))
    except Invalid as refusal:
        raise _placed(refusal, incoming.place) from refusal


async def _columns(session: AsyncSession, actor: Actor, incoming: Incoming) -> Columns:
    """Each sensor once and by its id, and values in its unit; asks for the sensors once, if at all."""
    names = [named.name for named in incoming.named]
    if len(set(names)) == len(names) and all(isinstance(n.name, UUID) and n.unit is None for n in incoming.named):
        ids = [name for name in names if isinstance(name, UUID)]
        return Columns(ids, incoming.which, incoming.times, incoming.values, incoming.statuses)
    sensors = await _sensors(session, actor, incoming)
    number: dict[UUID, int] = {}
    numbers = np.array([number.setdefault(sensors[name].id, len(number)) for name in names], np.int32)
    values = await asyncio.to_thread(_in_units_of, sensors, incoming)
    return Columns(list(number), numbers[incoming.which], incoming.times, values, incoming.statuses)


async def _sensors(session: AsyncSession, actor: Actor, incoming: Incoming) -> dict[UUID | str, Sensor]:
    names = list(dict.fromkeys(named.name for named in incoming.named))
    ids, codes = [n for n in names if isinstance(n, UUID)], [n for n in names if isinstance(n, str)]
    found = await queries.sensors_named(session, actor, ids, codes)
    unknown = [name for name in names if name not in found]
    if unknown:
        listed = unknown[:MAX_LISTED]
        raise unknown_sensors([str(name) for name in unknown], [_named_at(name, incoming) for name in listed])
    return found


def _named_at(name: UUID | str, incoming: Incoming) -> str:
    """The first cell that names a sensor; a series without readings has none, and is named by its number."""
    numbers = [number for number, named in enumerate(incoming.named) if named.name == name]
    rows = np.flatnonzero(np.isin(incoming.which, numbers))
    cell = "sensor_id" if isinstance(name, UUID) else "sensor_code"
    return incoming.place(int(rows[0]), cell) if len(rows) else f"series.{numbers[0]}.{cell}"


def _in_units_of(sensors: Mapping[UUID | str, Sensor], incoming: Incoming) -> NDArray[np.float64]:
    """Values in the units of their sensors."""
    conversions = []
    for number, named in enumerate(incoming.named):
        present, field = sensors[named.name].unit_of_measure, f"series.{number}.unit"
        if named.unit is not None and named.unit != present:
            require_unit(named.unit, field=field)
        conversions.append(conversion(named.unit or present, present, field=field))
    if all(each.changes_nothing for each in conversions):
        return incoming.values
    factors = np.array([each.factor for each in conversions])[incoming.which]
    offsets = np.array([each.offset for each in conversions])[incoming.which]
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is refused with all that is
        converted: NDArray[np.float64] = incoming.values * factors + offsets
        return converted


def _placed(refusal: Invalid, place: Place) -> Invalid:
    """The same refusal, with rows by their places in the body."""

    def renamed(field: str) -> str:
        row = _ROW.fullmatch(field)
        return place(int(row[1]), row[2]) if row else field

    errors = tuple(replace(error, field=renamed(error.field)) for error in refusal.errors)
    detail = refusal.detail
    if refusal.errors:
        detail = detail.replace(f"{refusal.errors[0].field}:", f"{errors[0].field}:", 1)
    return type(refusal)(detail, errors=errors)
