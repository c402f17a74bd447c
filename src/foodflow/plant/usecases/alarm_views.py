"""Alarms as pages show them: open ones with floods put together, lists of them, and what was done about one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Page, Wanted, fetch
from foodflow.plant.queries import alarms as queries
from foodflow.plant.tables.alarms import Alarm
from foodflow.plant.usecases import alarms as usecases

MOST_OPEN = 6
"""How many open alarms stand on a page about something else, floods counted once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmShown:
    """An alarm; `together` is how many open alarms of its flood it stands for, itself included."""

    id: UUID
    sensor_id: UUID
    sensor_code: str
    line_id: UUID
    line_number: str
    site: str
    rule: str
    state: str
    priority: str
    raised_at: datetime
    since: datetime
    latest_at: datetime
    cleared_at: datetime | None
    occurrences: int
    value: float
    worst: float | None
    unit_of_measure: str
    certainty: float
    why: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    silenced_until: datetime | None
    silenced_by: str
    silence_reason: str
    closed_at: datetime | None
    closed_by: str
    cause: str
    flood_id: UUID | None
    together: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class DeedShown:
    """What somebody did about an alarm, and said."""

    at: datetime
    by: str
    deed: str
    comment: str


@dataclass(frozen=True, slots=True)
class OpenAlarms:
    """The open alarms in sight, highest and newest first; `found` is how many rows there are in all."""

    rows: Sequence[AlarmShown]
    found: int


async def open_alarms(session: AsyncSession, actor: Actor, *, line_id: UUID | None = None) -> OpenAlarms:
    """The open alarms in sight of all lines or of one, each flood as one row."""
    found, rows = await queries.open_in_sight(session, actor, line_id=line_id, most=MOST_OPEN)
    return OpenAlarms([shown(alarm, together=together) for alarm, together in rows], found)


async def alarm_page(session: AsyncSession, actor: Actor, wanted: Wanted) -> Page[AlarmShown]:
    """A page of a list of alarms."""
    page = await fetch(session, queries.alarms(actor), wanted)
    return Page(page.count, [shown(alarm) for alarm in page.rows])


async def alarm_history(session: AsyncSession, actor: Actor, id: UUID) -> tuple[AlarmShown, Sequence[DeedShown]]:
    """An alarm, and what people did about it."""
    alarm = await queries.alarm(session, actor, id)
    deeds = await queries.deeds(session, alarm)
    return shown(alarm), [DeedShown(each.at, each.by, each.deed, each.comment) for each in deeds]


async def see_alarm(session: AsyncSession, actor: Actor, id: UUID, *, comment: str = "") -> None:
    """Acknowledge an alarm."""
    await usecases.acknowledge_alarm(session, actor, id, comment=comment)


async def see_alarms(session: AsyncSession, actor: Actor, wanted: Wanted, *, ids: Sequence[UUID] | None) -> None:
    """Acknowledge those of some alarms, or of a filter, that nobody has acknowledged."""
    await usecases.acknowledge_alarms(session, actor, wanted, ids=ids)


async def hush_alarm(session: AsyncSession, actor: Actor, id: UUID, *, minutes: int, reason: str) -> None:
    """Put an alarm out of sight for some minutes."""
    await usecases.silence_alarm(session, actor, id, minutes=minutes, until=None, reason=reason)


async def unhush_alarm(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Let an alarm be seen again."""
    await usecases.unsilence_alarm(session, actor, id)


async def end_alarm(session: AsyncSession, actor: Actor, id: UUID, *, cause: str) -> None:
    """Close an alarm that has cleared, and say what it came from."""
    await usecases.close_alarm(session, actor, id, cause=cause)


def shown(alarm: Alarm, *, together: int = 1) -> AlarmShown:
    """An alarm as others see it."""
    names = (field.name for field in fields(AlarmShown) if field.name != "together")
    return AlarmShown(**{name: getattr(alarm, name) for name in names}, together=together)
