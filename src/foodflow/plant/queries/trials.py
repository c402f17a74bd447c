"""Trials, and when lines were tried out on."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.trials import TrialNotFound, TrialStatus
from foodflow.plant.tables.trials import Trial

LISTING = Listing(
    key=Trial.id,
    order="-created_at",
    filters={
        "line_id": Filter(Trial.line_id, UUID),
        "status": Filter(Trial.status, TrialStatus),
        "product_code": Filter(Trial.product_code),
        "batch_id": Filter(Trial.batch_ids, UUID),
        "was_successful": Filter(Trial.was_successful, bool),
        "planned_start_time": Filter(Trial.planned_start_time, datetime, ranges=True),
        "actual_start_time": Filter(Trial.actual_start_time, datetime, ranges=True),
    },
    orderings={
        "trial_number": Trial.trial_number,
        "name": Trial.name,
        "status": Trial.status,
        "planned_start_time": Trial.planned_start_time,
        "actual_start_time": Trial.actual_start_time,
        "created_at": Trial.created_at,
    },
    searches=(Trial.trial_number, Trial.name, Trial.product_code),
    export="trials",
)


@dataclass(frozen=True, slots=True)
class TrialTime:
    """A trial had its line from `start` until `end` (None: it still has)."""

    trial_id: UUID
    start: datetime
    end: datetime | None


def trials(actor: Actor) -> Select[Trial]:
    """The trials that exist for an actor."""
    return on_own_lines(select(Trial), actor, Trial.line_id)


async def trial(session: AsyncSession, actor: Actor, id: UUID) -> Trial:
    """A trial, or a refusal."""
    return await _found(session, actor, await session.get(Trial, id), str(id))


async def trial_for_update(session: AsyncSession, actor: Actor, id: UUID) -> Trial:
    """A trial as it is now, locked until the transaction ends."""
    found = await session.get(Trial, id, with_for_update=True, populate_existing=True)
    return await _found(session, actor, found, str(id))


async def trial_numbered(session: AsyncSession, actor: Actor, number: str) -> Trial:
    """The trial of a trial number, or a refusal."""
    found = await session.scalars(select(Trial).where(Trial.trial_number == number))
    return await _found(session, actor, found.first(), number)


async def trials_between(
    session: AsyncSession, line_ids: Sequence[UUID], start: datetime, end: datetime
) -> dict[UUID, list[TrialTime]]:
    """Of each line the trials that ran at any moment of [start, end), in order, whole: that time is engineering time
    (SEMI E10). Lines without any are left out; trials of one line may overlap.
    """
    found = select(Trial.line_id, Trial.id, Trial.actual_start_time, Trial.actual_end_time).where(
        Trial.line_id.in_(line_ids),
        Trial.actual_start_time < end,
        or_(Trial.actual_end_time.is_(None), Trial.actual_end_time > start),
    )
    times: defaultdict[UUID, list[TrialTime]] = defaultdict(list)
    for line_id, id, began, ended in await session.execute(found.order_by(Trial.actual_start_time, Trial.id)):
        if began is not None:
            times[line_id].append(TrialTime(id, began, ended))
    return times


async def is_tried(session: AsyncSession, batch_id: UUID) -> bool:
    """Whether a batch belongs to a trial."""
    return await session.scalar(select(Trial.id).where(Trial.batch_ids.contains([batch_id])).limit(1)) is not None


async def _found(session: AsyncSession, actor: Actor, trial: Trial | None, wanted: str) -> Trial:
    if trial is None or not await is_own_line(session, actor, trial.line_id):
        raise TrialNotFound(f"there is no trial {wanted}")
    return trial
