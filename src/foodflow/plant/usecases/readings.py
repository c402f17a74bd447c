"""Storing readings: validated as columns, judged by the limits in force, written in bulk, acknowledged after the
commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import bulk, clock, events, live, partitions, telemetry
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.arrivals import sort_out
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.limits import outside
from foodflow.plant import rules
from foodflow.plant.events import READ, LimitsBroken, LimitsRestored
from foodflow.plant.queries import sensors as queries
from foodflow.plant.tables import Sensor

_COLUMNS = ("sensor_key", "time", "value", "breach")


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as they were sent: `sensors` lists each sensor once, and row i is of `sensors[which[i]]`.

    `which` int32, `times` int64 in microseconds since 1970 UTC, `values` float64; all of shape (n,).
    """

    sensors: Sequence[UUID]
    which: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows on their way into the database, by sensor and time; `places` are their row numbers in the call."""

    keys: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    breaches: NDArray[np.int16]
    places: NDArray[np.int64]

    def only(self, chosen: NDArray[np.int64] | slice) -> "_Rows":
        return _Rows(
            self.keys[chosen], self.times[chosen], self.values[chosen], self.breaches[chosen], self.places[chosen]
        )


async def store_readings(session: AsyncSession, _actor: Actor, columns: Columns) -> Stored:
    """Store readings of any number of sensors, all of them or, when anything about them is refused, none.

    The same reading again is harmless. Refuses unknown and inactive sensors, values that are not finite, and times
    outside what can be recorded, naming each row.
    """
    if not len(columns.which):
        return Stored()
    _require_valid(columns)
    sensors = await _sensors_for_update(session, columns)
    keys = np.array([sensors[id].key for id in columns.sensors], np.int32)[columns.which]
    arrivals = sort_out(keys, columns.times, columns.values)
    places = arrivals.kept
    given = columns.values
    result = Stored(repeated=arrivals.repeated)
    result.conflicting = [
        Conflict(place, float(given[first]), float(given[place])) for place, first in arrivals.conflicting
    ]
    times, values = columns.times[places], columns.values[places]
    breaches = _judge(sensors, columns, places)
    rows = await _write(session, sensors, _Rows(keys[places], times, values, breaches, places), result)
    result.outside_limits = int(np.count_nonzero(rows.breaches))
    result.conflicting.sort(key=lambda conflict: conflict.row)
    for sensor in sensors.values():
        _take_note(session, sensor, rows)
    telemetry.READINGS.inc(result.stored)
    return result


async def store_reading(
    session: AsyncSession, actor: Actor, sensor_id: UUID, *, named: UUID | None, at: datetime, value: float
) -> int:
    """Store one reading; returns -1, 0 or 1 for below, within or above the limits. Another value for the same moment
    is refused.
    """
    if named is not None and named != sensor_id:
        message = f"is {named}, but the address names {sensor_id}"
        raise Invalid.because(FieldError("sensor_id", message, "plant.reading.other_sensor"))
    await queries.sensor(session, sensor_id)
    times, values = np.array([to_micros(at)], np.int64), np.array([value], np.float64)
    stored = await store_readings(session, actor, Columns([sensor_id], np.zeros(1, np.int32), times, values))
    for conflict in stored.conflicting:
        raise rules.ReadingContradicted(
            f"the value at {_wire(at)} is stored as {conflict.kept}; it cannot become {value}"
        )
    found = await queries.readings(
        session, (await queries.sensor(session, sensor_id)).key, start=at, end=None, descending=False, limit=1
    )
    return found[0].breach


def _require_valid(columns: Columns) -> None:
    latest = to_micros(clock.now() + rules.CLOCK_TOLERANCE)
    out_of_range = np.flatnonzero((columns.times < to_micros(rules.EARLIEST)) | (columns.times > latest)).tolist()
    not_finite = np.flatnonzero(~np.isfinite(columns.values)).tolist()
    errors = rules.rows_refused(
        f"must lie between {rules.EARLIEST:%Y-%m-%d} and now", "timestamp", "plant.time_out_of_range", out_of_range
    )
    errors += rules.rows_refused("must be a finite number", "value", "plant.reading.not_finite", not_finite)
    if errors:
        raise Invalid.because(*errors)


async def _sensors_for_update(session: AsyncSession, columns: Columns) -> dict[UUID, Sensor]:
    """The sensors of a call, locked: two who write the same sensor follow each other."""
    sensors = {sensor.id: sensor for sensor in await queries.sensors_for_update(session, columns.sensors)}
    unknown = [number for number, id in enumerate(columns.sensors) if id not in sensors]
    if unknown:
        errors = []
        for number in unknown[: rules.MAX_LISTED]:
            row = int(np.argmax(columns.which == number))
            errors.append(
                FieldError(
                    f"readings.{row}.sensor_id",
                    f"there is no sensor {columns.sensors[number]}",
                    rules.UnknownSensors.code,
                )
            )
        names = ", ".join(str(columns.sensors[number]) for number in unknown[: rules.MAX_LISTED])
        raise rules.UnknownSensors(
            f"unknown sensors ({len(unknown)}): {names}; nothing was stored", errors=tuple(errors)
        )
    inactive = sorted(sensor.sensor_code for sensor in sensors.values() if not sensor.is_active)
    if inactive:
        raise rules.SensorInactive(f"out of service, taking no readings: {', '.join(inactive)}; nothing was stored")
    return sensors


def _judge(sensors: dict[UUID, Sensor], columns: Columns, places: NDArray[np.int64]) -> NDArray[np.int16]:
    """Hold each reading against its sensor's limits."""
    limits = [(sensors[id].min_value, sensors[id].max_value) for id in columns.sensors]
    low = np.array([low if low is not None else np.nan for low, _ in limits])
    high = np.array([high if high is not None else np.nan for _, high in limits])
    which = columns.which[places]
    return outside(columns.values[places], low[which], high[which])


