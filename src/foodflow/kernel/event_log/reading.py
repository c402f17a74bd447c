"""Reading the log of the session's company: to each what they hold the permission for, of their sites."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import PLATFORM, Actor
from foodflow.kernel.errors import NotFound
from foodflow.kernel.event_log.schemas import EventsWanted
from foodflow.kernel.event_log.tables import KeptEvent
from foodflow.kernel.events import Envelope


class EventNotFound(NotFound):
    """No such event is kept, or it is not for this actor."""

    code = "events.not_found"


async def event(session: AsyncSession, actor: Actor, id: UUID) -> KeptEvent:
    """An event that the actor may hear of, or a refusal."""
    found = (await session.scalars(_heard_by(actor).where(KeptEvent.id == id).limit(1))).one_or_none()
    if found is None:
        raise EventNotFound(f"there is no event {id}")
    return found


async def events(session: AsyncSession, actor: Actor, wanted: EventsWanted) -> tuple[Sequence[KeptEvent], int | None]:
    """A page of events, and the position that the next page goes on from (None: this is the last one)."""
    rows = (await session.scalars(_of(actor, wanted).limit(wanted.page_size + 1))).all()
    page = rows[: wanted.page_size]
    return page, page[-1].position if len(rows) > len(page) else None


async def all_events(
    session: AsyncSession, actor: Actor, wanted: EventsWanted, *, at_once: int
) -> AsyncIterator[Sequence[KeptEvent]]:
    """All wanted events, so many at once."""
    rows = await session.stream_scalars(_of(actor, wanted).execution_options(yield_per=at_once))
    async for part in rows.partitions():
        yield part


async def kept(session: AsyncSession, ids: Sequence[UUID], *, tenant: str) -> dict[UUID, Envelope]:
    """Events as they were told, by id, whoever asks."""
    found = await session.scalars(select(KeptEvent).where(KeptEvent.id.in_(ids)))
    return {each.id: envelope(each, tenant) for each in found}


def envelope(kept: KeptEvent, tenant: str) -> Envelope:
    """A kept event as it was told."""
    about = (kept.type, kept.subject, kept.needs, kept.time, kept.data)
    return Envelope(kept.id, kept.sequence, tenant, *about, site=kept.site)


def of_types(patterns: Sequence[str]) -> ColumnElement[bool]:
    """That a kept event is of one of these types."""
    return or_(false(), *map(_of_type, patterns))


def of_permissions(permissions: Sequence[str]) -> ColumnElement[bool]:
    """That a kept event is for those who hold these permissions, wildcards included."""
    context = func.split_part(KeptEvent.needs, ".", 1)
    held = or_(KeptEvent.needs.in_(permissions), and_(context != PLATFORM, func.concat(context, ".*").in_(permissions)))
    return or_(held, context != PLATFORM) if "*" in permissions else held


def at_sites(sites: Sequence[str]) -> ColumnElement[bool]:
    """That a kept event happened at one of these sites, or nowhere in particular."""
    return or_(KeptEvent.site.is_(None), KeptEvent.site.in_(sites))


def _of_type(pattern: str) -> ColumnElement[bool]:
    if pattern == "*":
        return true()
    if pattern.endswith(".*"):
        return KeptEvent.type.startswith(pattern[:-1], autoescape=True)
    return KeptEvent.type == pattern


def _heard_by(actor: Actor) -> Select[KeptEvent]:
    found = select(KeptEvent).where(of_permissions(sorted(actor.permissions)))
    return found if actor.sites is None else found.where(at_sites(sorted(actor.sites)))


def _of(actor: Actor, wanted: EventsWanted) -> Select[KeptEvent]:
    found = _heard_by(actor).where(*_conditions(wanted))
    position = KeptEvent.position
    return found.order_by(position.asc() if wanted.ordering == "position" else position.desc())


def _conditions(wanted: EventsWanted) -> list[ColumnElement[bool]]:
    given: list[tuple[object, ColumnElement[bool]]] = [
        (wanted.type, of_types(wanted.type)),
        (wanted.subject, KeptEvent.subject.in_(wanted.subject)),
        (wanted.site, KeptEvent.site.in_(wanted.site)),
    ]
    bounds = (
        (wanted.time__gte, KeptEvent.time.__ge__),
        (wanted.time__lt, KeptEvent.time.__lt__),
        (wanted.after, KeptEvent.position.__gt__),
        (wanted.before, KeptEvent.position.__lt__),
    )
    bounded = [compare(value) for value, compare in bounds if value is not None]
    return [condition for said, condition in given if said] + bounded
