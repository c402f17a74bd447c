"""Deeds on the time of lines: recording what they are doing, correcting it, and asking for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.calendars import occurrences, planned
from foodflow.numerics.intervals import Interval, Span, StateChange, Told, resolved
from foodflow.plant.events.lines import LineStateRecorded
from foodflow.plant.queries import calendars as calendar_queries
from foodflow.plant.queries import downtimes as downtime_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import reasons as reason_queries
from foodflow.plant.queries import states as queries
from foodflow.plant.rules.lines import LineState, StateContradicted, require_active
from foodflow.plant.rules.reasons import require_in_use
from foodflow.plant.rules.shared import require_recordable, window
from foodflow.plant.rules.states import Report, require_span
from foodflow.plant.tables.lines import LineHeartbeat, LineSpan, LineStateChange, ProductionLine, WithdrawnState
from foodflow.plant.usecases.remeasuring import measure_again
from foodflow.plant.usecases.stops import bring_in_step

PATIENCE = timedelta(minutes=5)
"""How far apart heartbeats of one run may lie where a line does not say how long it may be silent."""


@dataclass(frozen=True, slots=True)
class LineTimes:
    """What some lines did in a window, and of each the change that held when it began, if there was one."""

    intervals: Mapping[UUID, list[Interval]]
    holding: Mapping[UUID, StateChange]


async def record_state(
    session: AsyncSession,
    actor: Actor,
    line_id: UUID,
    *,
    state: LineState,
    at: datetime | None = None,
    reason: str = "",
) -> ProductionLine:
    """Record that a line is in a state since `at` (now). A report that comes late finds its place in the past."""
    return await report_state(session, actor, line_id, Report(state=state, reason=reason), at=at)


async def report_state(
    session: AsyncSession, actor: Actor, line_id: UUID, report: Report, *, at: datetime | None = None
) -> ProductionLine:
    """Record what somebody or a machine says that a line is doing since `at` (now)."""
    line = await line_queries.line_for_update(session, actor, line_id)
    require_match(session, line)
    require_active(is_active=line.is_active, number=line.line_number)
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    await _require_reason(session, report)
    await enter_state(session, actor, line, report, at=moment)
    return line


async def enter_state(
    session: AsyncSession, actor: Actor, line: ProductionLine, report: Report, *, at: datetime
) -> None:
    """Put a change of state into the history of a line that the caller has locked; the same report twice is one."""
    holding = await queries.state_at(session, line.id, at)
    if holding is not None and holding.at == at:
        if _said(holding) == replace(report, mark=holding.mark):
            return
        raise StateContradicted(f"line {line.line_number} is recorded as {holding.state} at {at.isoformat()} already")
    change = LineStateChange(line_id=line.id, at=at, batch_id=line.current_batch_id)
    _say(change, actor, report)
    session.add(change)
    is_latest = line.status_since is None or at >= line.status_since
    if is_latest:
        line.status, line.status_since = report.state, at
    end = None if is_latest else await queries.next_state_after(session, line.id, at)
    _tell(session, line, change)
    await _changed(session, actor, line, start=at, end=end)
    audit.record(
        session, actor, "line.state_recorded", line.id, state=report.state, at=at.isoformat(), reason=report.reason
    )


async def enter_running(session: AsyncSession, actor: Actor, line: ProductionLine, *, at: datetime) -> None:
    """Record that a line (locked) runs since a batch began; idleness from the end of a batch to this very moment is
    none.
    """
    holding = await queries.state_at(session, line.id, at)
    if holding is not None and holding.at == at:
        if holding.state == LineState.RUNNING:
            return
        if holding.state == LineState.IDLE and not holding.reason:
            await session.delete(holding)
            await session.flush()
    await enter_state(session, actor, line, Report(state=LineState.RUNNING), at=at)


async def enter_idle(session: AsyncSession, actor: Actor, line: ProductionLine, *, at: datetime) -> None:
    """Record that a line (locked) is idle since a batch ended, if it was running and nothing else was reported then."""
    holding = await queries.state_at(session, line.id, at)
    if holding is not None and holding.state == LineState.RUNNING and holding.at < at:
        await enter_state(session, actor, line, Report(state=LineState.IDLE), at=at)


async def replace_state(
    session: AsyncSession, actor: Actor, line_id: UUID, report: Report, *, at: datetime, why: str
) -> ProductionLine:
    """Correct what was reported of a line for a moment; the report that was there is kept as withdrawn."""
    line = await line_queries.line_for_update(session, actor, line_id)
    require_match(session, line)
    row = await queries.reported_at(session, line.id, at)
    await _require_reason(session, report)
    if _said(row) == replace(report, mark=row.mark):
        return line
    _keep(session, actor, row, why)
    _say(row, actor, replace(report, mark=row.mark))
    await _corrected(session, actor, line, at=at)
    audit.record(session, actor, "line.state_corrected", line.id, state=report.state, at=at.isoformat(), why=why)
    _tell(session, line, row)
    return line


async def withdraw_state(session: AsyncSession, actor: Actor, line_id: UUID, *, at: datetime, why: str) -> None:
    """Withdraw what was reported of a line for a moment: the state before it goes on; the report is kept."""
    line = await line_queries.line_for_update(session, actor, line_id)
    row = await queries.reported_at(session, line.id, at)
    _keep(session, actor, row, why)
    await session.delete(row)
    await _corrected(session, actor, line, at=at)
    audit.record(session, actor, "line.state_withdrawn", line.id, state=row.state, at=at.isoformat(), why=why)
    holding = await queries.state_at(session, line.id, at)
    if holding is not None:
        _tell(session, line, holding)


async def record_span(
    session: AsyncSession, actor: Actor, line_id: UUID, report: Report, *, start: datetime, end: datetime
) -> LineSpan:
    """Record what a line did from `start` to `end`, whatever else is reported of it; after that it goes on as before.
    Of spans that overlap, the one recorded last holds.
    """
    line = await line_queries.line_for_update(session, actor, line_id)
    require_active(is_active=line.is_active, number=line.line_number)
    now = clock.now()
    require_recordable(start, now, field="start_time")
    require_recordable(end, now, field="end_time")
    require_span(start, end)
    await _require_reason(session, report)
    return await lay_span(session, actor, line, report, start=start, end=end)


async def lay_span(
    session: AsyncSession, actor: Actor, line: ProductionLine, report: Report, *, start: datetime, end: datetime
) -> LineSpan:
    """Lay a span over the history of a line that the caller has locked."""
    span = LineSpan(id=clock.new_id(), line_id=line.id, start_time=start, end_time=end)
    span.state, span.reason, span.reason_id = report.state, report.reason, report.reason_id
    span.packml_state, span.mode = report.packml_state, report.mode
    span.recorded_by, span.recorded_at = actor.id, clock.now()
    session.add(span)
    await _changed(session, actor, line, start=start, end=end)
    said = {"state": report.state, "start": start.isoformat(), "end": end.isoformat(), "reason": report.reason}
    audit.record(session, actor, "line.span_recorded", line.id, **said)
    return span


async def withdraw_span(session: AsyncSession, actor: Actor, line_id: UUID, id: UUID, *, why: str) -> None:
    """Withdraw a span: what lies below it shows again; the span is kept."""
    line = await line_queries.line_for_update(session, actor, line_id)
    span = await queries.span_for_update(session, line.id, id)
    span.withdrawn_by, span.withdrawn_at, span.why = actor.id, clock.now(), why
    await _changed(session, actor, line, start=span.start_time, end=span.end_time)
    audit.record(session, actor, "line.span_withdrawn", line.id, span=str(id), why=why)


async def beat(session: AsyncSession, actor: Actor, line_id: UUID) -> datetime:
    """Note that a line is there, even where nothing changes; beats that follow closely enough are one run."""
    line = await line_queries.line_for_reference(session, actor, line_id)
    now = clock.now()
    silent = timedelta(seconds=line.silent_after_seconds) if line.silent_after_seconds is not None else PATIENCE
    run = await queries.latest_heartbeat_for_update(session, line.id)
    if run is not None and now - run.last_at <= silent:
        run.last_at = max(run.last_at, now)
    else:
        session.add(LineHeartbeat(line_id=line.id, first_at=now, last_at=now))
    return now


async def states(
    session: AsyncSession, actor: Actor, line_id: UUID, *, start: datetime | None, end: datetime | None
) -> list[Interval]:
    """What a line did in a window (by default the last 24 hours), every moment of it in exactly one interval."""
    line = await line_queries.line(session, actor, line_id)
    first, last = window(start, end, clock.now())
    return (await line_intervals(session, [line], first, last))[line.id]


async def line_intervals(
    session: AsyncSession, lines: Sequence[ProductionLine], start: datetime, end: datetime
) -> Mapping[UUID, list[Interval]]:
    """What each line did in [start, end) by all rules of `numerics.intervals`, and which stop each part of it belongs
    to; as many statements for a hundred lines as for one.
    """
    return (await line_times(session, lines, start, end)).intervals


async def line_times(
    session: AsyncSession, lines: Sequence[ProductionLine], start: datetime, end: datetime
) -> LineTimes:
    """The intervals of each line in [start, end), and the change that each was in at `start`."""
    if not lines:
        return LineTimes({}, {})
    ids = [line.id for line in lines]
    changes = await queries.changes_of(session, ids, start, end)
    spans = await queries.spans_of(session, ids, start, end)
    watched = [line.id for line in lines if line.silent_after_seconds is not None]
    silences = await queries.silences_of(session, watched, start, end) if watched else {}
    stops = await downtime_queries.labels_of(session, ids, start, end)
    work = await _planned(session, {line.plant_name for line in lines} - {""}, start, end)
    told = {
        line.id: Told(
            changes=changes.get(line.id, ()),
            silences=silences.get(line.id, ()),
            spans=spans.get(line.id, ()),
            stops=stops.get(line.id, ()),
            planned=work.get(line.plant_name),
        )
        for line in lines
    }
    holding = {id: each[0] for id, each in changes.items() if each[0].at <= start}
    return LineTimes({id: resolved(each, start=start, end=end) for id, each in told.items()}, holding)


async def _planned(
    session: AsyncSession, plant_names: set[str], start: datetime, end: datetime
) -> dict[str, list[Span]]:
    """The planned time of the sites that have a calendar."""
    found = await calendar_queries.calendars_of(session, plant_names) if plant_names else {}
    return {name: planned(occurrences(calendar, start, end)) for name, calendar in found.items()}


async def _changed(
    session: AsyncSession, actor: Actor, line: ProductionLine, *, start: datetime, end: datetime | None
) -> None:
    """What follows when the time of a line between two moments is another."""
    await measure_again(session, line.id, start, end)
    await bring_in_step(session, actor, line, start=start, end=end)


async def _corrected(session: AsyncSession, actor: Actor, line: ProductionLine, *, at: datetime) -> None:
    await session.flush()
    latest = await queries.latest_state(session, line.id)
    line.status = latest.state if latest is not None else None
    line.status_since = latest.at if latest is not None else None
    await _changed(session, actor, line, start=at, end=await queries.next_state_after(session, line.id, at))


async def _require_reason(session: AsyncSession, report: Report) -> None:
    """A reason that is given with a state exists, is in use, and is one of a stop."""
    if report.reason_id is not None:
        reason = await reason_queries.reason_for_reference(session, report.reason_id)
        require_in_use(is_active=reason.is_active, code=reason.code)


def _said(row: LineStateChange) -> Report:
    return Report(
        state=LineState(row.state),
        reason=row.reason,
        packml_state=row.packml_state,
        mode=row.mode,
        reason_id=row.reason_id,
        mark=row.mark,
    )


def _say(row: LineStateChange, actor: Actor, report: Report) -> None:
    row.state, row.reason, row.reason_id, row.mark = report.state, report.reason, report.reason_id, report.mark
    row.packml_state, row.mode = report.packml_state, report.mode
    row.recorded_by, row.recorded_at = actor.id, clock.now()


def _keep(session: AsyncSession, actor: Actor, row: LineStateChange, why: str) -> None:
    """Keep a report that holds no longer."""
    kept = WithdrawnState(id=clock.new_id(), line_id=row.line_id, at=row.at, state=row.state, reason=row.reason)
    kept.packml_state, kept.mode, kept.reason_id = row.packml_state, row.mode, row.reason_id
    kept.recorded_by, kept.recorded_at = row.recorded_by, row.recorded_at
    kept.withdrawn_by, kept.withdrawn_at, kept.why = actor.id, clock.now(), why
    session.add(kept)


def _tell(session: AsyncSession, line: ProductionLine, change: LineStateChange) -> None:
    events.tell(
        session,
        LineStateRecorded(
            line_id=line.id,
            line_number=line.line_number,
            plant_name=line.plant_name,
            state=change.state,
            reason=change.reason,
            since=change.at.isoformat().replace("+00:00", "Z"),
        ),
    )
