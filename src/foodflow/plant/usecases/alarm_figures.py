"""Figures of alarms: how many are open, and how bearable they were."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.plant.queries import alarm_figures as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.rules.alarms import STANDING, AlarmState
from foodflow.plant.rules.floods import FLOOD, SPAN
from foodflow.plant.rules.shared import window


@dataclass(frozen=True, slots=True)
class LineSummary:
    """The open alarms of a line by state, and those in sight by priority."""

    line_id: UUID
    line_number: str
    site: str
    states: Counter[str] = field(default_factory=Counter)
    priorities: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Summary:
    """The open alarms of all lines together, and of each that has any."""

    states: Counter[str]
    priorities: Counter[str]
    lines: Sequence[LineSummary]


@dataclass(frozen=True, slots=True)
class BadActor:
    """A rule of a sensor that is raised often, and its share (0 to 1) of all occurrences."""

    sensor_id: UUID
    sensor_code: str
    rule: str
    occurrences: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """How bearable the alarms of a window were (EEMUA 191, ISA-18.2); spans of ten minutes count from its start."""

    start_time: datetime
    end_time: datetime
    alarms: int
    occurrences: int
    per_ten_minutes: float
    peak: int
    share_in_flood: float
    chattering: int
    standing: int
    priorities: dict[str, int]
    bad_actors: Sequence[BadActor]


async def summary(session: AsyncSession, actor: Actor) -> Summary:
    """The open alarms by state, priority and line, in one statement."""
    lines: dict[UUID, LineSummary] = {}
    states: Counter[str] = Counter()
    priorities: Counter[str] = Counter()
    for count in await queries.open_alarms(session, actor):
        line = lines.setdefault(count.line_id, LineSummary(count.line_id, count.line_number, count.site))
        for each in (states, line.states):
            each[count.state] += count.alarms
        if count.state != AlarmState.SHELVED:
            for each in (priorities, line.priorities):
                each[count.priority] += count.alarms
    return Summary(states, priorities, list(lines.values()))


async def metrics(
    session: AsyncSession, actor: Actor, *, start: datetime | None, end: datetime | None, line_id: UUID | None
) -> Metrics:
    """How bearable the alarms were that were raised in a window (the last 24 hours), of a line or of all."""
    now = clock.now()
    first, last = window(start, end, now)
    if line_id is not None:
        await line_queries.line(session, actor, line_id)
    of = queries.Chosen(actor, first, last, line_id)
    spans = await queries.raised_per_span(session, of, SPAN)
    totals = await queries.totals(session, of)
    worst = await queries.most_raised(session, of)
    alarms, count = sum(spans.values()), -(-(last - first) // SPAN)
    return Metrics(
        start_time=first,
        end_time=last,
        alarms=alarms,
        occurrences=totals.occurrences,
        per_ten_minutes=alarms / ((last - first) / SPAN),
        peak=max(spans.values(), default=0),
        share_in_flood=sum(each > FLOOD for each in spans.values()) / count,
        chattering=totals.chattering,
        standing=await queries.standing(session, of, before=now - STANDING),
        priorities=totals.priorities,
        bad_actors=[BadActor(*each, share=each[3] / totals.occurrences) for each in worst],
    )
