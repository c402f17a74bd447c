"""Stops of lines."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.numerics.intervals import Stop
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.downtimes import DowntimeNotFound, ReasonGiven, Standing
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.reasons import Category
from foodflow.plant.tables.downtimes import Downtime

LISTING = Listing(
    key=Downtime.id,
    order="-start_time",
    filters={
        "line_id": Filter(Downtime.line_id, UUID),
        "batch_id": Filter(Downtime.batch_id, UUID),
        "state": Filter(Downtime.state, LineState),
        "is_planned": Filter(Downtime.is_planned, bool),
        "is_micro": Filter(Downtime.is_micro, bool),
        "reason": Filter(Downtime.reason_given, ReasonGiven),
        "standing": Filter(Downtime.standing, Standing),
        "reason_id": Filter(Downtime.reason_id, UUID),
        "reason_category": Filter(Downtime.reason_category, Category),
        "start_time": Filter(Downtime.start_time, datetime, ranges=True),
        "end_time": Filter(Downtime.end_time, datetime, ranges=True),
    },
    orderings={"start_time": Downtime.start_time, "end_time": Downtime.end_time, "created_at": Downtime.created_at},
    searches=(Downtime.reason_detail, Downtime.root_cause),
    export="downtimes",
)


def downtimes(actor: Actor) -> Select[Downtime]:
    """The stops that exist for an actor."""
    return on_own_lines(select(Downtime).where(Downtime.withdrawn_at.is_(None)), actor, Downtime.line_id)


async def downtime(session: AsyncSession, actor: Actor, id: UUID) -> Downtime:
    """A stop, or a refusal."""
    return await _found(session, actor, await session.get(Downtime, id), id)


async def downtime_for_update(session: AsyncSession, actor: Actor, id: UUID) -> Downtime:
    """A stop, locked until the transaction ends. Whoever needs its line too locks the line first."""
    found = await session.get(Downtime, id, with_for_update=True, populate_existing=True)
    return await _found(session, actor, found, id)


async def downtimes_for_update(session: AsyncSession, actor: Actor, ids: Collection[UUID]) -> Sequence[Downtime]:
    """Some stops in order of their ids, locked until the transaction ends; refuses where one of them is not there."""
    wanted = downtimes(actor).where(Downtime.id.in_(ids)).order_by(Downtime.id).with_for_update(of=Downtime)
    found = (await session.scalars(wanted.execution_options(populate_existing=True))).all()
    missing = set(ids) - {each.id for each in found}
    if missing:
        raise DowntimeNotFound(f"there is no stop {min(missing)}")
    return found


async def touching(
    session: AsyncSession, line_ids: Collection[UUID], start: datetime, end: datetime | None
) -> dict[UUID, list[Downtime]]:
    """Of each line the stops that share a moment with [start, end], or border on it, in order."""
    found = select(Downtime).where(
        Downtime.line_id.in_(line_ids),
        Downtime.withdrawn_at.is_(None),
        or_(Downtime.end_time.is_(None), Downtime.end_time >= start),
    )
    if end is not None:
        found = found.where(Downtime.start_time <= end)
    stops: defaultdict[UUID, list[Downtime]] = defaultdict(list)
    for each in await session.scalars(found.order_by(Downtime.start_time, Downtime.created_at)):
        stops[each.line_id].append(each)
    return stops


async def stops_since(session: AsyncSession, line_id: UUID, since: datetime, *, most: int) -> Sequence[Downtime]:
    """The stops of a line that last or ended since a moment: those without the reason they should have first, of these
    and of the others the latest first.
    """
    found = select(Downtime).where(
        Downtime.line_id == line_id,
        Downtime.withdrawn_at.is_(None),
        or_(Downtime.end_time.is_(None), Downtime.end_time > since),
    )
    is_missing = Downtime.reason_given == ReasonGiven.MISSING
    ordered = found.order_by(is_missing.desc(), Downtime.start_time.desc()).limit(most)
    return (await session.scalars(ordered.options(undefer(Downtime.reason_given)))).all()


async def labels_of(
    session: AsyncSession, line_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Stop]]:
    """Of each line its stops around [start, end) in order, as labels of its intervals; an open one ends at `end`."""
    stop = Downtime
    found = select(stop.line_id, stop.start_time, stop.end_time, stop.id, stop.reason_id).where(
        stop.line_id.in_(line_ids),
        stop.withdrawn_at.is_(None),
        stop.start_time < end,
        or_(stop.end_time.is_(None), stop.end_time > start),
    )
    labels: defaultdict[UUID, list[Stop]] = defaultdict(list)
    for line_id, begin, finish, id, reason_id in await session.execute(found.order_by(stop.start_time)):
        labels[line_id].append(Stop(begin, finish or end, id, reason_id))
    return labels


async def standing_at(session: AsyncSession, line_id: UUID, at: datetime) -> Downtime | None:
    """The stop that a line is in at a moment."""
    found = (await touching(session, [line_id], at, at)).get(line_id, [])
    return next(
        (each for each in found if each.start_time <= at and (each.end_time is None or at < each.end_time)), None
    )


async def _found(session: AsyncSession, actor: Actor, downtime: Downtime | None, id: UUID) -> Downtime:
    is_there = downtime is not None and downtime.withdrawn_at is None
    if downtime is None or not is_there or not await is_own_line(session, actor, downtime.line_id):
        raise DowntimeNotFound(f"there is no stop {id}")
    return downtime
