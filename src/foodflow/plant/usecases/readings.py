"""Storing readings: validated as columns, judged by the limits in force, written in bulk, acknowledged after the
commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, jobs, telemetry
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.arrivals import Arrivals, sort_out
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.limits import outside
from foodflow.numerics.status_codes import GOOD, are_bad, are_reserved
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.queries.readings import Reading, Reporting
from foodflow.plant.rules.sensors import MAX_LISTED, ReadingContradicted, SensorInactive, rows_refused, unknown_sensors
from foodflow.plant.rules.shared import CLOCK_TOLERANCE, EARLIEST
from foodflow.plant.usecases import blocks, watching
from foodflow.plant.usecases.blocks import Standing
from foodflow.plant.usecases.calibrations import corrected
from foodflow.plant.usecases.noting import Latest, Rows, take_note, tell, wire
from foodflow.plant.usecases.packing import LOOSE, PACK
from foodflow.plant.usecases.rollups import mark

_NEVER = np.iinfo(np.int64).min


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
    """A row that gave another value or status for a moment that has one already; the first one stands. A value is None
    where a Bad reading has none.
    """

    row: int
    kept: float | None
    given: float | None
    kept_status: int = GOOD
    given_status: int = GOOD


@dataclass(slots=True)
class Stored:
    """What became of a call's readings: every row is stored, repeated (it was there already) or conflicting.

    Of those that were stored, some came `late`, after a later one of their sensor, or lie outside limits.
    """

    stored: int = 0
    repeated: int = 0
    late: int = 0
    outside_limits: int = 0
    conflicting: list[Conflict] = field(default_factory=list)


async def store_readings(session: AsyncSession, actor: Actor, columns: Columns) -> Stored:
    """Store readings of any number of sensors, all of them or, when anything about them is refused, none.

    The same reading again is harmless. Refuses unknown and inactive sensors, values that are not finite (a Bad reading
    may have none), statuses that mean nothing, and times outside what can be recorded, naming each row.
    """
    if not len(columns.which):
        return Stored()
    _require_valid(columns)
    sensors = await _sensors_for_update(session, actor, columns)
    columns = await _corrected(session, sensors, columns)
    number = {sensor.id.int: place for place, sensor in enumerate(sensors)}  # an int is found faster than a UUID
    who = np.array([number[id.int] for id in columns.sensors], np.int32)[columns.which]
    arrivals = sort_out(who, columns.times)
    offered, last = _judged(sensors, who, columns, arrivals.kept)
    standing = await blocks.standing_for(session, offered, unseen=offered.times > last)
    rows = offered.only(~standing.known) if standing.known.any() else offered
    if len(rows.keys):
        looking = await watching.begin(session, sensors, rows)
        noted = await _write(session, sensors, rows)
        # What else follows from stored readings stands here: it is done in their transaction, while they are looked at.
        await mark(session, rows, sensors)
        async with watching.remembering(session, looking):
            await tell(session, noted, rows)
        await watching.conclude(session, looking)
    telemetry.READINGS.inc(len(rows.keys))
    late, outside_limits = int(np.count_nonzero(rows.late)), int(np.count_nonzero(rows.breaches))
    result = Stored(stored=len(rows.keys), late=late, outside_limits=outside_limits)
    if len(rows.keys) < len(columns.which):
        _hold_against(columns, arrivals, standing, result)
    return result


async def _write(session: AsyncSession, sensors: Sequence[Reporting], rows: Rows) -> list[Latest]:
    """Write new rows, take note of them, and have a sensor's small blocks packed once there are many of them."""
    received = clock.now()
    cuts = await blocks.write(session, rows, np.full(len(rows.keys), to_micros(received), np.int64))
    of_each = np.flatnonzero(np.diff(rows.keys[cuts.starts], prepend=-1))
    loose = np.add.reduceat((cuts.counts < blocks.FULL).astype(np.int64), of_each).tolist()
    noted = await take_note(session, sensors, rows, received=received, loose=loose)
    before = {sensor.key: sensor.loose_blocks for sensor in sensors}
    reporting = rows.keys[cuts.starts[of_each]].tolist()
    if any(before[key] // LOOSE < (before[key] + more) // LOOSE for key, more in zip(reporting, loose, strict=True)):
        await jobs.enqueue(session, PACK, queueing_lock=PACK)
    return noted


def _hold_against(columns: Columns, arrivals: Arrivals, standing: Standing, result: Stored) -> None:
    """Tell repeated rows from conflicting ones: by what stands for their moment, which was stored before or came first
    in the call.
    """
    values, statuses = standing.values[arrivals.moment], standing.statuses[arrivals.moment]
    same = (values == columns.values) | (np.isnan(values) & np.isnan(columns.values))
    differing = np.flatnonzero(~same | (statuses != columns.statuses)).tolist()
    result.conflicting = [
        Conflict(
            row,
            _present(values[row]),
            _present(columns.values[row]),
            int(statuses[row]),
            int(columns.statuses[row]),
        )
        for row in differing
    ]
    result.repeated = len(columns.which) - result.stored - len(differing)


def _present(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


async def store_reading(  # noqa: PLR0913 - a reading is a value, its time and its status
    session: AsyncSession,
    actor: Actor,
    sensor_id: UUID,
    *,
    named: UUID | None,
    at: datetime,
    value: float | None,
    status: int = GOOD,
) -> Reading:
    """Store one reading, and tell it as it is stored. Another value or status for the same moment is refused."""
    if named is not None and named != sensor_id:
        message = f"is {named}, but the address names {sensor_id}"
        raise Invalid.because(FieldError("sensor_id", message, "plant.reading.other_sensor"))
    sensor = await sensor_queries.sensor(session, actor, sensor_id)
    times, statuses = np.array([to_micros(at)], np.int64), np.array([status], np.uint32)
    values = np.array([np.nan if value is None else value], np.float64)
    columns = Columns([sensor_id], np.zeros(1, np.int32), times, values, statuses)
    stored = await store_readings(session, actor, columns)
    for conflict in stored.conflicting:
        kept, given = (f"{value} ({status:#010x})" for value, status in _sides(conflict))
        raise ReadingContradicted(f"the value at {wire(at)} is stored as {kept}; it cannot become {given}")
    end = at + timedelta(microseconds=1)
    found = await queries.readings(session, sensor.key, start=at, end=end, descending=False, limit=1)
    return found[0]


def _sides(conflict: Conflict) -> tuple[tuple[float | None, int], tuple[float | None, int]]:
    return (conflict.kept, conflict.kept_status), (conflict.given, conflict.given_status)


def _require_valid(columns: Columns) -> None:
    latest = to_micros(clock.now() + CLOCK_TOLERANCE)
    out_of_range = np.flatnonzero((columns.times < to_micros(EARLIEST)) | (columns.times > latest)).tolist()
    absent = np.isnan(columns.values) & are_bad(columns.statuses)
    not_finite = np.flatnonzero(~np.isfinite(columns.values) & ~absent).tolist()
    reserved = np.flatnonzero(are_reserved(columns.statuses)).tolist()
    errors = rows_refused(
        f"must lie between {EARLIEST:%Y-%m-%d} and now", "timestamp", "plant.time_out_of_range", out_of_range
    )
    errors += rows_refused("must be a finite number", "value", "plant.reading.not_finite", not_finite)
    errors += rows_refused("must be Good, Uncertain or Bad", "status_code", "plant.reading.status", reserved)
    if errors:
        raise Invalid.because(*errors)


async def _sensors_for_update(session: AsyncSession, actor: Actor, columns: Columns) -> list[Reporting]:
    """The sensors of a call by key, locked: two who write the same sensor follow each other."""
    sensors = await queries.reporting_for_update(session, actor, columns.sensors)
    if len(sensors) < len(columns.sensors):
        _refuse_unknown(columns, {sensor.id for sensor in sensors})
    inactive = sorted(sensor.sensor_code for sensor in sensors if not sensor.is_active)
    if inactive:
        raise SensorInactive(f"out of service, taking no readings: {', '.join(inactive)}; nothing was stored")
    return sensors


async def _corrected(session: AsyncSession, sensors: Sequence[Reporting], columns: Columns) -> Columns:
    """Readings as their sensors' calibrations say that they are."""
    which, times, values = columns.which, columns.times, columns.values
    values = await corrected(session, sensors, ids=columns.sensors, which=which, times=times, values=values)
    return replace(columns, values=values)


def _refuse_unknown(columns: Columns, known: set[UUID]) -> None:
    unknown = [number for number, id in enumerate(columns.sensors) if id not in known]
    rows = [int(np.argmax(columns.which == number)) for number in unknown[:MAX_LISTED]]
    names = [str(columns.sensors[number]) for number in unknown]
    raise unknown_sensors(names, [f"readings.{row}.sensor_id" for row in rows])


def _judged(
    sensors: Sequence[Reporting], who: NDArray[np.int32], columns: Columns, kept: NDArray[np.int64]
) -> tuple[Rows, NDArray[np.int64]]:
    """Readings by sensor and time, each held against its sensor's limits (a Bad one is not), and what was each one's
    sensor's last reading.
    """
    low, high = (
        np.array([np.nan if limit is None else limit for limit in limits], np.float64)
        for limits in ([sensor.min_value for sensor in sensors], [sensor.max_value for sensor in sensors])
    )
    last = np.array([_micros(sensor.last_reading_time) for sensor in sensors], np.int64)
    keys = np.array([sensor.key for sensor in sensors], np.int32)
    mine, times, values, statuses = who[kept], columns.times[kept], columns.values[kept], columns.statuses[kept]
    breaches = np.where(are_bad(statuses), np.int16(0), outside(values, low[mine], high[mine]))
    before = last[mine]
    return Rows(keys[mine], times, values, breaches, statuses, times < before, kept), before


def _micros(moment: datetime | None) -> int:
    return _NEVER if moment is None else to_micros(moment)
