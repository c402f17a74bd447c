"""Importing readings from delimited text: checked to the last row before the first one is stored, all or nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain, islice
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.delimited.detection import detect
from foodflow.numerics.delimited.layout import Choices, DelimitedError, Layout, LayoutError, LeftOut
from foodflow.numerics.delimited.parsing import parse
from foodflow.numerics.delimited.results import Readings, Report
from foodflow.plant import rules
from foodflow.plant.queries import sensors as queries
from foodflow.plant.tables import ProductionLine, Sensor
from foodflow.plant.usecases import sensors
from foodflow.plant.usecases.readings import Columns, Stored, store_readings

SAMPLE_LINES = 2000
ROWS_AT_ONCE = 200_000


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
    kept: float
    given: float


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
    except LayoutError as error:
        field_name = error.option or "body"
        raise UnreadableText(str(error), errors=(FieldError(field_name, str(error), UnreadableText.code),)) from error
    except DelimitedError as error:
        raise UnreadableText(str(error), errors=(FieldError("body", str(error), UnreadableText.code),)) from error
    _require_good(parsed.report)
    return Read(layout, parsed.report, parsed.readings)


def _require_good(report: Report) -> None:
    if not report.bad_count:
        return
    errors = tuple(
        FieldError(
            f"line {row.line}" + (f", {row.column}" if row.column else ""), _reason(row.text, row.reason), BadRows.code
        )
        for row in report.bad
    )
    raise BadRows(f"{report.bad_count} bad cells in {report.rows} rows; nothing was stored", errors=errors)


def _reason(text: str, reason: str) -> str:
    return f"{reason}: {text[:80]!r}" if text else reason


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
    result = Imported(left_out=list(text.report.left_out))
    found = await _sensors(session, actor, line, list(text.readings), new, result)
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


async def _sensors(  # noqa: PLR0917 - the parts of one import
    session: AsyncSession,
    actor: Actor,
    line: ProductionLine,
    columns: list[str],
    new: NewSensors,
    result: Imported,
) -> dict[str, Sensor]:
    """The sensor of each column, made where it does not exist; one of another line is refused."""
    if new.code is not None and len(columns) != 1:
        raise Invalid.because(
            FieldError("sensor", f"the text has {len(columns)} columns of values", "plant.import.many_sensors")
        )
    codes = {column: new.code or code_of(line.line_number, column) for column in columns}
    known = await queries.sensors_coded(session, list(codes.values()))
    found = {}
    for column, code in codes.items():
        if code not in known:
            fields = {"line_id": line.id, "sensor_code": code, "name": column, "sensor_type": new.sensor_type}
            limits = {"min_value": new.min_value, "max_value": new.max_value, "unit_of_measure": new.unit_of_measure}
            known[code] = await sensors.create_sensor(
                session, actor, {**fields, **limits, "location": "", "position": ""}
            )
            result.created_sensors.append(code)
        if known[code].line_id != line.id:
            raise rules.SensorOfOtherLine(f"sensor {code} belongs to another line than {line.line_number}")
        found[column] = known[code]
    return found


def code_of(line_number: str, column: str) -> str:
    """The code of a sensor that a column brings: with its line's number, because other lines have such columns too."""
    return f"{line_number}.{column}"


def _columns(sensor_id: UUID, readings: Readings) -> Columns:
    return Columns([sensor_id], np.zeros(len(readings), np.int32), readings.times, readings.values)


def _add(result: Imported, code: str, chunk: Readings, stored: Stored) -> None:
    result.stored += stored.stored
    result.repeated += stored.repeated
    result.outside_limits += stored.outside_limits
    result.conflicting += [
        ConflictingRow(int(chunk.lines[row.row]), code, row.kept, row.given) for row in stored.conflicting
    ]
