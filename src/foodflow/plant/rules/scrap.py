"""Decisions about scrap and its reasons, and their refusals."""

from enum import StrEnum

from foodflow.kernel.errors import Conflict, NotFound


class ScrapLoss(StrEnum):
    """Which of the six big losses (Nakajima) scrap for a reason belongs to."""

    PROCESS_DEFECTS = "process_defects"
    STARTUP_REJECTS = "startup_rejects"


class Severity(StrEnum):
    """How bad it is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ScrapReasonNotFound(NotFound):
    """No such scrap reason in this company."""

    code = "plant.scrap_reason.not_found"


class ScrapReasonInUse(Conflict):
    """Scrap was counted for this reason."""

    code = "plant.scrap_reason.in_use"


def require_unused(code: str, *, is_used: bool) -> None:
    """A reason that scrap was counted for is kept."""
    if is_used:
        raise ScrapReasonInUse(f"scrap was counted for {code}; set is_active to false instead")
