"""Deeds on stops: recording, describing, ending and splitting them, and saying why they were."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import downtimes as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import reasons as reason_queries
from foodflow.plant.queries import states as state_queries
from foodflow.plant.rules.downtimes import (
    AlreadyResponded,
    DowntimeOpen,
    Stop,
    is_micro,
    require_inside,
    require_no_earlier,
    require_not_ended,
)
from foodflow.plant.rules.lines import LineState, require_active
from foodflow.plant.rules.reasons import require_in_use, state_for
from foodflow.plant.rules.shared import require_recordable
from foodflow.plant.rules.states import Report, require_span
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.reasons import StopReason
from foodflow.plant.usecases import states
from foodflow.plant.usecases.stops import give_reason

RESUMES = frozenset({LineState.RUNNING, LineState.IDLE})
"""States that a line goes back to when its stop ends; from any other it is idle."""


async def record_downtime(session: AsyncSession, actor: Actor, fields: Mapping[str, Any]) -> Downtime:
    """Record that a line stands since `start_time` (now), or stood until `end_time`; the line's state follows."""
    line = await line_queries.line_for_update(session, actor, fields["line_id"])
    require_active(is_active=line.is_active, number=line.line_number)
    now = clock.now()
    start, end = fields.get("start_time") or now, fields.get("end_time")
    require_recordable(start, now, field="start_time")
    reason = await _wanted_reason(session, fields)
    report = _report_of(fields, reason)
    if end is None:
        await _require_not_standing(session, line, start)
        await states.enter_state(session, actor, line, report, at=start)
    else:
        require_recordable(end, now, field="end_time")
        require_span(start, end)
        await states.lay_span(session, actor, line, report, start=start, end=end)
    record = await _beginning_at(session, line, start)
    _describe(record, fields, reason)
    _judge(record, line)
    audit.record(session, actor, "downtime.recorded", record.id, line=line.line_number, start=start.isoformat())
    return record


async def change_downtime(session: AsyncSession, actor: Actor, id: UUID, changes: Mapping[str, Any]) -> Downtime:
    """Change what is said of a stop; `end_time` ends one that lasts. Its times are otherwise those of the line."""
    line, record = await _line_and_stop(session, actor, id)
    require_match(session, record)
    if changes.get("end_time") is not None:
        await _end(session, actor, line, record, at=changes["end_time"])
    reason = await _wanted_reason(session, changes)
    _describe(record, changes, reason)
    if changes.get("resolution"):
        record.resolved_by = actor.id
    _judge(record, line)
    audit.record(session, actor, "downtime.changed", record.id, **_plain(changes))
    return record


async def end_downtime(session: AsyncSession, actor: Actor, id: UUID, changes: Mapping[str, Any]) -> Downtime:
    """End a stop that lasts, at `end_time` (now): the line goes on as it was before."""
    line, record = await _line_and_stop(session, actor, id)
    require_match(session, record)
    await _end(session, actor, line, record, at=changes.get("end_time"))
    reason = await _wanted_reason(session, changes)
    _describe(record, changes, reason)
    record.resolved_by = actor.id
    _judge(record, line)
    audit.record(session, actor, "downtime.ended", record.id, **_plain(changes))
    return record


async def respond(session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None) -> Downtime:
    """Note that somebody has come to a stop, at `at` (now)."""
    record = await queries.downtime_for_update(session, actor, id)
    require_match(session, record)
    if record.responded_at is not None:
        raise AlreadyResponded(f"somebody came to this stop at {record.responded_at.isoformat()} already")
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    require_no_earlier(moment, record.start_time, field="at")
    record.responded_at, record.responded_by, record.updated_at = moment, actor.id, now
    audit.record(session, actor, "downtime.responded", record.id, at=moment.isoformat())
    return record


async def split(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime, reason_id: UUID | None
) -> Sequence[Downtime]:
    """Split a stop at a moment within it: what comes after is a stop of its own, for another reason if one is given."""
    line, record = await _line_and_stop(session, actor, id)
    require_match(session, record)
    require_inside(at, record.start_time, record.end_time, clock.now())
    reason = await _wanted_reason(session, {"reason_id": reason_id})
    detail, end = record.reason_detail if reason is None else "", record.end_time
    report = Report(state=LineState(record.state), reason=detail, reason_id=reason_id, mark=clock.new_id())
    if end is not None:
        await states.lay_span(session, actor, line, report, start=at, end=end)
    else:
        await _begin_anew(session, actor, line, report, at=at)
    after = await _beginning_at(session, line, at)
    _judge(after, line)
    _judge(record, line)
    audit.record(session, actor, "downtime.split", record.id, at=at.isoformat(), into=str(after.id))
    return [record, after]


