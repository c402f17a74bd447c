"""Wire shapes of sensors and their readings."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field, with_config
from typing_extensions import TypedDict

from foodflow.kernel.wire import In, Instant, Line, Out, Patch, Versioned
from foodflow.plant.schemas.shared import BREACHES, Breach, Code, Short, Window

MAX_BULK = 50_000
MAX_PAGE = 10_000
Value = Annotated[float, Field(strict=True, allow_inf_nan=False)]

StatusCode = Annotated[int, Field(ge=0, lt=2**32, description="OPC UA StatusCode; 0 is Good")]


class SensorIn(In):
    """A new sensor; a limit that is left out does not exist, 0 is a limit."""

    line_id: UUID
    sensor_code: Code
    name: Line
    sensor_type: Code
    location: Short = ""
    position: Short = ""
    unit_of_measure: Annotated[str, Field(min_length=1, max_length=50, description="UCUM code, such as Cel or [degF]")]
    min_value: float | None = None
    max_value: float | None = None
    target_value: float | None = None
    tolerance: Annotated[float | None, Field(gt=0)] = None


class SensorPatch(Patch):
    """Changes of a sensor; new limits hold for readings from then on."""

    name: Line = ""
    location: Short = ""
    position: Short = ""
    min_value: float | None = None
    max_value: float | None = None
    target_value: float | None = None
    tolerance: Annotated[float | None, Field(gt=0)] = None
    is_active: bool = True


class SensorOut(Versioned):
    """A sensor and its latest reading; `breach` says whether that lies outside the limits."""

    id: UUID
    line_id: UUID
    sensor_code: str
    name: str
    sensor_type: str
    location: str
    position: str
    unit_of_measure: str
    min_value: float | None
    max_value: float | None
    target_value: float | None
    tolerance: float | None
    is_active: bool
    first_reading_time: Instant | None
    last_reading_time: Instant | None
    last_reading_value: float | None
    last_status: StatusCode
    last_received: Instant | None
    last_breach: Annotated[int, Field(exclude=True)]
    created_at: Instant
    updated_at: Instant

    @computed_field  # type: ignore[prop-decorator]
    @property
    def breach(self) -> Breach:
        """Whether the latest reading that is not Bad lies below or above the limits."""
        return BREACHES[self.last_breach]


class ReadingIn(In):
    """One reading: a value at its source time."""

    timestamp: Instant
    value: Value
    sensor_id: UUID | None = None


@with_config(ConfigDict(extra="forbid"))
class ReadingRow(TypedDict):
    """One reading of a bulk call."""

    sensor_id: UUID
    timestamp: Instant
    value: Value


class ReadingsIn(BaseModel):
    """Readings of any number of sensors: all are taken or none."""

    model_config = ConfigDict(extra="forbid")

    readings: Annotated[list[ReadingRow], Field(max_length=MAX_BULK)]


class ReadingsWanted(Window):
    """Which readings of a sensor, and in which order of time."""

    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1000
    ordering: Literal["timestamp", "-timestamp"] = "timestamp"


class SeriesWanted(Window):
    """Which readings to draw, with about how many points."""

    points: Annotated[int, Field(ge=10, le=5000)] = 600


class ReadingOut(Out):
    """A stored reading. `timestamp` is its source's time, `server_timestamp` when it was stored (null: not known);
    `breach` says whether it lay outside the limits then in force, `late` that its sensor had a later reading already.
    """

    timestamp: Instant
    server_timestamp: Instant | None
    value: Annotated[float | None, Field(description="null where a Bad reading has none")]
    status_code: StatusCode
    breach: Breach
    late: bool


class ReadingsPage(BaseModel):
    """Readings in order of time, and the address of those that follow."""

    next: str | None
    results: list[ReadingOut]


class ConflictOut(Out):
    """A row (from 0) that gave another value or status for a moment that has one; the first one was kept."""

    row: int
    kept: float | None
    given: float | None
    kept_status: StatusCode
    given_status: StatusCode


class StoredOut(Out):
    """What became of a call's readings; `repeated` ones were there already."""

    stored: int
    repeated: int
    outside_limits: int
    conflicting: list[ConflictOut]


class ExcursionOut(BaseModel):
    """A run of consecutive readings outside a limit, and the value furthest out."""

    start: Instant
    end: Instant
    breach: Breach
    extreme: float


class SeriesOut(BaseModel):
    """A sensor over a window for drawing: at most about `points` points, peaks kept, and every excursion."""

    sensor_id: UUID
    start_time: Instant
    end_time: Instant
    readings: int
    timestamps: list[datetime]
    values: list[float]
    excursions: list[ExcursionOut]
