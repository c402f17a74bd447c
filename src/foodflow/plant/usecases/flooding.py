"""Floods: alarms of one line that come too fast are told and shown as one, until they come one by one again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, events, rows
from foodflow.plant.events.alarms import AlarmFloodBegan, AlarmFloodEnded
from foodflow.plant.queries import floods as queries
from foodflow.plant.rules.floods import SPAN, Flood, Raised, grouped, over_at
from foodflow.plant.tables.alarms import Alarm, AlarmFlood
from foodflow.plant.usecases.noting import wire


async def group(session: AsyncSession, fresh: Sequence[Alarm]) -> None:
    """Find the floods that fresh alarms (not written yet) begin or join, and tell of those that begin and end."""
    if not fresh:
        return
    by_line: defaultdict[UUID, list[Alarm]] = defaultdict(list)
    for alarm in fresh:
        by_line[alarm.line_id].append(alarm)
    start, end = min(alarm.raised_at for alarm in fresh) - SPAN, max(alarm.raised_at for alarm in fresh)
    standing, before = await queries.known_of_locked(session, list(by_line), start, end)
    outcome = _Outcome({alarm.id: alarm for alarm in fresh})
    for line_id, alarms in by_line.items():
        known = standing.get(line_id)
        new = [Raised(alarm.raised_at, alarm.id, alarm.sensor_code, alarm.rule) for alarm in alarms]
        lasting = None if known is None else Flood(began_at=known.flood.began_at, latest=known.latest)
        for flood in grouped(before.get(line_id, ()), new, lasting):
            outcome.take(session, flood, known.flood if known and flood is lasting else None, like=alarms[0])
    await _put(session, outcome.floods)
    await rows.change(session, Alarm, outcome.others)


async def _put(session: AsyncSession, floods: Sequence[AlarmFlood]) -> None:
    columns = {column.name: [getattr(flood, column.name) for flood in floods] for column in queries.COLUMNS}
    await rows.put(session, AlarmFlood, columns)


@dataclass(slots=True)
class _Outcome:
    """What came of grouping: the floods, the fresh alarms by id, and what changes of others that were there before."""

    fresh: dict[UUID, Alarm]
    floods: list[AlarmFlood] = field(default_factory=list)
    others: dict[str, list[object]] = field(default_factory=lambda: {"id": [], "flood_id": [], "leads": []})

    def take(self, session: AsyncSession, flood: Flood, known: AlarmFlood | None, *, like: Alarm) -> None:
        """Take in a flood: one that is known (and may have grown or ended), or a new one of the line of an alarm."""
        row = _made(flood, like) if known is None else known
        row.alarms += len(flood.members)
        row.ended_at = flood.ended_at
        self.floods.append(row)
        for each in flood.members:
            alarm, leads = self.fresh.get(each.alarm_id), each.alarm_id == row.origin_id
            if alarm is not None:
                alarm.flood_id, alarm.leads = row.id, leads
            else:
                for name, value in (("id", each.alarm_id), ("flood_id", row.id), ("leads", leads)):
                    self.others[name].append(value)
        if known is None:
            _tell_of_beginning(session, row)
        if row.ended_at is not None:
            _tell_of_end(session, row)


def _made(flood: Flood, like: Alarm) -> AlarmFlood:
    origin = flood.origin or flood.members[0]
    return AlarmFlood(
        id=clock.new_id(),
        line_id=like.line_id,
        line_number=like.line_number,
        site=like.site,
        began_at=flood.began_at,
        ended_at=None,
        alarms=0,
        origin_id=origin.alarm_id,
        origin_sensor_code=origin.sensor_code,
        origin_rule=origin.rule,
    )


async def end_floods(session: AsyncSession) -> None:
    """End the floods that are over by now; safe to repeat."""
    standing = await queries.standing_lines(session)
    if not standing:
        return
    now, over = clock.now(), list[AlarmFlood]()
    for known in (await queries.standing_of_locked(session, standing)).values():
        ended = over_at(known.latest, now)
        if ended is not None:
            known.flood.ended_at = max(ended, known.flood.began_at)
            over.append(known.flood)
            _tell_of_end(session, known.flood)
    await _put(session, over)


def _of_flood(flood: AlarmFlood) -> dict[str, Any]:
    named = {"flood_id": flood.id, "line_id": flood.line_id, "line_number": flood.line_number}
    return {**named, "plant_name": flood.site, "alarms": flood.alarms, "began_at": wire(flood.began_at)}


def _tell_of_beginning(session: AsyncSession, flood: AlarmFlood) -> None:
    began = AlarmFloodBegan(
        **_of_flood(flood),
        origin_alarm_id=flood.origin_id,
        origin_sensor_code=flood.origin_sensor_code,
        origin_rule=flood.origin_rule,
    )
    events.tell(session, began)


def _tell_of_end(session: AsyncSession, flood: AlarmFlood) -> None:
    if flood.ended_at is not None:
        events.tell(session, AlarmFloodEnded(**_of_flood(flood), ended_at=wire(flood.ended_at)))
