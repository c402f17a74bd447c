"""Wire shapes of calibrations."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Out
from foodflow.plant.schemas.shared import Short
from foodflow.plant.usecases.calibrations import Calibrating


class CalibrationIn(In):
    """A calibration: from `at` on, `offset` is added to what the sensor reports; all amounts in the sensor's unit."""

    at: Instant
    offset: Annotated[float, Field(ge=-1e100, le=1e100)]
    next_due: Instant | None = None
    by: Short = ""
    certificate: Short = ""
    as_found: Annotated[float | None, Field(description="How far off before adjustment: sensor minus reference")] = None
    as_left: Annotated[float | None, Field(description="The same after adjustment")] = None

    def said(self) -> Calibrating:
        """As the deed takes it."""
        return Calibrating(**self.model_dump())


class CalibrationOut(Out):
    """A recorded calibration."""

    id: UUID
    sensor_id: UUID
    at: Instant
    offset: Annotated[float, Field(validation_alias="calibration_offset")]
    next_due: Instant | None
    by: Annotated[str, Field(validation_alias="calibrated_by")]
    certificate: str
    as_found: float | None
    as_left: float | None
    recorded_by: str
    recorded_at: Instant
