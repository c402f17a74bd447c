"""Decisions about lines and what they are doing, and their refusals."""

from enum import StrEnum
from uuid import UUID

from foodflow.kernel.errors import Conflict, NotFound


class LineState(StrEnum):
    """What a line is doing: the outer face of SEMI E10 states; the mapping stands in `numerics.oee`."""

    IDLE = "idle"
    RUNNING = "running"
    CHANGEOVER = "changeover"
    DOWNTIME = "downtime"
    MAINTENANCE = "maintenance"
    NOT_SCHEDULED = "not_scheduled"


class LineNotFound(NotFound):
    """No such line in this company."""

    code = "plant.line.not_found"


class LineBusy(Conflict):
    """The line makes (or, at a time in the past, made) another batch."""

    code = "plant.line.busy"


class LineInactive(Conflict):
    """The line is out of service."""

    code = "plant.line.inactive"


class StateContradicted(Conflict):
    """The line is recorded in another state at that very moment."""

    code = "plant.line.state_contradicted"


def require_free(current_batch_id: UUID | None, *, number: str) -> None:
    """A line makes one batch at a time."""
    if current_batch_id is not None:
        raise LineBusy(f"line {number} has a batch in progress; complete it first")


def require_active(*, is_active: bool, number: str) -> None:
    """A line that is out of service makes nothing."""
    if not is_active:
        raise LineInactive(f"line {number} is out of service")
