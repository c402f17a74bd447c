"""Wire shapes of imports."""

from typing import Annotated

from pydantic import BaseModel, Field

from foodflow.kernel.wire import Instant, Out
from foodflow.numerics.epoch import from_micros
from foodflow.plant.schemas.shared import Query
from foodflow.plant.usecases.imports import Read

Name = Annotated[str, Field(max_length=255)]


class ImportWanted(Query):
    """How a text is to be read, where that should not be detected, and what its new sensors are."""

    sensor: Name | None = None
    separator: Annotated[str | None, Field(max_length=3)] = None
    decimal: Annotated[str | None, Field(max_length=1)] = None
    time_column: Name | None = None
    clock_column: Name | None = None
    time_format: Name | None = None
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"
    sensor_column: Name | None = None
    column: Annotated[list[Name], Field(max_length=1000, default_factory=list)]
    skip: Annotated[list[Name], Field(max_length=1000, default_factory=list)]
    unit: Annotated[str, Field(min_length=1, max_length=50)] = "1"
    min_value: float | None = None
    max_value: float | None = None
    preview: bool = False


class LeftOutOut(Out):
    """A column that gives no readings, and why."""

    column: str
    reason: str


class ConflictingRowOut(Out):
    """A row, by the number of its line, that gave another value for a moment that has one; the first one was kept."""

    line: int
    sensor_code: str
    kept: float | None
    given: float | None


class ImportedOut(Out):
    """What an import did."""

    stored: int
    repeated: int
    outside_limits: int
    conflicting: list[ConflictingRowOut]
    created_sensors: list[str]
    sensors: list[str]
    left_out: list[LeftOutOut]


class ColumnOut(BaseModel):
    """What one column of a text holds."""

    name: str
    readings: int
    first_time: Instant
    last_time: Instant
    lowest: float
    highest: float


class PreviewOut(BaseModel):
    """What a text holds and how it was read; nothing was stored."""

    separator: str
    decimal: str
    time_column: str
    time_format: str
    sensor_column: str | None
    rows: int
    columns: list[ColumnOut]
    left_out: list[LeftOutOut]

    @classmethod
    def of(cls, text: Read) -> "PreviewOut":
        """The preview of a text that was read."""
        columns = [
            ColumnOut(
                name=name,
                readings=len(each),
                first_time=from_micros(each.times.min()),
                last_time=from_micros(each.times.max()),
                lowest=float(each.values.min()),
                highest=float(each.values.max()),
            )
            for name, each in text.readings.items()
            if len(each)
        ]
        layout = text.layout
        return cls(
            separator=layout.separator,
            decimal=layout.decimal,
            time_column=layout.time_column,
            time_format=layout.time_format,
            sensor_column=layout.sensor_column,
            rows=text.report.rows,
            columns=columns,
            left_out=[LeftOutOut.model_validate(each) for each in text.report.left_out],
        )
