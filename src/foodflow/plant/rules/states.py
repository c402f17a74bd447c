"""Decisions about what is reported of a line's time, and their refusals."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from foodflow.kernel.errors import FieldError, Invalid, NotFound
from foodflow.numerics.packml import PackmlState, UnitMode, line_state
from foodflow.plant.rules.lines import LineState

STOPS = frozenset({LineState.CHANGEOVER, LineState.DOWNTIME, LineState.MAINTENANCE})
"""States in which a line stands."""
WITH_A_STATUS = frozenset({UnitMode.PRODUCTION, UnitMode.TRIAL})
"""Modes that go with any state; the others say themselves what a line is doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody, or a machine, says that a line is doing."""

    state: LineState
    reason: str = ""
    packml_state: str | None = None
    mode: str | None = None
    reason_id: UUID | None = None
    mark: UUID | None = None


class StateNotFound(NotFound):
    """Nothing was reported of the line at that very moment, or there is no such span."""

    code = "plant.line.state_not_found"


def report_of(
    status: LineState | None,
    packml_state: PackmlState | None,
    mode: UnitMode | None,
    *,
    reason: str = "",
    reason_id: UUID | None = None,
) -> Report:
    """A report in the words of people (`status`) or of machines (`packml_state`), one of the two."""
    if status is not None and packml_state is None:
        if mode is not None and mode not in WITH_A_STATUS:
            message = f"{mode} says itself what the line is doing; give it with packml_state"
            raise Invalid.because(FieldError("mode", message, "plant.line.mode_with_status"))
        said = status
    elif packml_state is not None and status is None:
        said = LineState(line_state(packml_state, mode or UnitMode.PRODUCTION))
    else:
        raise Invalid.because(FieldError("status", "give either status or packml_state", "plant.line.one_state"))
    return Report(state=said, reason=reason, packml_state=packml_state, mode=mode, reason_id=reason_id)


def require_span(start: datetime, end: datetime) -> None:
    """A span has a length."""
    if end <= start:
        message = f"must lie after the start at {start.isoformat()}"
        raise Invalid.because(FieldError("end_time", message, "plant.span_empty"))
