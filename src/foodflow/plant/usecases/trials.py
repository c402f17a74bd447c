"""Deeds on trials: planning, changing, starting, completing and cancelling them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.preconditions import require_match
from foodflow.plant.events.trials import TrialCancelled, TrialCompleted, TrialStarted
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import trials as queries
from foodflow.plant.rules.shared import Taken, require_recordable
from foodflow.plant.rules.trials import (
    TrialDeed,
    TrialStatus,
    move,
    require_after_start,
    require_changeable,
    require_plan_in_order,
)
from foodflow.plant.tables.trials import Trial


async def create_trial(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> Trial:
    """Plan a trial on a line."""
    await line_queries.line_for_reference(session, actor, fields["line_id"])
    require_plan_in_order(fields["planned_start_time"], fields["planned_end_time"])
    fields["batch_ids"] = await _batches(session, actor, fields["line_id"], fields["batch_ids"])
    now = clock.now()
    trial = Trial(id=clock.new_id(), status=TrialStatus.PLANNED, created_at=now, updated_at=now, **fields)
    trial.results, trial.observations, trial.learnings, trial.recommendations = {}, "", "", ""
    trial.cancel_reason = ""
    async with unless_taken(session, Taken(f"there is a trial {trial.trial_number} already")):
        session.add(trial)
    audit.record(session, actor, "trial.created", trial.id, number=trial.trial_number)
    return trial


async def change_trial(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> Trial:
    """Change what is known of a trial; what was learnt of it may be added after it is over."""
    trial = await queries.trial_for_update(session, actor, id)
    require_match(session, trial)
    await _change(session, actor, trial, changes)
    audit.record(session, actor, "trial.changed", trial.id, **changes)
    return trial


async def start_trial(session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None) -> Trial:
    """Start a planned trial at `at` (now): from then on the time of its line is engineering time (SEMI E10)."""
    trial = await queries.trial_for_update(session, actor, id)
    require_match(session, trial)
    line = await line_queries.line(session, actor, trial.line_id)
    target = move(TrialDeed.START, trial.status, number=trial.trial_number)
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    trial.status, trial.actual_start_time, trial.updated_at = target, moment, now
    audit.record(session, actor, "trial.started", trial.id, number=trial.trial_number)
    events.tell(session, TrialStarted(**_named(trial), plant_name=line.plant_name))
    return trial


async def complete_trial(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None, findings: dict[str, Any]
) -> Trial:
    """Complete a trial that runs at `at` (now), with what was found out by then."""
    trial = await queries.trial_for_update(session, actor, id)
    require_match(session, trial)
    line = await line_queries.line(session, actor, trial.line_id)
    target = move(TrialDeed.COMPLETE, trial.status, number=trial.trial_number)
    moment = _end(trial, at)
    if findings:
        await _change(session, actor, trial, findings)
    trial.status, trial.actual_end_time, trial.updated_at = target, moment, clock.now()
    audit.record(session, actor, "trial.completed", trial.id, number=trial.trial_number, **findings)
    told = TrialCompleted(**_named(trial), plant_name=line.plant_name, was_successful=trial.was_successful)
    events.tell(session, told)
    return trial


async def cancel_trial(
    session: AsyncSession, actor: Actor, id: UUID, *, at: datetime | None = None, reason: str = ""
) -> Trial:
    """Give up a trial that is planned or runs, at `at` (now); the time that it took stays engineering time."""
    trial = await queries.trial_for_update(session, actor, id)
    require_match(session, trial)
    line = await line_queries.line(session, actor, trial.line_id)
    target = move(TrialDeed.CANCEL, trial.status, number=trial.trial_number)
    moment = _end(trial, at)
    if trial.actual_start_time is not None:
        trial.actual_end_time = moment
    trial.status, trial.cancel_reason, trial.updated_at = target, reason, clock.now()
    audit.record(session, actor, "trial.cancelled", trial.id, number=trial.trial_number, reason=reason)
    events.tell(session, TrialCancelled(**_named(trial), plant_name=line.plant_name, reason=reason))
    return trial


async def _change(session: AsyncSession, actor: Actor, trial: Trial, changes: dict[str, Any]) -> None:
    require_changeable(trial.status, number=trial.trial_number)
    if "batch_ids" in changes:
        changes["batch_ids"] = await _batches(session, actor, trial.line_id, changes["batch_ids"])
    for name, value in changes.items():
        setattr(trial, name, value)
    require_plan_in_order(trial.planned_start_time, trial.planned_end_time)
    trial.updated_at = clock.now()


async def _batches(session: AsyncSession, actor: Actor, line_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """The batches of a trial, each once: they are made on its line."""
    wanted = list(dict.fromkeys(ids))
    known = await batch_queries.batches_of(session, actor, wanted)
    for place, id in enumerate(wanted):
        if id not in known or known[id].line_id != line_id:
            message = f"there is no batch {id} on the trial's line"
            raise Invalid.because(FieldError(f"batch_ids.{place}", message, "plant.trial.other_batch"))
    return wanted


def _end(trial: Trial, at: datetime | None) -> datetime:
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    require_after_start(moment, trial.actual_start_time, number=trial.trial_number)
    return moment


def _named(trial: Trial) -> dict[str, Any]:
    return {"trial_id": trial.id, "trial_number": trial.trial_number, "line_id": trial.line_id}
