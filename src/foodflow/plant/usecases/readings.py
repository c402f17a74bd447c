"""Storing readings: validated as columns, judged by the limits in force, written in bulk, acknowledged after the
commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import bulk, clock, partitions, telemetry
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.arrivals import sort_out
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.limits import outside
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries import sensors as queries
from foodflow.plant.rules.sensors import MAX_LISTED, ReadingContradicted, SensorInactive, UnknownSensors, rows_refused
from foodflow.plant.rules.shared import CLOCK_TOLERANCE, EARLIEST
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import watching
from foodflow.plant.usecases.noting import Rows, take_note, wire

_COLUMNS = ("sensor_key", "time", "value", "breach")


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as they were sent: `sensors` lists each sensor once, and row i is of `sensors[which[i]]`.

    `which` int32, `times` int64 in microseconds since 1970 UTC, `values` float64 (NaN where a Bad reading has none),
    `statuses` uint32 (`numerics.status_codes.all_good` where nothing is said of them); all of shape (n,).
    """

    sensors: Sequence[UUID]
    which: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    statuses: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that gave another value for a moment that has one already; the first one stands."""

    row: int
    kept: float
    given: float


@dataclass(slots=True)
class Stored:
    """What became of a call's readings: every row is stored, repeated (it was there already) or conflicting."""

    stored: int = 0
    repeated: int = 0
    outside_limits: int = 0
    conflicting: list[Conflict] = field(default_factory=list)


async def store_readings(session: AsyncSession, actor: Actor, columns: Columns) -> Stored:
    """Store readings of any number of sensors, all of them or, when anything about them is refused, none.

    The same reading again is harmless. Refuses unknown and inactive sensors, values that are not finite, and times
    outside what can be recorded, naming each row.
    """
    if not len(columns.which):
        return Stored()
    _require_valid(columns)
    sites = await _sensors_for_update(session, actor, columns)
    sensors = {sensor.id: sensor for sensor in sites}
    keys = np.array([sensors[id].key for id in columns.sensors], np.int32)[columns.which]
    arrivals = sort_out(keys, columns.times, columns.values)
    places = arrivals.kept
    times, values, breaches = columns.times[places], columns.values[places], _judge(sensors, columns, places)
    rows, already = await _write(
        session,
        sensors,
        Rows(
            keys[places], times, values, breaches, columns.statuses[places], _late(sensors, keys[places], times), places
        ),
    )
    result = Stored(stored=len(rows.keys), outside_limits=int(np.count_nonzero(rows.breaches)))
    if already:
        _hold_against(already, columns, keys, result)
    else:
        given = columns.values
        result.repeated = arrivals.repeated + len(places) - len(rows.keys)
        result.conflicting = [Conflict(row, float(given[by]), float(given[row])) for row, by in arrivals.conflicting]
    for sensor, site in sites.items():
        await take_note(session, sensor, rows, site=site)
    await watching.watch(session, sites, rows)
    telemetry.READINGS.inc(result.stored)
    return result


def _hold_against(already: dict[int, float], columns: Columns, keys: NDArray[np.int32], result: Stored) -> None:
    """Tell repeated rows from conflicting ones where other values were stored before: by the value that stands for
    their moment, which is the stored one and not that of the first row of the call.
    """
    order = np.lexsort((columns.times, keys))
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (np.diff(keys[order]) != 0) | (np.diff(columns.times[order]) != 0)
    standing = columns.values.copy()
    standing[list(already)] = list(already.values())
    standing[order] = standing[order[is_first][np.cumsum(is_first) - 1]]
    differing = np.flatnonzero(standing != columns.values).tolist()
    result.conflicting = [Conflict(row, float(standing[row]), float(columns.values[row])) for row in differing]
    result.repeated = len(keys) - result.stored - len(differing)


async def store_reading(
    session: AsyncSession, actor: Actor, sensor_id: UUID, *, named: UUID | None, at: datetime, value: float
) -> int:
    """Store one reading; returns -1, 0 or 1 for below, within or above the limits. Another value for the same moment
    is refused.
    """
    if named is not None and named != sensor_id:
        message = f"is {named}, but the address names {sensor_id}"
        raise Invalid.because(FieldError("sensor_id", message, "plant.reading.other_sensor"))
    sensor = await queries.sensor(session, actor, sensor_id)
    times, values = np.array([to_micros(at)], np.int64), np.array([value], np.float64)
    stored = await store_readings(
        session, actor, Columns([sensor_id], np.zeros(1, np.int32), times, values, all_good(1))
    )
    for conflict in stored.conflicting:
        raise ReadingContradicted(f"the value at {wire(at)} is stored as {conflict.kept}; it cannot become {value}")
    end = at + timedelta(microseconds=1)
    found = await queries.readings(session, sensor.key, start=at, end=end, descending=False, limit=1)
    return found[0].breach


