"""Figures of alarms, counted in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.tables.alarms import Alarm
from foodflow.plant.tables.lines import ProductionLine

BAD_ACTORS: Final = 10
CHATTERING: Final = 3
"""Raised so often, with short pauses, an alarm chatters (ISA-18.2)."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many alarms of a line are open in a state with a priority."""

    line_id: UUID
    line_number: str
    site: str
    state: str
    priority: str
    alarms: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """The alarms that an actor asks about: raised in [start, end), of a line or of all."""

    actor: Actor
    start: datetime
    end: datetime
    line_id: UUID | None

    @property
    def own(self) -> list[ColumnElement[bool]]:
        """What is so of the alarms that the actor may see, of the line."""
        conditions: list[ColumnElement[bool]] = []
        if self.line_id is not None:
            conditions.append(Alarm.line_id == self.line_id)
        if self.actor.sites is not None:
            conditions.append(is_at_sites(self.actor.sites))
        return conditions

    @property
    def raised(self) -> list[ColumnElement[bool]]:
        """What is so of those of them that were raised in the window."""
        return [*self.own, Alarm.raised_at >= self.start, Alarm.raised_at < self.end]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the alarms of a window."""

    occurrences: int
    chattering: int
    priorities: dict[str, int]


async def open_alarms(session: AsyncSession, actor: Actor) -> list[Count]:
    """How many alarms are open, by line, state and priority."""
    columns = (Alarm.line_id, Alarm.line_number, func.max(Alarm.site), Alarm.state, Alarm.priority)
    grouped = (Alarm.line_id, Alarm.line_number, Alarm.state, Alarm.priority)
    found = select(*columns, func.count()).where(Alarm.closed_at.is_(None)).group_by(*grouped)
    if actor.sites is not None:
        found = found.where(is_at_sites(actor.sites))
    rows = await session.execute(found.order_by(Alarm.line_number, Alarm.line_id))
    return [Count(*row) for row in rows]


def is_at_sites(sites: frozenset[str]) -> ColumnElement[bool]:
    """That an alarm's line stands at one of some sites."""
    return Alarm.line_id.in_(select(ProductionLine.id).where(ProductionLine.plant_name.in_(sites)))


async def raised_per_span(session: AsyncSession, of: Chosen, span: timedelta) -> dict[int, int]:
    """How many alarms were raised in each span of the window that has any, by its number from the start on."""
    number = cast(func.floor(func.extract("epoch", Alarm.raised_at - of.start) / span.total_seconds()), Integer)
    rows = await session.execute(select(number, func.count()).where(*of.raised).group_by(number))
    return {row[0]: row[1] for row in rows}


async def totals(session: AsyncSession, of: Chosen) -> Totals:
    """Occurrences, chattering alarms, and alarms by priority."""
    chattering = func.count().filter(Alarm.occurrences >= CHATTERING)
    columns = (Alarm.priority, func.count(), func.sum(Alarm.occurrences), chattering)
    rows = (await session.execute(select(*columns).where(*of.raised).group_by(Alarm.priority))).all()
    return Totals(sum(row[2] for row in rows), sum(row[3] for row in rows), {row[0]: row[1] for row in rows})


async def most_raised(session: AsyncSession, of: Chosen) -> list[tuple[UUID, str, str, int]]:
    """The rules of sensors that were raised most often: sensor, its code, rule, occurrences."""
    raised = func.sum(Alarm.occurrences)
    grouped = (Alarm.sensor_id, Alarm.sensor_code, Alarm.rule)
    found = select(*grouped, raised).where(*of.raised).group_by(*grouped)
    found = found.order_by(raised.desc(), Alarm.sensor_code)
    return [(row[0], row[1], row[2], int(row[3])) for row in await session.execute(found.limit(BAD_ACTORS))]


async def standing(session: AsyncSession, of: Chosen, *, before: datetime) -> int:
    """How many alarms are active since before a moment."""
    active = (Alarm.closed_at.is_(None), Alarm.cleared_at.is_(None), Alarm.latest_at < before)
    return await session.scalar(select(func.count()).select_from(Alarm).where(*of.own, *active)) or 0
