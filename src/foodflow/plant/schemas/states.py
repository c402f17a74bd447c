"""Wire shapes of what is reported of lines."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Line, Out
from foodflow.numerics.intervals import Interval
from foodflow.numerics.packml import E10State, PackmlState, UnitMode, e10_state
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.states import Report, report_of
from foodflow.plant.schemas.shared import Query, Short, Window


class _Told(In):
    """What a line is doing: `status`, or what its machine says (`packml_state` and `mode`)."""

    status: LineState | None = None
    packml_state: PackmlState | None = None
    mode: UnitMode | None = None
    reason: Short = ""
    reason_id: UUID | None = None

    def report(self) -> Report:
        """The report; refused unless it says one thing."""
        return report_of(self.status, self.packml_state, self.mode, reason=self.reason, reason_id=self.reason_id)


class StateIn(_Told):
    """A state of a line since a moment (now)."""

    at: Instant | None = None


class StateQuery(Query):
    """The same as parameters, for those who send no body."""

    new_status: LineState | None = None
    reason: Short = ""


class CorrectionIn(_Told):
    """What a line was doing since a moment instead of what was reported, and why it is corrected."""

    why: Line


class SpanIn(_Told):
    """What a line did from a moment to another, whatever else is reported."""

    start_time: Instant
    end_time: Instant


class Why(Query):
    """Why a report is withdrawn."""

    why: Line


class SpanOut(Out):
    """A span that was reported."""

    id: UUID
    line_id: UUID
    start_time: Instant
    end_time: Instant
    state: LineState
    packml_state: str | None
    mode: str | None
    reason: str
    reason_id: UUID | None
    recorded_by: str
    recorded_at: Instant


class StateOut(Out):
    """A state of a line over an interval; `stop_id` is the stop that it belongs to."""

    state: str
    packml_state: str | None
    mode: str | None
    e10_state: Annotated[E10State | None, Field(description="SEMI E10; null where nobody knows")]
    start: Instant
    end: Instant
    reason: str | None
    reason_id: UUID | None
    stop_id: UUID | None

    @classmethod
    def of(cls, part: Interval) -> "StateOut":
        """The wire shape of an interval."""
        return cls(
            state=part.state,
            packml_state=part.packml_state,
            mode=part.mode,
            e10_state=e10_state(part.state, part.mode),
            start=part.start,
            end=part.end,
            reason=part.reason,
            reason_id=part.reason_id,
            stop_id=part.stop_id,
        )


class EventQuery(Window):
    """A window, and whether withdrawn reports are shown too."""

    include: Literal["withdrawn"] | None = None


class LineEventOut(Out):
    """A report of a line's time: since when (and until when, of a span), from which state to which, by whom."""

    event_type: Literal["change", "span"]
    event_time: Instant
    end_time: Instant | None
    previous_status: Annotated[str | None, Field(description="Of a change that holds, the state before it")]
    new_status: LineState
    packml_state: str | None
    mode: str | None
    reason: str
    reason_id: UUID | None
    span_id: UUID | None
    recorded_by: str
    recorded_at: Instant
    withdrawn_by: str | None
    withdrawn_at: Instant | None
    why: str | None


class HeartbeatOut(Out):
    """When a line was heard of."""

    line_id: UUID
    at: Instant
