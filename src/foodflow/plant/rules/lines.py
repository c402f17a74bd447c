"""Decisions about lines and what they are doing, and their refusals."""

from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound


class LineState(StrEnum):
    """What a line is doing: the outer face of SEMI E10 states; the mapping stands in `numerics.oee`."""

    IDLE = "idle"
    RUNNING = "running"
    CHANGEOVER = "changeover"
    DOWNTIME = "downtime"
    MAINTENANCE = "maintenance"
    NOT_SCHEDULED = "not_scheduled"


MICRO_STOP_SECONDS = 300
"""A shorter stop is a micro-stop, where a line says nothing else."""

SPEEDS = frozenset({"min_speed", "design_speed", "max_speed"})


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


def require_speeds_in_order(lowest: Decimal | None, design: Decimal | None, highest: Decimal | None) -> None:
    """The lowest speed, the design speed and the highest are in this order, as far as they are known."""
    known = [("min_speed", lowest), ("design_speed", design), ("max_speed", highest)]
    told = [(name, speed) for name, speed in known if speed is not None]
    for (one, slower), (other, faster) in pairwise(told):
        if slower > faster:
            message = f"{slower} is above the {other} of {faster}"
            raise Invalid.because(FieldError(one, message, "plant.line.speeds"))
