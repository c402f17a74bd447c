"""Floods of alarms, and the alarms that may make one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.bulk import array_of, fetch_each
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.alarms import FloodNotFound
from foodflow.plant.rules.floods import OVER, Raised
from foodflow.plant.tables.alarms import AlarmFlood

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
_STANDING: Final = f"""
SELECT {", ".join(f'f."{column.name}"' for column in COLUMNS)},
       ARRAY(SELECT raised_at FROM alarms AS a WHERE a.line_id = f.line_id ORDER BY raised_at DESC LIMIT {OVER})
FROM alarm_floods AS f WHERE f.line_id = ANY(CAST(%(lines)s AS uuid[])) AND f.ended_at IS NULL
"""  # noqa: S608 - names of our own
_RAISED: Final = """
SELECT line_id, raised_at, id, sensor_code, rule, flood_id IS NOT NULL FROM alarms
WHERE line_id = ANY(CAST(%(lines)s AS uuid[])) AND raised_at BETWEEN %(start)s AND %(end)s
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The flood that a line is in, which no session follows, with when the last few alarms of the line were raised,
    latest last.
    """

    flood: AlarmFlood
    latest: Sequence[datetime]


async def standing_lines(session: AsyncSession) -> Sequence[UUID]:
    """The lines that are in a flood."""
    return (await session.scalars(select(AlarmFlood.line_id).where(AlarmFlood.ended_at.is_(None)))).all()


async def standing_of_locked(session: AsyncSession, line_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """The floods that some lines are in, by line; whoever asks is the only one who groups alarms of these lines until
    the transaction ends.
    """
    _, floods = await fetch_each(session, _locking(line_ids), (_STANDING, {"lines": array_of(line_ids)}))
    return _standing(floods)


async def known_of_locked(
    session: AsyncSession, line_ids: Sequence[UUID], start: datetime, end: datetime
) -> tuple[dict[UUID, Standing], dict[UUID, list[Raised]]]:
    """The same, and the alarms of each line that were raised within [start, end]."""
    lines = {"lines": array_of(line_ids)}
    raised_within = (_RAISED, {**lines, "start": start, "end": end})
    _, floods, raised = await fetch_each(session, _locking(line_ids), (_STANDING, lines), raised_within)
    found: defaultdict[UUID, list[Raised]] = defaultdict(list)
    for line_id, *each in raised:
        found[line_id].append(Raised(*each))
    return _standing(floods), found


def _locking(line_ids: Sequence[UUID]) -> tuple[str, Mapping[str, Any]]:
    return _LOCK, {"lines": array_of(sorted(line_ids))}


def _standing(rows: Sequence[tuple[Any, ...]]) -> dict[UUID, Standing]:
    names, found = [column.name for column in COLUMNS], {}
    for *values, latest in rows:
        flood = AlarmFlood(**dict(zip(names, values, strict=True)))
        found[flood.line_id] = Standing(flood, latest[::-1])
    return found


def floods(actor: Actor) -> Select[AlarmFlood]:
    """The floods that exist for an actor."""
    return on_own_lines(select(AlarmFlood), actor, AlarmFlood.line_id)


async def flood(session: AsyncSession, actor: Actor, id: UUID) -> AlarmFlood:
    """A flood, or a refusal."""
    found = await session.get(AlarmFlood, id)
    if found is None or not await is_own_line(session, actor, found.line_id):
        raise FloodNotFound(f"there is no flood of alarms {id}")
    return found