async def _write(session: AsyncSession, sensors: dict[UUID, Sensor], rows: _Rows, result: Stored) -> _Rows:
    """Write the rows that are new, and return them; one that is later than all that its sensor has cannot be there
    yet.
    """
    await partitions.ensure_months(session, "readings", partitions.months_of(rows.times))
    columns: list[NDArray[Any]] = [rows.keys, bulk.postgres_times(rows.times), rows.values, rows.breaches]
    if _all_later(sensors, rows):
        await bulk.copy_in(session, "readings", _COLUMNS, columns)
    else:
        new = await bulk.insert_new(session, "readings", _COLUMNS, columns, key=("sensor_key", "time"))
        conflicting = await queries.conflicting_readings(session)
        result.repeated += len(rows.keys) - len(new) - len(conflicting)
        result.conflicting += [Conflict(int(rows.places[place]), kept, given) for place, kept, given in conflicting]
        rows = rows.only(new)
    result.stored = len(rows.keys)
    return rows


def _all_later(sensors: dict[UUID, Sensor], rows: _Rows) -> bool:
    """Whether each sensor's first row (rows are by sensor and time) is later than its last stored reading."""
    last = {sensor.key: sensor.last_reading_time for sensor in sensors.values()}
    firsts = np.flatnonzero(np.diff(rows.keys, prepend=-1)).tolist()
    known = [(last[int(rows.keys[at])], int(rows.times[at])) for at in firsts]
    return all(before is None or time > to_micros(before) for before, time in known)


def _take_note(session: AsyncSession, sensor: Sensor, rows: _Rows) -> None:
    """Keep a sensor's first and last reading (which never moves backwards), and tell those who watch."""
    start, end = (int(np.searchsorted(rows.keys, sensor.key, side)) for side in ("left", "right"))
    if start == end:
        return
    mine = rows.only(slice(start, end))
    first, last = from_micros(mine.times[0]), from_micros(mine.times[-1])
    before = sensor.last_breach if sensor.last_reading_time is not None and first > sensor.last_reading_time else 0
    _tell_of_limits(session, sensor, mine, before)
    if sensor.first_reading_time is None or first < sensor.first_reading_time:
        sensor.first_reading_time = first
    if sensor.last_reading_time is None or last > sensor.last_reading_time:
        sensor.last_reading_time, sensor.last_reading_value = last, float(mine.values[-1])
        sensor.last_breach = int(mine.breaches[-1])
    news = {"line_id": str(sensor.line_id), "first": _wire(first), "last": _wire(last), "count": len(mine.keys)}
    topic = f"plant.sensor/{sensor.id}"
    live.publish(session, topic=topic, type="plant.sensor.readings_stored", needs=READ, data=news)


def _tell_of_limits(session: AsyncSession, sensor: Sensor, mine: _Rows, before: int) -> None:
    """Tell once when readings begin to lie outside a limit, and once when the latest lies within again; `before` is
    how it stood.
    """
    begins = (mine.breaches != 0) & (mine.breaches != np.concatenate(([before], mine.breaches[:-1])))
    if begins.any():
        beyond = mine.only(np.flatnonzero(mine.breaches))
        told = LimitsBroken(
            sensor_id=sensor.id,
            sensor_code=sensor.sensor_code,
            line_id=sensor.line_id,
            readings=len(beyond.keys),
            first_at=_wire(from_micros(beyond.times[0])),
            last_at=_wire(from_micros(beyond.times[-1])),
            lowest=float(beyond.values.min()),
            highest=float(beyond.values.max()),
            min_value=sensor.min_value,
            max_value=sensor.max_value,
        )
        events.tell(session, told)
    if mine.breaches[-1] == 0 and (before != 0 or begins.any()):
        restored = LimitsRestored(
            sensor_id=sensor.id,
            sensor_code=sensor.sensor_code,
            line_id=sensor.line_id,
            at=_wire(from_micros(mine.times[-1])),
            value=float(mine.values[-1]),
        )
        events.tell(session, restored)


def _wire(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
