"""Floods of alarms, and the alarms that may make one."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Column, Select, Uuid, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.bulk import array_of, fetch
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.alarms import FloodNotFound
from foodflow.plant.rules.floods import OVER, Raised
from foodflow.plant.tables.alarms import Alarm, AlarmFlood

LISTING = Listing(
    key=AlarmFlood.id,
    order="-began_at",
    filters={
        "line_id": Filter(AlarmFlood.line_id, UUID),
        "site": Filter(AlarmFlood.site),
        "began_at": Filter(AlarmFlood.began_at, datetime, ranges=True),
        "ended_at": Filter(AlarmFlood.ended_at, datetime, ranges=True),
    },
    orderings={"began_at": AlarmFlood.began_at, "ended_at": AlarmFlood.ended_at, "alarms": AlarmFlood.alarms},
    searches=(AlarmFlood.line_number, AlarmFlood.origin_sensor_code),
    export="alarm-floods",
)

COLUMNS: Final[Sequence[Column[object]]] = tuple(AlarmFlood.metadata.tables[AlarmFlood.__tablename__].columns)
"""The columns of a flood."""

# Two who raise alarms of the same line follow each other from here to their commits, or neither would see the other's.
_LOCK: Final = """
SELECT count(*) FROM (SELECT pg_advisory_xact_lock(hashtext('alarms ' || current_schema()), hashtext(line))
                      FROM unnest(CAST(%(lines)s AS text[])) AS line ORDER BY line) AS locked
"""
_LINES: Final = bindparam("lines", type_=ARRAY(Uuid))


def _standing() -> Select[AlarmFlood, list[datetime]]:
    flood = AlarmFlood
    latest = select(Alarm.raised_at).where(Alarm.line_id == flood.line_id)
    few = latest.order_by(Alarm.raised_at.desc()).limit(OVER).correlate(flood).subquery()
    times = select(func.array_agg(few.c.raised_at)).scalar_subquery()
    found = select(flood, times).where(flood.line_id == any_(_LINES), flood.ended_at.is_(None)).order_by(flood.line_id)
    return found.execution_options(populate_existing=True)


# Whoever raises alarms asks for these; putting the one together takes longer than the answer.
_RAISED: Final = """
SELECT line_id, raised_at, id, sensor_code, rule, flood_id IS NOT NULL FROM alarms
WHERE line_id = ANY(CAST(%(lines)s AS uuid[])) AND raised_at BETWEEN %(start)s AND %(end)s
"""
_STANDING: Final = _standing()


async def lock_lines(session: AsyncSession, line_ids: Sequence[UUID]) -> None:
    """Be the only one who groups alarms of some lines, until the transaction ends."""
    await fetch(session, _LOCK, {"lines": array_of(sorted(line_ids))})


async def raised_of(
    session: AsyncSession, line_ids: Sequence[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Raised]]:
    """The alarms of each line that were raised within [start, end]."""
    found: defaultdict[UUID, list[Raised]] = defaultdict(list)
    for line_id, *raised in await fetch(session, _RAISED, {"lines": array_of(line_ids), "start": start, "end": end}):
        found[line_id].append(Raised(*raised))
    return found


async def standing_lines(session: AsyncSession) -> Sequence[UUID]:
    """The lines that are in a flood."""
    return (await session.scalars(select(AlarmFlood.line_id).where(AlarmFlood.ended_at.is_(None)))).all()


async def standing_of(session: AsyncSession, line_ids: Sequence[UUID]) -> dict[UUID, tuple[AlarmFlood, list[datetime]]]:
    """The flood that each line is in, by line, with when the last few alarms of the line were raised, latest last."""
    rows = await session.execute(_STANDING, {"lines": line_ids})
    return {each.line_id: (each, sorted(raised or ())) for each, raised in rows}


def floods(actor: Actor) -> Select[AlarmFlood]:
    """The floods that exist for an actor."""
    return on_own_lines(select(AlarmFlood), actor, AlarmFlood.line_id)


async def flood(session: AsyncSession, actor: Actor, id: UUID) -> AlarmFlood:
    """A flood, or a refusal."""
    found = await session.get(AlarmFlood, id)
    if found is None or not await is_own_line(session, actor, found.line_id):
        raise FloodNotFound(f"there is no flood of alarms {id}")
    return found
