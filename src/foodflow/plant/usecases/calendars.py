"""Deeds on shift calendars."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.calendars import Calendar, Shift, occurrences
from foodflow.plant.queries import calendars as queries
from foodflow.plant.rules.calendars import CalendarNotFound, CalendarTaken, calendar_of, require_sound
from foodflow.plant.rules.shared import window
from foodflow.plant.tables.calendars import SiteCalendar
from foodflow.plant.usecases.remeasuring import MEASURE_BATCH

WEEK = timedelta(days=7)
AHEAD = timedelta(days=14)
"""How far ahead the next shift is looked for."""


@dataclass(frozen=True, slots=True)
class Present:
    """The shift that a site is in (None outside shifts) and the next one."""

    plant_name: str
    current: Shift | None
    next: Shift | None


async def define(session: AsyncSession, actor: Actor, plant_name: str, document: Mapping[str, Any]) -> SiteCalendar:
    """Define the calendar of a site, or replace the one that it has; what it changes of the past is measured again."""
    if not actor.is_for(plant_name):
        raise CalendarNotFound(f"there is no calendar of {plant_name!r}")
    now = clock.now()
    wanted = calendar_of(document)
    require_sound(wanted, now)
    try:
        row = await queries.calendar_for_update(session, actor, plant_name)
    except CalendarNotFound:
        return await _begin(session, actor, plant_name, document=document, wanted=wanted)
    require_match(session, row)
    former = calendar_of(row.document)
    row.document, row.changed_by, row.updated_at = dict(document), actor.id, now
    audit.record(session, actor, "calendar.changed", plant_name)
    await _measure_again(session, plant_name, former=former, wanted=wanted)
    return row


async def _begin(
    session: AsyncSession, actor: Actor, plant_name: str, *, document: Mapping[str, Any], wanted: Calendar
) -> SiteCalendar:
    now = clock.now()
    row = SiteCalendar(plant_name=plant_name, document=dict(document), version=1)
    row.changed_by, row.created_at, row.updated_at = actor.id, now, now
    require_match(session, SiteCalendar(version=0))
    async with unless_taken(session, CalendarTaken(f"{plant_name!r} has just been given a calendar; look at it first")):
        session.add(row)
    audit.record(session, actor, "calendar.defined", plant_name)
    await _measure_again(session, plant_name, former=None, wanted=wanted)
    return row


async def shifts(
    session: AsyncSession, actor: Actor, plant_name: str, *, start: datetime | None, end: datetime | None
) -> list[Shift]:
    """The shifts of a site that share any moment with a window (by default the week from now); refused without a
    calendar.
    """
    row = await queries.calendar(session, actor, plant_name)
    first = start or ((end - WEEK) if end is not None else clock.now())
    last = end or first + WEEK
    first, last = window(first, last, last)
    return occurrences(calendar_of(row.document), first, last)


async def present_shifts(session: AsyncSession, actor: Actor) -> list[Present]:
    """Of each site with a calendar, the shift that it is in and the next one."""
    now = clock.now()
    return [_present(row, now) for row in await queries.calendars(session, actor)]


def _present(row: SiteCalendar, now: datetime) -> Present:
    shifts = occurrences(calendar_of(row.document), now, now + AHEAD)
    current = next((each for each in shifts if each.start <= now), None)
    return Present(row.plant_name, current, next((each for each in shifts if each.start > now), None))


async def _measure_again(session: AsyncSession, plant_name: str, *, former: Calendar | None, wanted: Calendar) -> None:
    """Have the completed batches of a site measured anew whose time is planned otherwise than before."""
    batches = await queries.completed_at(session, plant_name)
    if not batches:
        return
    first, last = min(start for _, start, _ in batches), max(end for _, _, end in batches)
    before = set(occurrences(former, first, last)) if former is not None else set()
    changed = before ^ set(occurrences(wanted, first, last))
    for id, start, end in batches:
        if former is None or any(each.start < end and each.end > start for each in changed):
            await jobs.enqueue(session, MEASURE_BATCH, event={"batch_id": str(id)})
