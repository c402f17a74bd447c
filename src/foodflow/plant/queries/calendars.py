"""Shift calendars, and the shifts that they make."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.numerics.calendars import Calendar, Shift, occurrences
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.rules.calendars import CalendarNotFound, calendar_of
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.calendars import SiteCalendar
from foodflow.plant.tables.lines import ProductionLine


async def calendar(session: AsyncSession, actor: Actor, plant_name: str) -> SiteCalendar:
    """The calendar of a site, or a refusal."""
    return _found(await session.get(SiteCalendar, plant_name), actor, plant_name)


async def calendar_for_update(session: AsyncSession, actor: Actor, plant_name: str) -> SiteCalendar:
    """The calendar of a site, locked until the transaction ends."""
    found = await session.get(SiteCalendar, plant_name, with_for_update=True, populate_existing=True)
    return _found(found, actor, plant_name)


async def calendars(session: AsyncSession, actor: Actor) -> Sequence[SiteCalendar]:
    """The calendars of the sites that exist for an actor, by name."""
    found = select(SiteCalendar).order_by(SiteCalendar.plant_name)
    if actor.sites is not None:
        found = found.where(SiteCalendar.plant_name.in_(actor.sites))
    return (await session.scalars(found)).all()


async def calendars_of(session: AsyncSession, plant_names: Collection[str]) -> dict[str, Calendar]:
    """The calendars of some sites, by name; a site without one is not among them."""
    found = select(SiteCalendar).where(SiteCalendar.plant_name.in_(set(plant_names)))
    return {row.plant_name: calendar_of(row.document) for row in await session.scalars(found)}


async def shifts_of(session: AsyncSession, plant_name: str, start: datetime, end: datetime) -> list[Shift]:
    """The shifts of a site that share any moment with [start, end), whole, in order; none without a calendar."""
    found = await calendars_of(session, [plant_name])
    return occurrences(found[plant_name], start, end) if plant_name in found else []


async def completed_at(session: AsyncSession, plant_name: str) -> list[tuple[UUID, datetime, datetime]]:
    """The completed batches of a site's lines: which, from when and until when."""
    batch = ProductionBatch
    found = select(batch.id, batch.actual_start_time, batch.actual_end_time).join(
        ProductionLine, ProductionLine.id == batch.line_id
    )
    done = found.where(ProductionLine.plant_name == plant_name, batch.status == BatchStatus.COMPLETED)
    return [(id, start, end) for id, start, end in await session.execute(done) if start and end]


def _found(row: SiteCalendar | None, actor: Actor, plant_name: str) -> SiteCalendar:
    if row is None or not actor.is_for(plant_name):
        raise CalendarNotFound(f"there is no calendar of {plant_name!r}")
    return row
