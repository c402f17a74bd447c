"""Decisions about calibrations: when one is due, and their refusals."""

from datetime import datetime

from foodflow.kernel.errors import Conflict, FieldError, Invalid


class CalibrationTaken(Conflict):
    """There is a calibration of the sensor at that moment already."""

    code = "plant.calibration.taken"


def require_due_later(at: datetime, next_due: datetime | None, *, field: str = "next_due") -> None:
    """The next calibration is due after this one."""
    if next_due is not None and next_due <= at:
        message = f"must lie after the calibration at {at.isoformat()}"
        raise Invalid.because(FieldError(field, message, "plant.calibration.due_before"))


def is_overdue(next_due: datetime | None, now: datetime) -> bool:
    """Whether a sensor should have been calibrated by now; one that has no due date never is."""
    return next_due is not None and next_due < now