async def assign_reason(
    session: AsyncSession, actor: Actor, ids: Sequence[UUID], *, reason_id: UUID, detail: str
) -> Sequence[Downtime]:
    """Say for several stops at once why they were: all of them or none."""
    reason = await _wanted_reason(session, {"reason_id": reason_id})
    records = await queries.downtimes_for_update(session, actor, ids)
    lines = {line.id: line for line in await line_queries.lines_of(session, [each.line_id for each in records])}
    for record in records:
        _describe(record, {"reason_detail": detail} if detail else {}, reason)
        _judge(record, lines[record.line_id])
        audit.record(session, actor, "downtime.reason_assigned", record.id, reason=str(reason_id))
    return records


async def _line_and_stop(session: AsyncSession, actor: Actor, id: UUID) -> tuple[ProductionLine, Downtime]:
    """A stop and its line, both locked, the line first."""
    line_id = (await queries.downtime(session, actor, id)).line_id
    line = await line_queries.line_for_update(session, actor, line_id)
    return line, await queries.downtime_for_update(session, actor, id)


async def _end(
    session: AsyncSession, actor: Actor, line: ProductionLine, record: Downtime, *, at: datetime | None
) -> None:
    require_not_ended(record.end_time, number=line.line_number)
    now = clock.now()
    moment = at or now
    require_recordable(moment, now, field="end_time")
    require_no_earlier(moment, record.start_time, field="end_time")
    before = await state_queries.state_before(session, line.id, record.start_time)
    resumed = LineState(before.state) if before is not None and before.state in RESUMES else LineState.IDLE
    if line.current_batch_id is not None:
        resumed = LineState.RUNNING
    await states.enter_state(session, actor, line, Report(state=resumed), at=moment)


async def _begin_anew(
    session: AsyncSession, actor: Actor, line: ProductionLine, report: Report, *, at: datetime
) -> None:
    """Let a stop that lasts begin anew at a moment, at which the same may be reported already."""
    holding = await state_queries.state_at(session, line.id, at)
    if holding is None or holding.at != at:
        await states.enter_state(session, actor, line, report, at=at)
        return
    why = "split"
    await states.replace_state(session, actor, line.id, report, at=at, why=why)


async def _beginning_at(session: AsyncSession, line: ProductionLine, at: datetime) -> Downtime:
    record = await queries.standing_at(session, line.id, at)
    if record is None:
        message = "the line is not recorded as standing then"
        raise Invalid.because(FieldError("start_time", message, "plant.downtime.not_standing"))
    return record


async def _require_not_standing(session: AsyncSession, line: ProductionLine, at: datetime) -> None:
    there = await queries.standing_at(session, line.id, at)
    if there is not None:
        since = there.start_time.isoformat()
        raise DowntimeOpen(f"line {line.line_number} stands since {since} already (stop {there.id}); describe that one")


async def _wanted_reason(session: AsyncSession, fields: Mapping[str, Any]) -> StopReason | None:
    """The reason that is named by its id, or by a category that one reason stands for."""
    if fields.get("reason_id") is not None:
        reason = await reason_queries.reason_for_reference(session, fields["reason_id"])
        require_in_use(is_active=reason.is_active, code=reason.code)
        return reason
    category = fields.get("reason_category")
    if category is None:
        return None
    found = await reason_queries.reason_of_category(session, category)
    if found is None:
        message = f"no reason in use is of the category {category}"
        raise Invalid.because(FieldError("reason_category", message, "plant.reason.no_such_category"))
    return found


def _report_of(fields: Mapping[str, Any], reason: StopReason | None) -> Report:
    state = LineState.DOWNTIME
    if reason is not None:
        given = fields.get("is_planned")
        is_planned = reason.is_planned if given is None else given
        state = state_for(reason.category, reason.loss, is_planned=is_planned)
    detail, reason_id = fields.get("reason_detail") or "", reason.id if reason is not None else None
    return Report(state=state, reason=detail, reason_id=reason_id, mark=clock.new_id())


def _describe(record: Downtime, fields: Mapping[str, Any], reason: StopReason | None) -> None:
    """Write down what is said of a stop."""
    if reason is not None:
        give_reason(record, reason)
    for name in ("reason_detail", "root_cause", "resolution", "preventive_action", "units_lost"):
        if name in fields:
            setattr(record, name, fields[name])
    if fields.get("is_planned") is not None:
        record.is_planned = fields["is_planned"]
    record.updated_at = clock.now()


def _judge(record: Downtime, line: ProductionLine) -> None:
    """Whether a stop is a micro-stop, now that more is known of it."""
    stop = Stop(record.start_time, record.end_time, record.state, record.reason_detail, record.reason_id)
    record.is_micro = is_micro(stop, is_planned=record.is_planned, below_seconds=line.micro_stop_seconds)


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}
