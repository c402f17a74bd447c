"""Alarms, and what people did about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator
from sqlalchemy import Column, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.bulk import array_of, fetch
from foodflow.kernel.paging import Filter, Listing, Wanted
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.alarms import AlarmNotFound, AlarmState, Priority
from foodflow.plant.rules.shared import CLOCK_TOLERANCE
from foodflow.plant.tables.alarms import Alarm, AlarmDeed

COLUMNS: Final[Sequence[Column[object]]] = tuple(Alarm.metadata.tables[Alarm.__tablename__].columns)
"""The columns of an alarm."""

_Leads = Annotated[Literal["flood"], AfterValidator(lambda _: True)]

LISTING = Listing(
    key=Alarm.id,
    order="-raised_at",
    filters={
        "state": Filter(Alarm.state, AlarmState),
        "rule": Filter(Alarm.rule),
        "priority": Filter(Alarm.priority, Priority),
        "sensor_id": Filter(Alarm.sensor_id, UUID),
        "line_id": Filter(Alarm.line_id, UUID),
        "site": Filter(Alarm.site),
        "batch_id": Filter(Alarm.batch_id, UUID),
        "flood_id": Filter(Alarm.flood_id, UUID),
        "group": Filter(Alarm.leads, _Leads),
        "raised_at": Filter(Alarm.raised_at, datetime, ranges=True),
        "cleared_at": Filter(Alarm.cleared_at, datetime, ranges=True),
        "certainty": Filter(Alarm.certainty, float, ranges=True),
    },
    orderings={
        "raised_at": Alarm.raised_at,
        "latest_at": Alarm.latest_at,
        "cleared_at": Alarm.cleared_at,
        "certainty": Alarm.certainty,
        "occurrences": Alarm.occurrences,
        "sensor_code": Alarm.sensor_code,
        "line_number": Alarm.line_number,
        "rule": Alarm.rule,
        "state": Alarm.state,
    },
    searches=(Alarm.sensor_code, Alarm.line_number, Alarm.why),
    export="alarms",
)

ACKNOWLEDGING = Listing(
    key=Alarm.id, order=LISTING.order, filters=LISTING.filters, orderings=LISTING.orderings, searches=LISTING.searches
)
"""Which alarms are acknowledged together: chosen as in a list, and nothing to export."""


def alarms(actor: Actor) -> Select[Alarm]:
    """The alarms that exist for an actor."""
    return on_own_lines(select(Alarm), actor, Alarm.line_id)


async def open_in_sight(
    session: AsyncSession, actor: Actor, *, line_id: UUID | None, most: int
) -> tuple[int, Sequence[tuple[Alarm, int]]]:
    """The open alarms that are not silenced, of all lines or of one: how many rows they make, and the first of them by
    priority and time, each with how many it stands for. Of a flood the highest, and then its first, stands for all.
    """
    urgency = case({str(each): place for place, each in enumerate(Priority)}, value=Alarm.priority)
    flood = func.coalesce(Alarm.flood_id, Alarm.id)
    place = func.row_number().over(partition_by=flood, order_by=(urgency.desc(), Alarm.leads.desc(), Alarm.raised_at))
    seen = alarms(actor).where(Alarm.closed_at.is_(None), Alarm.state != AlarmState.SHELVED)
    if line_id is not None:
        seen = seen.where(Alarm.line_id == line_id)
    ranked = seen.with_only_columns(
        Alarm.id, place.label("place"), func.count().over(partition_by=flood).label("together")
    ).subquery()
    leading = select(Alarm, ranked.c.together).join(ranked, ranked.c.id == Alarm.id).where(ranked.c.place == 1)
    count = await session.scalar(select(func.count()).select_from(ranked).where(ranked.c.place == 1))
    rows = await session.execute(leading.order_by(urgency.desc(), Alarm.raised_at.desc(), Alarm.id).limit(most))
    return count or 0, [(alarm, together) for alarm, together in rows]


async def latest_of_sensor(session: AsyncSession, actor: Actor, sensor_id: UUID, *, most: int) -> Sequence[Alarm]:
    """The latest alarms of a sensor, open or over, latest first."""
    found = alarms(actor).where(Alarm.sensor_id == sensor_id).order_by(Alarm.raised_at.desc(), Alarm.id)
    return (await session.scalars(found.limit(most))).all()


async def alarm(session: AsyncSession, actor: Actor, id: UUID) -> Alarm:
    """An alarm, or a refusal."""
    return await _found(session, actor, await session.get(Alarm, id), id)


async def alarm_for_update(session: AsyncSession, actor: Actor, id: UUID) -> Alarm:
    """An alarm as it is now, locked until the transaction ends."""
    found = await session.get(Alarm, id, with_for_update=True, populate_existing=True)
    return await _found(session, actor, found, id)


async def unacknowledged_for_update(
    session: AsyncSession, actor: Actor, wanted: Wanted, ids: Sequence[UUID] | None, *, most: int
) -> Sequence[Alarm]:
    """The first alarms of a list, and among the named ones, that nobody has acknowledged; locked in the order in which
    readings lock them.
    """
    found = alarms(actor).where(*wanted.conditions, Alarm.closed_at.is_(None), Alarm.acknowledged_at.is_(None))
    if ids is not None:
        found = found.where(Alarm.id.in_(ids))
    return (await session.scalars(_locked(found.limit(most)))).all()


async def open_or_cleared_since_for_update(
    session: AsyncSession, sensor_ids: Sequence[UUID], since: datetime
) -> Sequence[Alarm]:
    """The alarms of sensors that are open, and those that cleared since a moment, locked; no session follows them."""
    given = {"sensors": array_of(sensor_ids), "since": since, "earliest": since - CLOCK_TOLERANCE}
    rows = await fetch(session, _OPEN_OR_CLEARED_SINCE, given)
    names = [column.name for column in COLUMNS]
    return [detached(dict(zip(names, row, strict=True))) for row in rows]


def detached(values: Mapping[str, Any]) -> Alarm:
    """An alarm with these values, of all columns, that no session follows. They are put where they are kept: setting
    them one by one, each is noted as changed, which takes twenty times as long.
    """
    alarm = Alarm()
    vars(alarm).update(values)
    return alarm


async def open_of_for_update(session: AsyncSession, sensor_ids: Sequence[UUID]) -> Sequence[Alarm]:
    """The open alarms of sensors, locked."""
    found = select(Alarm).where(Alarm.sensor_id.in_(sensor_ids), Alarm.closed_at.is_(None))
    return (await session.scalars(_locked(found))).all()


def _locked(found: Select[Alarm]) -> Select[Alarm]:
    """Locked in the one order in which everybody locks them."""
    locked = found.order_by(Alarm.sensor_id, Alarm.rule, Alarm.id).with_for_update(of=Alarm)
    return locked.execution_options(populate_existing=True)


# What cleared since a moment was not closed before it, but for a sensor's clock that goes before the server's. When an
# alarm was closed is in an index; when it cleared, which changes often, is in none, so that PostgreSQL can keep the
# changed row beside the old one without a new entry in every index (HOT).
_OPEN_OR_CLEARED_SINCE: Final = f"""
SELECT {", ".join(f'"{column.name}"' for column in COLUMNS)} FROM alarms
WHERE sensor_id = ANY(CAST(%(sensors)s AS uuid[]))
      AND (closed_at IS NULL OR closed_at >= %(earliest)s AND cleared_at >= %(since)s)
