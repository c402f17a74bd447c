"""What an overview of the plant shows beside effectiveness and losses, each asked once for all lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries.alarms import alarms
from foodflow.plant.queries.batches import batches
from foodflow.plant.queries.scrap import events
from foodflow.plant.queries.trials import trials
from foodflow.plant.rules.alarms import AlarmState, Priority
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.rules.trials import TrialStatus
from foodflow.plant.tables.alarms import Alarm
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.trials import Trial

_URGENCY: Final = case({priority.value: place for place, priority in enumerate(Priority)}, value=Alarm.priority)


@dataclass(frozen=True, slots=True)
class Tallies:
    """How much of what there is."""

    running_batches: int
    active_trials: int
    recent_scrap_events: int
    open_alarms: int


async def tallies(session: AsyncSession, actor: Actor, start: datetime, end: datetime) -> Tallies:
    """Batches and trials in progress, open alarms that nobody has silenced, and scrap events of (start, end]: one
    statement.
    """
    asked = (
        batches(actor).where(ProductionBatch.status == BatchStatus.IN_PROGRESS),
        trials(actor).where(Trial.status == TrialStatus.IN_PROGRESS),
        events(actor).where(ProductionCount.at > start, ProductionCount.at <= end),
        _open(actor),
    )
    counts = (each.with_only_columns(func.count(literal(1))).scalar_subquery() for each in asked)
    return Tallies(*(await session.execute(select(*counts))).one())


async def most_urgent(session: AsyncSession, actor: Actor, *, most: int) -> Sequence[Alarm]:
    """The open alarms that nobody has silenced, those of the highest priority and then the latest first."""
    order = (_URGENCY.desc(), Alarm.raised_at.desc(), Alarm.id)
    return (await session.scalars(_open(actor).order_by(*order).limit(most))).all()


def _open(actor: Actor) -> Select[Alarm]:
    return alarms(actor).where(Alarm.closed_at.is_(None), Alarm.state != AlarmState.SHELVED)