def _require_valid(columns: Columns) -> None:
    latest = to_micros(clock.now() + CLOCK_TOLERANCE)
    out_of_range = np.flatnonzero((columns.times < to_micros(EARLIEST)) | (columns.times > latest)).tolist()
    not_finite = np.flatnonzero(~np.isfinite(columns.values)).tolist()
    errors = rows_refused(
        f"must lie between {EARLIEST:%Y-%m-%d} and now", "timestamp", "plant.time_out_of_range", out_of_range
    )
    errors += rows_refused("must be a finite number", "value", "plant.reading.not_finite", not_finite)
    if errors:
        raise Invalid.because(*errors)


async def _sensors_for_update(session: AsyncSession, actor: Actor, columns: Columns) -> dict[Sensor, str]:
    """The sensors of a call with their sites, locked: two who write the same sensor follow each other."""
    sites = dict(await queries.sensors_for_update(session, actor, columns.sensors))
    known = {sensor.id for sensor in sites}
    unknown = [number for number, id in enumerate(columns.sensors) if id not in known]
    if unknown:
        errors = []
        for number in unknown[:MAX_LISTED]:
            row = int(np.argmax(columns.which == number))
            errors.append(
                FieldError(
                    f"readings.{row}.sensor_id",
                    f"there is no sensor {columns.sensors[number]}",
                    UnknownSensors.code,
                )
            )
        names = ", ".join(str(columns.sensors[number]) for number in unknown[:MAX_LISTED])
        raise UnknownSensors(f"unknown sensors ({len(unknown)}): {names}; nothing was stored", errors=tuple(errors))
    inactive = sorted(sensor.sensor_code for sensor in sites if not sensor.is_active)
    if inactive:
        raise SensorInactive(f"out of service, taking no readings: {', '.join(inactive)}; nothing was stored")
    return sites


def _judge(sensors: dict[UUID, Sensor], columns: Columns, places: NDArray[np.int64]) -> NDArray[np.int16]:
    """Hold each reading against its sensor's limits."""
    limits = [(sensors[id].min_value, sensors[id].max_value) for id in columns.sensors]
    low = np.array([low if low is not None else np.nan for low, _ in limits])
    high = np.array([high if high is not None else np.nan for _, high in limits])
    which = columns.which[places]
    return outside(columns.values[places], low[which], high[which])


async def _write(session: AsyncSession, sensors: dict[UUID, Sensor], rows: Rows) -> tuple[Rows, dict[int, float]]:
    """Write the rows that are new; returns them, and by row number the other values that were there already. A row that
    is later than all that its sensor has cannot be there yet.
    """
    await partitions.ensure_months(session, "readings", partitions.months_of(rows.times))
    columns: list[NDArray[Any]] = [rows.keys, bulk.postgres_times(rows.times), rows.values, rows.breaches]
    if _all_later(sensors, rows):
        await bulk.copy_in(session, "readings", _COLUMNS, columns)
        return rows, {}
    new = await bulk.insert_new(session, "readings", _COLUMNS, columns, key=("sensor_key", "time"))
    first, last = from_micros(rows.times.min()), from_micros(rows.times.max())
    conflicting = await queries.conflicting_readings(session, first, last)
    return rows.only(new), {int(rows.places[place]): kept for place, kept in conflicting}


def _late(sensors: dict[UUID, Sensor], keys: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which readings come after a later one of their sensor."""
    last = {each.key: to_micros(each.last_reading_time) for each in sensors.values() if each.last_reading_time}
    return np.array([time < last.get(key, time) for key, time in zip(keys.tolist(), times.tolist(), strict=True)])


def _all_later(sensors: dict[UUID, Sensor], rows: Rows) -> bool:
    """Whether each sensor's first row (rows are by sensor and time) is later than its last stored reading."""
    last = {sensor.key: sensor.last_reading_time for sensor in sensors.values()}
    firsts = np.flatnonzero(np.diff(rows.keys, prepend=-1)).tolist()
    known = [(last[int(rows.keys[at])], int(rows.times[at])) for at in firsts]
    return all(before is None or time > to_micros(before) for before, time in known)