ORDER BY sensor_id, rule, id FOR UPDATE
"""  # noqa: S608 - names of our own


async def is_raised_again(session: AsyncSession, alarm: Alarm) -> bool:
    """Whether another alarm of the same sensor and rule is open."""
    found = select(Alarm.id).where(
        Alarm.sensor_id == alarm.sensor_id, Alarm.rule == alarm.rule, Alarm.closed_at.is_(None), Alarm.id != alarm.id
    )
    return await session.scalar(found.limit(1)) is not None


async def has_alarms(session: AsyncSession, sensor_id: UUID) -> bool:
    """Whether a sensor has or had any alarm."""
    return await session.scalar(select(Alarm.id).where(Alarm.sensor_id == sensor_id).limit(1)) is not None


async def deeds(session: AsyncSession, alarm: Alarm) -> Sequence[AlarmDeed]:
    """What people did about an alarm, in their order."""
    found = select(AlarmDeed).where(AlarmDeed.alarm_id == alarm.id)
    return (await session.scalars(found.order_by(AlarmDeed.at, AlarmDeed.id))).all()


async def _found(session: AsyncSession, actor: Actor, alarm: Alarm | None, id: UUID) -> Alarm:
    if alarm is None or not await is_own_line(session, actor, alarm.line_id):
        raise AlarmNotFound(f"there is no alarm {id}")
    return alarm
