"""Deeds on the time of lines: recording what they are doing, and asking for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.intervals import Interval, intervals
from foodflow.plant.events.lines import LineStateRecorded
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as queries
from foodflow.plant.rules.lines import LineState, StateContradicted, require_active
from foodflow.plant.rules.shared import (
    require_recordable,
    window,
)
from foodflow.plant.tables.lines import LineStateChange, ProductionLine
from foodflow.plant.usecases.effectiveness import MEASURE_BATCH


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
    line = await queries.line_for_update(session, actor, line_id)
    require_match(session, line)
    require_active(is_active=line.is_active, number=line.line_number)
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    await enter_state(session, actor, line, state=state, at=moment, reason=reason)
    return line


async def enter_state(
    session: AsyncSession, actor: Actor, line: ProductionLine, *, state: LineState, at: datetime, reason: str = ""
) -> None:
    """Put a change of state into the history of a line that the caller has locked; the same report twice is one."""
    holding = await queries.state_at(session, line.id, at)
    if holding is not None and holding.at == at:
        if (holding.state, holding.reason) == (state, reason):
            return
        raise StateContradicted(f"line {line.line_number} is recorded as {holding.state} at {at.isoformat()} already")
    change = LineStateChange(line_id=line.id, at=at, state=state, reason=reason, batch_id=line.current_batch_id)
    change.recorded_by, change.recorded_at = actor.id, clock.now()
    session.add(change)
    is_latest = line.status_since is None or at >= line.status_since
    if is_latest:
        line.status, line.status_since = state, at
    await _measure_again(
        session, line.id, at, None if is_latest else await queries.next_state_after(session, line.id, at)
    )
    audit.record(session, actor, "line.state_recorded", line.id, state=state, at=at.isoformat(), reason=reason)
    since = at.isoformat().replace("+00:00", "Z")
    events.tell(
        session,
        LineStateRecorded(
            line_id=line.id,
            line_number=line.line_number,
            plant_name=line.plant_name,
            state=state,
            reason=reason,
            since=since,
        ),
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
    await enter_state(session, actor, line, state=LineState.RUNNING, at=at)


async def enter_idle(session: AsyncSession, actor: Actor, line: ProductionLine, *, at: datetime) -> None:
    """Record that a line (locked) is idle since a batch ended, if it was running and nothing else was reported then."""
    holding = await queries.state_at(session, line.id, at)
    if holding is not None and holding.state == LineState.RUNNING and holding.at < at:
        await enter_state(session, actor, line, state=LineState.IDLE, at=at)


async def _measure_again(session: AsyncSession, line_id: UUID, start: datetime, end: datetime | None) -> None:
    """Have the completed batches measured anew in whose time a state from `start` to `end` was reported late."""
    for batch in await batch_queries.completed_between(session, line_id, start, end):
        await jobs.enqueue(session, MEASURE_BATCH, event={"batch_id": str(batch.id)})


async def states(
    session: AsyncSession, actor: Actor, line_id: UUID, *, start: datetime | None, end: datetime | None
) -> list[Interval]:
    """What a line did in a window (by default the last 24 hours), every moment of it in exactly one interval."""
    await queries.line(session, actor, line_id)
    first, last = window(start, end, clock.now())
    return intervals(await queries.state_changes(session, line_id, first, last), start=first, end=last)
