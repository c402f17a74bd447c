"""Deeds that move a batch: start, hold, resume, complete and cancel, each written into its history.

A batch has its line from its start until it is completed or cancelled, or held in such a way that the line is released;
from resuming on it has it again. All deeds lock the line first and the batch second.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.preconditions import require_match
from foodflow.plant.events.batches import BatchCancelled, BatchCompleted, BatchHeld, BatchResumed, BatchStarted
from foodflow.plant.queries import batches as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.rules.batches import (
    BatchDeed,
    BatchStatus,
    move,
    require_after_counts,
    require_after_moves,
    require_after_start,
)
from foodflow.plant.rules.lines import LineBusy, require_active, require_free
from foodflow.plant.rules.shared import require_recordable
from foodflow.plant.tables.batches import BatchMove, BatchRun, ProductionBatch
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.usecases import states
from foodflow.plant.usecases.batches import named

_MICROSECOND = timedelta(microseconds=1)
_PAST = {
    BatchDeed.START: "started",
    BatchDeed.HOLD: "held",
    BatchDeed.RESUME: "resumed",
    BatchDeed.COMPLETE: "completed",
    BatchDeed.CANCEL: "cancelled",
}


async def start_batch(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None, reason: str = ""
) -> ProductionBatch:
    """Start a planned batch on its line, which runs since `at` (now)."""
    batch, line = await _locked(session, actor, id)
    await _take_line(session, actor, batch, line, deed=BatchDeed.START, at=at, reason=reason)
    events.tell(session, BatchStarted(**named(batch, line)))
    return batch


async def hold_batch(
    session: AsyncSession,
    actor: Actor,
    id: UUID,
    *,
    at: datetime | None = None,
    reason: str = "",
    release_line: bool = False,
) -> ProductionBatch:
    """Hold a batch in progress at `at` (now). It keeps its line unless that is released; a line that was running then
    is idle since, any other state stays.
    """
    batch, line = await _locked(session, actor, id)
    target = move(BatchDeed.HOLD, batch.status, number=batch.batch_number)
    moment = await _ending_moment(session, batch, at)
    await states.enter_idle(session, actor, line, at=moment)
    if release_line:
        await _leave_line(session, batch, line, at=moment)
    await _write(
        session, actor, batch, deed=BatchDeed.HOLD, target=target, at=moment, reason=reason, released=release_line
    )
    batch.held_since = moment
    events.tell(session, BatchHeld(**named(batch, line), reason=reason, line_released=release_line))
    return batch


async def resume_batch(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None, reason: str = ""
) -> ProductionBatch:
    """Go on with a batch on hold since `at` (now): on the line that it kept, or takes again if that is free."""
    batch, line = await _locked(session, actor, id)
    await _take_line(session, actor, batch, line, deed=BatchDeed.RESUME, at=at, reason=reason)
    events.tell(session, BatchResumed(**named(batch, line), reason=reason))
    return batch


async def complete_batch(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None, reason: str = ""
) -> ProductionBatch:
    """Complete a batch in progress at `at` (now); a line that was running then is idle since, any other state stays."""
    batch, line = await _locked(session, actor, id)
    target = move(BatchDeed.COMPLETE, batch.status, number=batch.batch_number)
    moment = await _ending_moment(session, batch, at)
    await states.enter_idle(session, actor, line, at=moment)
    await _leave_line(session, batch, line, at=moment)
    await _write(session, actor, batch, deed=BatchDeed.COMPLETE, target=target, at=moment, reason=reason, released=True)
    batch.actual_end_time = moment
    events.tell(session, BatchCompleted(**named(batch, line), **_made(batch)))
    return batch


async def cancel_batch(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None, reason: str = ""
) -> ProductionBatch:
    """Give a batch up at `at` (now), wherever it stands before it is over. Its line is free; what was counted stays
    counted, as what the line made.
    """
    batch, line = await _locked(session, actor, id)
    target = move(BatchDeed.CANCEL, batch.status, number=batch.batch_number)
    has_line = line.current_batch_id == batch.id
    moment = await _ending_moment(session, batch, at)
    if has_line:
        await states.enter_idle(session, actor, line, at=moment)
        await _leave_line(session, batch, line, at=moment)
    await _write(
        session, actor, batch, deed=BatchDeed.CANCEL, target=target, at=moment, reason=reason, released=has_line
    )
    batch.held_since = None
    if batch.actual_start_time is not None:
        batch.actual_end_time = moment
    events.tell(session, BatchCancelled(**named(batch, line), reason=reason, **_made(batch)))
    return batch


async def _locked(session: AsyncSession, actor: Actor, id: UUID) -> tuple[ProductionBatch, ProductionLine]:
    line = await line_queries.line_for_update(session, actor, (await queries.batch(session, actor, id)).line_id)
    batch = await queries.batch_for_update(session, actor, id)
    require_match(session, batch)
    return batch, line


async def _take_line(  # noqa: PLR0913 - which batch begins on which line, when and why
    session: AsyncSession,
    actor: Actor,
    batch: ProductionBatch,
    line: ProductionLine,
    *,
    deed: BatchDeed,
    at: datetime | None,
    reason: str,
) -> None:
    """Let a batch be in progress on its line, which runs since then."""
    target = move(deed, batch.status, number=batch.batch_number)
    require_active(is_active=line.is_active, number=line.line_number)
    now = clock.now()
    last = await queries.last_move(session, batch.id)
    moment = at or (max(now, last.at + _MICROSECOND) if last else now)
    require_recordable(moment, now)
    require_after_moves(moment, last.at if last else None, number=batch.batch_number)
    if line.current_batch_id != batch.id:
        require_free(line.current_batch_id, number=line.line_number)
        await _require_unoccupied(session, batch, line, start=moment, end=moment + _MICROSECOND)
        session.add(BatchRun(batch_id=batch.id, line_id=line.id, start_time=moment))
        line.current_batch_id = batch.id
    await states.enter_running(session, actor, line, at=moment)
    await _write(session, actor, batch, deed=deed, target=target, at=moment, reason=reason, released=False)
    batch.held_since = None
    if deed == BatchDeed.START:
        batch.actual_start_time = moment


async def _ending_moment(session: AsyncSession, batch: ProductionBatch, at: datetime | None) -> datetime:
    """When a batch stops being made: after all that happened to it, and not before what was counted of it."""
    now = clock.now()
    counted, last = await queries.last_counted(session, batch.id), await queries.last_move(session, batch.id)
    # Another process, which counted or moved it, may be a moment ahead.
    moment = at or max(now, counted or now, last.at + _MICROSECOND if last else now)
    require_recordable(moment, now)
    require_after_start(moment, batch.actual_start_time, number=batch.batch_number)
    require_after_moves(moment, last.at if last else None, number=batch.batch_number)
    require_after_counts(moment, counted, number=batch.batch_number)
    return moment


async def _leave_line(session: AsyncSession, batch: ProductionBatch, line: ProductionLine, *, at: datetime) -> None:
    run = (await queries.runs(session, batch.id))[-1]
    await _require_unoccupied(session, batch, line, start=run.start_time, end=at)
    run.end_time, line.current_batch_id = at, None


async def _require_unoccupied(
    session: AsyncSession, batch: ProductionBatch, line: ProductionLine, *, start: datetime, end: datetime
) -> None:
    """A line makes one batch at a time, in what is recorded late too: else two of them would count the same items."""
    for other, number in await queries.others_on_line(session, batch, start, end):
        until = f"to {other.end_time:%Y-%m-%dT%H:%M:%SZ}" if other.end_time else "on"
        raise LineBusy(
            f"line {line.line_number} made batch {number} from {other.start_time:%Y-%m-%dT%H:%M:%SZ} {until}"
        )


async def _write(  # noqa: PLR0913 - what happened to a batch, as its history keeps it
    session: AsyncSession,
    actor: Actor,
    batch: ProductionBatch,
    *,
    deed: BatchDeed,
    target: BatchStatus,
    at: datetime,
    reason: str,
    released: bool,
) -> None:
    now, last = clock.now(), await queries.last_move(session, batch.id)
    step = BatchMove(batch_id=batch.id, number=last.number + 1 if last else 1, at=at, line_released=released)
    step.from_status, step.to_status, step.reason = batch.status, target, reason
    step.recorded_by, step.recorded_at = actor.id, now
    session.add(step)
    batch.status, batch.updated_at = target, now
    why = {"reason": reason} if reason else {}
    audit.record(session, actor, f"batch.{_PAST[deed]}", batch.id, number=batch.batch_number, **why)


def _made(batch: ProductionBatch) -> dict[str, Any]:
    return {
        "good_quantity": float(batch.good_quantity),
        "scrap_quantity": float(batch.scrap_quantity),
        "rework_quantity": float(batch.rework_quantity),
    }
