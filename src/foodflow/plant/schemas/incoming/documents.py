"""Readings in one JSON document: as rows, as columns, or sensor by sensor."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType
from numpy.typing import NDArray

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.status_codes import all_good
from foodflow.plant.rules.shared import MAX_UNIT
from foodflow.plant.schemas.incoming import building, shapes
from foodflow.plant.schemas.incoming.building import MAX_STATUS, MAX_STEP, Faults
from foodflow.plant.schemas.incoming.rows import Row, from_rows
from foodflow.plant.usecases.ways_in import Incoming, Named

_Status = Annotated[int, Meta(ge=0, le=MAX_STATUS)]
_Micros = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Step = Annotated[int, Meta(ge=1, le=MAX_STEP)]
_Unit = Annotated[str, Meta(min_length=1, max_length=MAX_UNIT)]


class _Columns(Struct, forbid_unknown_fields=True):
    value: list[float | None]
    sensor_id: list[str] | UnsetType = UNSET
    sensor_code: list[str] | UnsetType = UNSET
    timestamp: list[str] | UnsetType = UNSET
    timestamp_us: list[_Micros] | UnsetType = UNSET
    status_code: list[_Status] | UnsetType = UNSET


class _Series(Struct, forbid_unknown_fields=True):
    values: list[float | None]
    sensor_id: str | UnsetType = UNSET
    sensor_code: str | UnsetType = UNSET
    timestamps: list[str] | UnsetType = UNSET
    timestamps_us: list[_Micros] | UnsetType = UNSET
    start: str | UnsetType = UNSET
    step_ms: _Step | UnsetType = UNSET
    status_codes: list[_Status] | UnsetType = UNSET
    unit: _Unit | UnsetType = UNSET


class _Body(Struct, forbid_unknown_fields=True):
    readings: list[Row] | UnsetType = UNSET
    columns: _Columns | UnsetType = UNSET
    series: list[_Series] | UnsetType = UNSET


_BODY: Final = msgspec.json.Decoder(_Body)


def decode(body: bytes) -> Incoming:
    """A JSON document as columns."""
    building.require_small(body)
    try:
        told = _BODY.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise shapes.why_refused(body, error) from error
    given = [form for form in ("readings", "columns", "series") if getattr(told, form) is not UNSET]
    if len(given) != 1:
        message = "name exactly one of readings, columns and series" if given else "Field required"
        raise Invalid.because(FieldError(given[1] if given else "readings", message, "missing"))
    if told.readings is not UNSET:
        building.require_not_too_many(len(told.readings))
        return from_rows(told.readings, building.by_row)
    if told.columns is not UNSET:
        return _from_columns(told.columns)
    assert told.series is not UNSET  # noqa: S101 - one of the three is given
    return _from_series(told.series)


def _exactly_one(where: str, **given: object) -> str:
    """The one of some fields that is given."""
    named = [name for name, value in given.items() if value is not UNSET]
    if len(named) != 1:
        message = f"name exactly one of {' and '.join(given)}"
        raise Invalid.because(FieldError(f"{where}.{named[-1] if named else next(iter(given))}", message, "missing"))
    return named[0]


def _require_equally_long(where: str, length: int, **columns: Sequence[object] | UnsetType) -> None:
    for name, column in columns.items():
        if column is not UNSET and len(column) != length:
            message = f"has {len(column)} cells, and there are {length} values"
            raise Invalid.because(FieldError(f"{where}.{name}", message, "plant.readings.unequal_columns"))


def _values(cells: list[float | None]) -> NDArray[np.float64]:
    return np.array(cells, np.float64)  # null becomes NaN, which JSON cannot hold


def _from_columns(told: _Columns) -> Incoming:
    building.require_not_too_many(len(told.value))
    by = _exactly_one("columns", sensor_id=told.sensor_id, sensor_code=told.sensor_code)
    _exactly_one("columns", timestamp=told.timestamp, timestamp_us=told.timestamp_us)
    lengths = {name: getattr(told, name) for name in (by, "timestamp", "timestamp_us", "status_code")}
    _require_equally_long("columns", len(told.value), **lengths)
    faults = Faults(_in_column)
    texts, which = building.factorised(getattr(told, by))
    named = (building.named_by_id if by == "sensor_id" else building.named_by_code)(texts, which, faults)
    if told.timestamp is not UNSET:
        times = building.times_of(told.timestamp, faults)
    else:
        times = np.array(told.timestamp_us, np.int64)
    statuses = all_good(len(which)) if told.status_code is UNSET else np.array(told.status_code, np.uint32)
    values = _values(told.value)
    building.require_values(values, statuses, faults)
    faults.refuse()
    return Incoming(named, which, times, values, statuses, _in_column)


def _in_column(row: int, cell: str) -> str:
    return f"columns.{cell}.{row}"


_IN_SERIES: Final = {"timestamp": "timestamps", "value": "values", "status_code": "status_codes"}


def _from_series(told: list[_Series]) -> Incoming:
    lengths = [len(each.values) for each in told]
    building.require_not_too_many(sum(lengths))
    starts = [0, *accumulate(lengths)]

    def place(row: int, cell: str) -> str:
        number = bisect_right(starts, row) - 1
        if cell not in _IN_SERIES:
            return f"series.{number}.{cell}"
        return f"series.{number}.{_IN_SERIES[cell]}.{row - starts[number]}"

    faults = Faults(place)
    for number, each in enumerate(told):
        _require_whole(f"series.{number}", each)
    which = np.repeat(np.arange(len(told), dtype=np.int32), lengths)
    named = [_named(number, each, faults) for number, each in enumerate(told)]
    times = _times_of_series(told, which, faults)
    statuses = [
        all_good(len(each.values)) if each.status_codes is UNSET else np.array(each.status_codes, np.uint32)
        for each in told
    ]
    values = _values([value for each in told for value in each.values])
    joined = np.concatenate(statuses) if statuses else all_good(0)
    building.require_values(values, joined, faults)
    faults.refuse()
    return Incoming([each for each in named if each], which, times, values, joined, place)


def _require_whole(where: str, told: _Series) -> None:
    """A series names its sensor and its times, each in one way."""
    _exactly_one(where, sensor_id=told.sensor_id, sensor_code=told.sensor_code)
    if _exactly_one(where, timestamps=told.timestamps, timestamps_us=told.timestamps_us, start=told.start) == "start":
        _exactly_one(where, step_ms=told.step_ms)
    elif told.step_ms is not UNSET:
        raise Invalid.because(FieldError(f"{where}.step_ms", "is for series that say their start", "extra_forbidden"))
    lengths = {"timestamps": told.timestamps, "timestamps_us": told.timestamps_us, "status_codes": told.status_codes}
    _require_equally_long(where, len(told.values), **lengths)


def _named(number: int, told: _Series, faults: Faults) -> Named | None:
    here = Faults(lambda _, cell: f"series.{number}.{cell}")
    first = np.zeros(1, np.int32)
    if told.sensor_id is not UNSET:
        named = building.named_by_id([told.sensor_id], first, here)
    else:
        named = building.named_by_code([told.sensor_code or ""], first, here)
    faults.errors += here.errors
    if not named:
        return None
    return named[0] if told.unit is UNSET else Named(named[0].name, told.unit)


def _times_of_series(told: list[_Series], which: NDArray[np.int32], faults: Faults) -> NDArray[np.int64]:
    """The moments of all series; those that are texts are read together, however many series there are."""
    times = np.zeros(len(which), np.int64)
    listed = np.array([each.timestamps is not UNSET for each in told], np.bool_)[which]
    texts = [text for each in told if each.timestamps is not UNSET for text in each.timestamps]
    rows = np.flatnonzero(listed)
    parsed = Faults(lambda row, cell: faults.place(int(rows[row]), cell))
    times[rows] = building.times_of(texts, parsed)
    faults.errors += parsed.errors
    row = 0
    for number, each in enumerate(told):
        span = slice(row, row := row + len(each.values))
        if each.timestamps_us is not UNSET:
            times[span] = np.array(each.timestamps_us, np.int64)
        elif each.start is not UNSET and each.step_ms is not UNSET:
            times[span] = _evenly(number, each.start, each.step_ms, count=len(each.values), faults=faults)
    return times


def _evenly(number: int, start: str, step_ms: int, *, count: int, faults: Faults) -> NDArray[np.int64]:
    here = Faults(lambda _, cell: f"series.{number}.{cell}")
    first = building.times_of([start], here, "start")
    faults.errors += here.errors
    return first + np.arange(count, dtype=np.int64) * (step_ms * 1000)
