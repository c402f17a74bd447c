"""Deeds on lines: setting them up, recording their state and what they make, and asking for their effectiveness."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events, jobs, live
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.numerics import oee
from foodflow.numerics.intervals import Interval, intervals
from foodflow.plant import rules
from foodflow.plant.events import READ, LineStateRecorded
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as queries
from foodflow.plant.rules import LineState
from foodflow.plant.tables import LineStateChange, ProductionBatch, ProductionCount, ProductionLine

MEASURE_BATCH = "plant.measure_completed_batch"
"""The job that measures a completed batch, and measures it again when something of its time is reported late."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LineEffectiveness:
    """A line's effectiveness over [start, end), the elements it is made of, and the version of the formula."""

    start: datetime
    end: datetime
    elements: oee.Elements
    ratios: oee.Effectiveness
    version: int = oee.VERSION


async def create_line(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> ProductionLine:
    """Set up a line at a site that the actor is for; its state is unknown until the first one is recorded."""
    rules.require_own_site(actor, fields["plant_name"])
    now = clock.now()
    line = ProductionLine(id=clock.new_id(), is_active=True, created_at=now, updated_at=now, **fields)
    async with unless_taken(session, rules.Taken(f"there is a line {line.line_number} already")):
        session.add(line)
    audit.record(session, actor, "line.created", line.id, number=line.line_number)
    return line


async def find_or_create(session: AsyncSession, actor: Actor, number: str) -> ProductionLine:
    """The line of a number; one that does not exist yet is set up under that name."""
    rules.require_name("line", number, longest=rules.MAX_NUMBER)
    try:
        return await queries.line_numbered(session, actor, number)
    except rules.LineNotFound:
        pass
    try:
        texts = dict.fromkeys(("description", "plant_name", "location"), "")
        return await create_line(session, actor, {"line_number": number, "name": number, **texts})
    except rules.Taken:  # by somebody who set it up at the same time
        return await queries.line_numbered(session, actor, number)


async def change_line(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> ProductionLine:
    """Change what is known of a line; its state and its number have deeds (or none) of their own."""
    line = await queries.line_for_update(session, actor, id)
    require_match(session, line)
    rules.require_own_site(actor, changes.get("plant_name", line.plant_name))
    for name, value in changes.items():
        setattr(line, name, value)
    line.updated_at = clock.now()
    audit.record(session, actor, "line.changed", line.id, **changes)
    return line


async def delete_line(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a line of which nothing was ever recorded; refused where history would be lost."""
    line = await queries.line_for_update(session, actor, id)
    require_match(session, line)
    if await queries.line_has_history(session, id):
        raise rules.InUse(f"line {line.line_number} has history; set is_active to false instead")
    audit.record(session, actor, "line.deleted", line.id, number=line.line_number)
    await session.delete(line)


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
    rules.require_active(is_active=line.is_active, number=line.line_number)
    now = clock.now()
    moment = at or now
    rules.require_recordable(moment, now)
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
        raise rules.StateContradicted(
            f"line {line.line_number} is recorded as {holding.state} at {at.isoformat()} already"
        )
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


async def record_count(  # noqa: PLR0913 - what was made, when, of which batch, and why some was scrapped
    session: AsyncSession,
    actor: Actor,
    line_id: UUID,
    *,
    good: Decimal,
    scrap: Decimal,
    at: datetime | None = None,
    batch_id: UUID | None = None,
    scrap_reason: str = "",
) -> ProductionCount:
    """Record what a line made up to `at` since the last report; it belongs to the batch in progress, if that had begun.

    Refused for a batch that is completed, named or by its time: what it made is final.
    """
    line = await queries.line_for_update(session, actor, line_id)
    now = clock.now()
    rules.require_recordable(at or now, now)
    moment = min(at or now, now)  # by a clock that is a little fast: nothing is made in the future
    batch = await _batch_of_count(session, actor, line, named=batch_id, at=moment)
    count = ProductionCount(id=clock.new_id(), line_id=line.id, at=moment, good=good, scrap=scrap, recorded_by=actor.id)
    count.scrap_reason, count.ideal_speed = scrap_reason, line.design_speed
    if batch is not None:
        count.batch_id = batch.id
        count.ideal_speed = batch.target_speed or line.design_speed
        batch.good_quantity += good
        batch.scrap_quantity += scrap
    session.add(count)
    made = {"good": good, "scrap": scrap, "at": moment.isoformat(), "batch": count.batch_id}
    audit.record(session, actor, "line.counted", line.id, **made)
    topic, site = f"plant.line/{line.id}", line.plant_name
    live.publish(session, topic=topic, type="plant.line.counted", needs=READ, data={}, site=site)
    return count


async def _batch_of_count(
    session: AsyncSession, actor: Actor, line: ProductionLine, *, named: UUID | None, at: datetime
) -> ProductionBatch | None:
    if named is not None:
        return await _named_batch(session, actor, line, named, at=at)
    if line.current_batch_id is not None:
        batch = await batch_queries.batch_for_update(session, actor, line.current_batch_id)
        if batch.actual_start_time is not None and at > batch.actual_start_time:
            return batch
    for made in await batch_queries.completed_between(session, line.id, at - _MICROSECOND, at):
        raise rules.BatchNotInProgress(
            f"at {at.isoformat()} line {line.line_number} made batch {made.batch_number}, which is completed"
        )
    return None


async def _named_batch(
    session: AsyncSession, actor: Actor, line: ProductionLine, id: UUID, *, at: datetime
) -> ProductionBatch:
    batch = await batch_queries.batch_for_update(session, actor, id)
    if batch.line_id != line.id:
        raise rules.BatchNotInProgress(f"batch {batch.batch_number} is not made on line {line.line_number}")
    rules.require_in_progress(batch.status, number=batch.batch_number)
    rules.require_after_start(at, batch.actual_start_time, number=batch.batch_number)
    return batch


async def effectiveness(
    session: AsyncSession, actor: Actor, line_id: UUID, *, start: datetime | None, end: datetime | None
) -> LineEffectiveness:
    """A line's effectiveness over a window (by default the last 24 hours) after ISO 22400-2; see `numerics.oee`."""
    await queries.line(session, actor, line_id)
    first, last = rules.window(start, end, clock.now())
    return await measured(session, line_id, first, last)


async def states(
    session: AsyncSession, actor: Actor, line_id: UUID, *, start: datetime | None, end: datetime | None
) -> list[Interval]:
    """What a line did in a window (by default the last 24 hours), every moment of it in exactly one interval."""
    await queries.line(session, actor, line_id)
    first, last = rules.window(start, end, clock.now())
    return intervals(await queries.state_changes(session, line_id, first, last), start=first, end=last)


async def measured(session: AsyncSession, line_id: UUID, start: datetime, end: datetime) -> LineEffectiveness:
    """The effectiveness of a line over exactly [start, end), from its recorded states and counts."""
    changes = await queries.state_changes(session, line_id, start, end)
    made = await queries.amounts(session, line_id, start, end)
    elements = oee.elements_of(oee.line_time(changes, start=start, end=end), made)
    return LineEffectiveness(start, end, elements, oee.oee(elements))
