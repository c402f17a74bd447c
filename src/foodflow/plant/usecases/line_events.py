"""Reading back what was reported of a line's time, and by whom."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import states as queries
from foodflow.plant.rules.shared import window
from foodflow.plant.tables.lines import LineSpan, LineStateChange, WithdrawnState


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEvent:
    """A report: a change since `event_time`, or a span until `end_time`."""

    event_type: str
    event_time: datetime
    end_time: datetime | None = None
    previous_status: str | None = None
    new_status: str
    packml_state: str | None
    mode: str | None
    reason: str
    reason_id: UUID | None
    span_id: UUID | None = None
    recorded_by: str
    recorded_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    why: str | None = None


async def line_events(
    session: AsyncSession,
    actor: Actor,
    line_id: UUID,
    *,
    start: datetime | None,
    end: datetime | None,
    with_withdrawn: bool,
) -> list[LineEvent]:
    """What was reported of a line for a window (by default the last 24 hours), in order of time."""
    line = await line_queries.line(session, actor, line_id)
    first, last = window(start, end, clock.now())
    before = await queries.state_before(session, line.id, first)
    previous = before.state if before is not None else None
    found: list[LineEvent] = []
    for change in await queries.changes_between(session, line.id, first, last):
        found.append(replace(_of_change(change), previous_status=previous))
        previous = change.state
    spans = await queries.spans_between(session, line.id, first, last)
    found += [_of_span(span) for span in spans if with_withdrawn or span.withdrawn_at is None]
    if with_withdrawn:
        found += [_of_withdrawn(each) for each in await queries.withdrawn_between(session, line.id, first, last)]
    return sorted(found, key=lambda event: (event.event_time, event.recorded_at))


def _of_change(row: LineStateChange | WithdrawnState) -> LineEvent:
    return LineEvent(
        event_type="change",
        event_time=row.at,
        new_status=row.state,
        packml_state=row.packml_state,
        mode=row.mode,
        reason=row.reason,
        reason_id=row.reason_id,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )


def _of_withdrawn(row: WithdrawnState) -> LineEvent:
    return replace(_of_change(row), withdrawn_by=row.withdrawn_by, withdrawn_at=row.withdrawn_at, why=row.why)


def _of_span(row: LineSpan) -> LineEvent:
    return LineEvent(
        event_type="span",
        event_time=row.start_time,
        end_time=row.end_time,
        new_status=row.state,
        packml_state=row.packml_state,
        mode=row.mode,
        reason=row.reason,
        reason_id=row.reason_id,
        span_id=row.id,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=row.withdrawn_at,
        why=row.why,
    )
