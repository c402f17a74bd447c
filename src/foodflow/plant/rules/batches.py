"""Decisions about batches: where one may go from where it stands; and their refusals."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound


class BatchStatus(StrEnum):
    """Where a batch stands.

    ISA-88 has the same states under these names: planned is idle, in_progress running, on_hold held, completed
    complete, cancelled aborted (after its start) or never started. Its commands are our deeds: start, hold, resume
    (ISA-88: restart) and cancel (abort); complete is what happens when the procedure has run through.
    """

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class BatchDeed(StrEnum):
    """What moves a batch from one status to the next."""

    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    CANCEL = "cancel"


FINAL: Final = frozenset({BatchStatus.COMPLETED, BatchStatus.CANCELLED})
"""Whatever stands here goes nowhere any more."""

ARROWS: Final[dict[BatchDeed, tuple[frozenset[BatchStatus], BatchStatus]]] = {
    BatchDeed.START: (frozenset({BatchStatus.PLANNED}), BatchStatus.IN_PROGRESS),
    BatchDeed.HOLD: (frozenset({BatchStatus.IN_PROGRESS}), BatchStatus.ON_HOLD),
    BatchDeed.RESUME: (frozenset({BatchStatus.ON_HOLD}), BatchStatus.IN_PROGRESS),
    BatchDeed.COMPLETE: (frozenset({BatchStatus.IN_PROGRESS}), BatchStatus.COMPLETED),
    BatchDeed.CANCEL: (
        frozenset({BatchStatus.PLANNED, BatchStatus.IN_PROGRESS, BatchStatus.ON_HOLD}),
        BatchStatus.CANCELLED,
    ),
}
"""From which statuses each deed leads, and to which."""


class BatchNotFound(NotFound):
    """No such batch in this company."""

    code = "plant.batch.not_found"


class BatchNotPlanned(Conflict):
    """Only a planned batch can be started or removed."""

    code = "plant.batch.not_planned"


class BatchNotInProgress(Conflict):
    """The batch is not in progress."""

    code = "plant.batch.not_in_progress"


class BatchNotOnHold(Conflict):
    """Only a batch on hold can be resumed."""

    code = "plant.batch.not_on_hold"


class BatchFrozen(Conflict):
    """A completed batch is history."""

    code = "plant.batch.completed"


class BatchCancelled(Conflict):
    """A cancelled batch is history, too."""

    code = "plant.batch.cancelled"


class BatchNotStarted(Conflict):
    """What is measured of a batch is measured after its start."""

    code = "plant.batch.not_started"


def said(status: str) -> str:
    """A status as a sentence says it."""
    return status.replace("_", " ")


def move(deed: BatchDeed, status: str, *, number: str) -> BatchStatus:
    """Where a deed leads a batch from where it stands; refused where no arrow leads."""
    sources, target = ARROWS[deed]
    if status in sources:
        return target
    stands = f"batch {number} is {said(status)}"
    match deed:
        case BatchDeed.START:
            raise BatchNotPlanned(f"{stands}; only a planned batch can be started")
        case BatchDeed.RESUME:
            raise BatchNotOnHold(f"{stands}; only a batch on hold can be resumed")
        case BatchDeed.CANCEL:
            raise _over(status, f"{stands} and can no longer be cancelled")
        case _:
            raise BatchNotInProgress(f"{stands}, not in progress")


def require_planned(status: str, *, number: str) -> None:
    """Only what never began can be removed."""
    if status != BatchStatus.PLANNED:
        raise BatchNotPlanned(f"batch {number} is {said(status)}; only a planned batch can be removed")


def require_started(status: str, started: datetime | None, *, number: str) -> None:
    """Something is measured of a batch that has begun."""
    if started is None:
        raise BatchNotStarted(f"batch {number} is {said(status)} and was never started")


def require_countable(status: str, *, number: str, may_correct: bool) -> None:
    """What a batch made is counted while it is in progress or held; afterwards by those who may correct it."""
    if status == BatchStatus.PLANNED or (status in FINAL and not may_correct):
        raise BatchNotInProgress(f"batch {number} is {said(status)}, not in progress")


def require_after_start(at: datetime, started: datetime | None, *, number: str) -> None:
    """A batch ends, and is counted, after it has begun."""
    if started is not None and at <= started:
        message = f"does not lie after the start of batch {number} at {started.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.ends_before_start"))


def require_after_moves(at: datetime, moved: datetime | None, *, number: str) -> None:
    """What happens to a batch happens in order."""
    if moved is not None and at <= moved:
        message = f"does not lie after what happened to batch {number} last, at {moved.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.out_of_order"))


def require_after_counts(at: datetime, counted: datetime | None, *, number: str) -> None:
    """A batch does not end before the last of it was counted."""
    if counted is not None and at < counted:
        message = f"lies before the last count of batch {number} at {counted.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.ends_before_count"))


def require_on_line(at: datetime, *, has_line: bool, number: str) -> None:
    """A batch makes nothing while another one may have its line."""
    if not has_line:
        message = f"batch {number} was not on its line at {at.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.not_on_line"))


def require_plan_in_order(start: datetime | None, end: datetime | None) -> None:
    """What is planned ends after it begins."""
    if start is not None and end is not None and end <= start:
        message = f"does not lie after planned_start_time {start.isoformat()}"
        raise Invalid.because(FieldError("planned_end_time", message, "plant.batch.plan_out_of_order"))


def require_changeable(status: str, *, number: str) -> None:
    """A batch that is over is a record."""
    if status in FINAL:
        raise _over(status, f"batch {number} is {said(status)} and can no longer be changed")


def _over(status: str, sentence: str) -> Conflict:
    return BatchCancelled(sentence) if status == BatchStatus.CANCELLED else BatchFrozen(sentence)
