"""Decisions about batches, and their refusals."""

from datetime import datetime
from enum import StrEnum

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class BatchNotFound(NotFound):
    """No such batch in this company."""

    code = "plant.batch.not_found"


class BatchNotPlanned(Conflict):
    """Only a planned batch can be started."""

    code = "plant.batch.not_planned"


class BatchNotInProgress(Conflict):
    """The batch is not in progress."""

    code = "plant.batch.not_in_progress"


class BatchFrozen(Conflict):
    """A completed batch is history."""

    code = "plant.batch.completed"


def require_startable(status: str, *, number: str) -> None:
    """A batch is started once, from planned."""
    if status != BatchStatus.PLANNED:
        raise BatchNotPlanned(f"batch {number} is {status.replace('_', ' ')}; only a planned batch can be started")


def require_in_progress(status: str, *, number: str) -> None:
    """Completing and counting is for the batch that is being made."""
    if status != BatchStatus.IN_PROGRESS:
        raise BatchNotInProgress(f"batch {number} is {status.replace('_', ' ')}, not in progress")


def require_after_start(at: datetime, started: datetime | None, *, number: str) -> None:
    """A batch ends, and is counted, after it has begun."""
    if started is not None and at <= started:
        message = f"does not lie after the start of batch {number} at {started.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.ends_before_start"))


def require_after_counts(at: datetime, counted: datetime | None, *, number: str) -> None:
    """A batch does not end before the last of it was counted."""
    if counted is not None and at < counted:
        message = f"lies before the last count of batch {number} at {counted.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.ends_before_count"))


def require_plan_in_order(start: datetime | None, end: datetime | None) -> None:
    """What is planned ends after it begins."""
    if start is not None and end is not None and end <= start:
        message = f"does not lie after planned_start_time {start.isoformat()}"
        raise Invalid.because(FieldError("planned_end_time", message, "plant.batch.plan_out_of_order"))


def require_changeable(status: str, *, number: str) -> None:
    """A completed batch is a record."""
    if status == BatchStatus.COMPLETED:
        raise BatchFrozen(f"batch {number} is completed and can no longer be changed")
