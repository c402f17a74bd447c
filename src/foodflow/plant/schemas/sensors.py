"""Wire shapes of sensors and their readings."""

import math
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, computed_field, model_validator
from pydantic_core import PydanticCustomError

from foodflow.kernel import clock
from foodflow.kernel.paging import Format
from foodflow.kernel.wire import In, Instant, Line, Out, Patch, Versioned
from foodflow.numerics.status_codes import BAD, GOOD
from foodflow.plant.rules.calibrations import is_overdue
from foodflow.plant.rules.sensors import is_off_target
from foodflow.plant.rules.shared import EARLIEST
from foodflow.plant.schemas.incoming.shapes import StatusCode, Valid
from foodflow.plant.schemas.shared import BREACHES, Breach, Code, Query, Short, Window
from foodflow.plant.schemas.units import Unit
from foodflow.plant.schemas.units import Wanted as WantedUnit

MAX_PAGE = 10_000
Value = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class SensorIn(In):
    """A new sensor; a limit that is left out does not exist, 0 is a limit."""

    line_id: UUID
    sensor_code: Code
    name: Line
    sensor_type: Code
    location: Short = ""
    position: Short = ""
    unit_of_measure: Unit
    min_value: float | None = None
    max_value: float | None = None
    target_value: float | None = None
    tolerance: Annotated[float | None, Field(gt=0)] = None


class SensorPatch(Patch):
    """Changes of a sensor; new limits hold for readings from then on. The unit stays once there are readings."""

    name: Line = ""
    location: Short = ""
    position: Short = ""
    min_value: float | None = None
    max_value: float | None = None
    target_value: float | None = None
    tolerance: Annotated[float | None, Field(gt=0)] = None
    unit_of_measure: Unit = ""
    calibration_offset: Annotated[
        float, Field(ge=-1e100, le=1e100, description="Makes a calibration, as last_calibration_date does")
    ] = 0.0
    last_calibration_date: Instant = EARLIEST
    next_calibration_date: Annotated[Instant | None, Field(description="Alone, it plans the next calibration")] = None
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
    calibration_offset: float
    last_calibration_date: Instant | None
    next_calibration_date: Instant | None
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

    @computed_field  # type: ignore[prop-decorator]
    @property
    def off_target(self) -> bool:
        """Whether the latest reading lies within the limits and further from the target than the tolerance."""
        return is_off_target(self.last_reading_value, self.last_breach, self.target_value, self.tolerance)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def calibration_overdue(self) -> bool:
        """Whether the sensor should have been calibrated by now; its readings are taken all the same."""
        return is_overdue(self.next_calibration_date, clock.now())


class ReadingIn(In):
    """One reading: a value at its source time, and how far it is to be trusted; a Bad one may have no value."""

    timestamp: Instant
    value: Value | None
    sensor_id: UUID | None = None
    status_code: StatusCode | None = None
    is_valid: Valid | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "ReadingIn":
        is_bad = self.status >= BAD
        if self.is_valid is not None and self.is_valid == is_bad:
            raise PydanticCustomError("plant.reading.status_contradicted", "is_valid contradicts the status_code")
        if self.value is None and not is_bad:
            raise PydanticCustomError(
                "plant.reading.no_value", "only a reading of which the status is Bad has no value"
            )
        return self

    @property
    def status(self) -> int:
        """The status code; Bad where an older program says that the value is not valid."""
        if self.status_code is not None:
            return self.status_code
        return BAD if self.is_valid is False else GOOD

    @property
    def number(self) -> float:
        """The value; NaN where there is none."""
        return math.nan if self.value is None else self.value


class Taking(Query):
    """How readings are taken in."""

    check_anomaly: Annotated[
        bool,
        Field(
            deprecated=True,
            description="Changes nothing; here for older programs. Limits are judged whenever a reading is stored",
        ),
    ] = True


class ReadingsWanted(Window):
    """Which readings of a sensor, and in which order of time."""

    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1000
    ordering: Literal["timestamp", "-timestamp"] = "timestamp"
    unit: WantedUnit = None
    format: Format = "json"


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
    """What became of a call's readings: each was stored, is `repeated` (it was there already) or conflicting. Of those
    that were stored, some came `late`, after a later one of their sensor, or lie outside limits.
    """

    stored: int
    repeated: int
    late: int
    outside_limits: int
    conflicting: list[ConflictOut]
