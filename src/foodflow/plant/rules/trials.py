"""Decisions about trials: where one may go from where it stands; and their refusals."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound


class TrialStatus(StrEnum):
    """Where a trial stands."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class TrialDeed(StrEnum):
    """What moves a trial from one status to the next."""

    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"


ARROWS: Final[dict[TrialDeed, tuple[frozenset[TrialStatus], TrialStatus]]] = {
    TrialDeed.START: (frozenset({TrialStatus.PLANNED}), TrialStatus.IN_PROGRESS),
    TrialDeed.COMPLETE: (frozenset({TrialStatus.IN_PROGRESS}), TrialStatus.COMPLETED),
    TrialDeed.CANCEL: (frozenset({TrialStatus.PLANNED, TrialStatus.IN_PROGRESS}), TrialStatus.CANCELLED),
}
"""From which statuses each deed leads, and to which."""


class TrialNotFound(NotFound):
    """No such trial in this company."""

    code = "plant.trial.not_found"


class TrialNotThere(Conflict):
    """The trial does not stand where this deed begins."""

    code = "plant.trial.not_there"


class TrialOver(Conflict):
    """A cancelled trial is history."""

    code = "plant.trial.cancelled"


def move(deed: TrialDeed, status: str, *, number: str) -> TrialStatus:
    """Where a deed leads a trial from where it stands; refused where no arrow leads."""
    sources, target = ARROWS[deed]
    if status not in sources:
        wanted = " or ".join(sorted(source.replace("_", " ") for source in sources))
        message = f"trial {number} is {status.replace('_', ' ')}; only one that is {wanted} can {deed}"
        raise TrialNotThere(message)
    return target


def require_changeable(status: str, *, number: str) -> None:
    """What was learnt of a trial may be added after it; a cancelled one taught nothing."""
    if status == TrialStatus.CANCELLED:
        raise TrialOver(f"trial {number} is cancelled and can no longer be changed")


def require_plan_in_order(start: datetime | None, end: datetime | None) -> None:
    """What is planned ends after it begins."""
    if start is not None and end is not None and end <= start:
        message = f"does not lie after planned_start_time {start.isoformat()}"
        raise Invalid.because(FieldError("planned_end_time", message, "plant.trial.plan_out_of_order"))


def require_after_start(at: datetime, started: datetime | None, *, number: str) -> None:
    """A trial ends after it has begun."""
    if started is not None and at <= started:
        message = f"does not lie after the start of trial {number} at {started.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.trial.ends_before_start"))
