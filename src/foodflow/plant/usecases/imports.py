"""Importing readings from delimited text: checked to the last row before the first one is stored, all or nothing."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain, islice
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.delimited.detection import detect
from foodflow.numerics.delimited.layout import Choices, DelimitedError, Layout, LayoutError, LeftOut
from foodflow.numerics.delimited.parsing import parse
from foodflow.numerics.delimited.results import Readings, Report
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries import sensors as queries
from foodflow.plant.queries.readings import reporting_for_update
from foodflow.plant.rules.sensors import MAX_LISTED, SensorOfOtherLine, require_limits
from foodflow.plant.rules.shared import CLOCK_TOLERANCE, EARLIEST, MAX_CODE, MAX_NAME, MAX_UNIT, require_name
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import sensors
from foodflow.plant.usecases.readings import Columns, Stored, store_readings

SAMPLE_LINES = 2000
ROWS_AT_ONCE = 200_000
MAX_SENSORS = 1000
"""Of one text: more is a column of something else that was taken for names of sensors."""
_OPTIONS = {"value_columns": "column", "skip_columns": "skip"}
"""What the caller knows parts of `Choices` by, where it is another name."""
_MAX_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Read:
    """A text that was read without a fault: how it is laid out, what was found, and the readings of each column."""

    layout: Layout
    report: Report
    readings: Mapping[str, Readings]

    @property
    def rows(self) -> int:
        """How many readings there are to store."""
        return sum(len(each) for each in self.readings.values())


@dataclass(frozen=True, slots=True)
class NewSensors:
    """How sensors are called and set up that the text brings and that do not exist yet.

    `code` names the sensor of a text with one column; of several, each is called `<line number>.<column>`.
    """

    code: str | None = None
    unit_of_measure: str = "1"
    sensor_type: str = "measurement"
    min_value: float | None = None
    max_value: float | None = None


@dataclass(frozen=True, slots=True)
class ConflictingRow:
    """A row that gave another value for a moment that has one already; the first one stands."""

    line: int
    sensor_code: str
    kept: float | None
    given: float | None


@dataclass(slots=True)
class Imported:
    """What an import did: rows as in `Stored`, the sensors that it made, and the columns that it left out."""

    stored: int = 0
    repeated: int = 0
    outside_limits: int = 0
    conflicting: list[ConflictingRow] = field(default_factory=list)
    created_sensors: list[str] = field(default_factory=list)
    sensors: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


class UnreadableText(Invalid):
    """The text cannot be read as a table of readings."""

    code = "plant.import.unreadable"


class BadRows(Invalid):
    """Rows of the text are wrong; each is named by its line, and nothing was stored."""

    code = "plant.import.bad_rows"


def read(lines: Iterable[str], choices: Choices, *, time_zone: tzinfo = UTC) -> Read:
    """Read a text to its end (see `numerics.delimited`); refused with every bad row, by the number of its line."""
    sample = list(islice(iter(lines := iter(lines)), SAMPLE_LINES))
    try:
        layout = detect(sample, choices)
        parsed = parse(chain(sample, lines), layout, time_zone=time_zone)
    except DelimitedError as error:
        raise _unreadable(str(error), error.option if isinstance(error, LayoutError) else None) from error
    except re.error as error:  # the one way in which a pattern of strptime is wrong that it does not call a ValueError
        raise _unreadable(f"{choices.time_format} is no pattern of times: {error}", "time_format") from error
    _require_good(parsed.report)
    _require_recordable(layout, parsed.readings)
    return Read(layout, parsed.report, parsed.readings)


def _unreadable(message: str, option: str | None) -> UnreadableText:
    for name, known_as in _OPTIONS.items():
        message = message.replace(name, known_as)
    where = _OPTIONS.get(option, option) if option else "body"
    return UnreadableText(message, errors=(FieldError(where, message, UnreadableText.code),))


def _require_good(report: Report) -> None:
    if not report.bad_count:
        return
    errors = tuple(
        FieldError(
            f"line {row.line}" + (f", {row.column}" if row.column else ""), _reason(row.text, row.reason), BadRows.code
        )
        for row in report.bad
    )
    raise BadRows(f"bad cells: {report.bad_count} in {report.rows} rows; nothing was stored", errors=errors)


def _require_recordable(layout: Layout, readings: Mapping[str, Readings]) -> None:
    """Times that no reading may carry are told with the bad rows, by line, before anything is stored."""
    first, last = to_micros(EARLIEST), to_micros(clock.now() + CLOCK_TOLERANCE)
    wrong: dict[int, int] = {}
    for each in readings.values():
        outside = (each.times < first) | (each.times > last)
        wrong |= dict(zip(each.lines[outside].tolist(), each.times[outside].tolist(), strict=True))
    if wrong:
        errors = tuple(
            FieldError(
                f"line {line}, {layout.time_column}",
                f"must lie between {EARLIEST:%Y-%m-%d} and now; {from_micros(wrong[line]).isoformat()} does not",
                BadRows.code,
            )
            for line in sorted(wrong)[:_MAX_TOLD]
        )
        raise BadRows(f"lines with times that cannot be: {len(wrong)}; nothing was stored", errors=errors)


def _reason(text: str, reason: str) -> str:
    return f"{reason}: {text[:80]!r}" if text else reason


def require_storable(text: Read, new: NewSensors) -> None:
    """Refuse what cannot be stored whatever the company has: no readings, many columns for one sensor, bad limits."""
    if not text.rows:
        reasons = "; ".join(f"{each.column} {each.reason}" for each in text.report.left_out[:MAX_LISTED])
        raise UnreadableText(f"the text holds no readings ({reasons})" if reasons else "the text holds no readings")
    columns = len(text.readings)
    if new.code is not None and columns != 1:
        raise Invalid.because(
            FieldError("sensor", f"the text has {columns} columns of values", "plant.import.many_sensors")
        )
    if columns > MAX_SENSORS:
        message = f"the text names {columns} sensors, more than {MAX_SENSORS}"
        raise Invalid.because(FieldError("sensor_column", message, "plant.import.many_sensors"))
    require_limits(new.min_value, new.max_value)
    require_name("unit", new.unit_of_measure, longest=MAX_UNIT)


async def store(
    session: AsyncSession,
    actor: Actor,
    line: ProductionLine,
    text: Read,
    *,
    new: NewSensors,
    progress: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Store what was read as readings of a line, making missing sensors; calls `progress` with rows done."""
    require_storable(text, new)
    result = Imported(left_out=list(text.report.left_out))
    found = await sensors_of(session, actor, line, list(text.readings), new=new, created=result.created_sensors)
    for column, readings in text.readings.items():
        for start in range(0, len(readings), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            chunk = Readings(readings.lines[part], readings.times[part], readings.values[part])
            stored = await store_readings(session, actor, _columns(found[column].id, chunk))
            _add(result, found[column].sensor_code, chunk, stored)
            progress(len(chunk))
    result.sensors = sorted(sensor.sensor_code for sensor in found.values())
    audit.record(session, actor, "readings.imported", line.id, sensors=result.sensors, stored=result.stored)
    return result


async def sensors_of(
    session: AsyncSession,
    actor: Actor,
    line: ProductionLine,
    columns: Sequence[str],
    *,
    new: NewSensors,
    created: list[str],
) -> dict[str, Sensor]:
    """The sensor of each column, made (and added to `created`) where it does not exist, and locked as all who write
    readings lock them: two imports of the same sensors follow each other. One of another line is refused.
    """
    codes = {column: new.code or code_of(line.line_number, column) for column in columns}
    known = await queries.sensors_coded(session, list(codes.values()))
    for column, code in sorted(codes.items(), key=lambda each: each[1]):
        if code not in known:
            known[code] = await _create(session, actor, line, column, code=code, new=new)
            created.append(code)
        if known[code].line_id != line.id:
            raise SensorOfOtherLine(f"sensor {code} belongs to another line than {line.line_number}")
    await reporting_for_update(session, actor, [sensor.id for sensor in known.values()])
    return {column: known[code] for column, code in codes.items()}


async def _create(
    session: AsyncSession, actor: Actor, line: ProductionLine, column: str, *, code: str, new: NewSensors
) -> Sensor:
    require_name("sensor", code, longest=MAX_CODE)
    require_name("column", column, longest=MAX_NAME)
    fields = {"line_id": line.id, "sensor_code": code, "name": new.code or column, "sensor_type": new.sensor_type}
    limits = {"min_value": new.min_value, "max_value": new.max_value, "unit_of_measure": new.unit_of_measure}
    return await sensors.create_sensor(session, actor, {**fields, **limits, "location": "", "position": ""})


def code_of(line_number: str, column: str) -> str:
    """The code of a sensor that a column brings: with its line's number, because other lines have such columns too."""
    return f"{line_number}.{column}"


def _columns(sensor_id: UUID, readings: Readings) -> Columns:
    which, statuses = np.zeros(len(readings), np.int32), all_good(len(readings))
    return Columns([sensor_id], which, readings.times, readings.values, statuses)


def _add(result: Imported, code: str, chunk: Readings, stored: Stored) -> None:
    result.stored += stored.stored
    result.repeated += stored.repeated
    result.outside_limits += stored.outside_limits
    result.conflicting += [
        ConflictingRow(int(chunk.lines[row.row]), code, row.kept, row.given) for row in stored.conflicting
    ]
