"""Keeping the stops that people speak of in step with the intervals of their line."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, events
from foodflow.kernel.actor import Actor
from foodflow.numerics.intervals import Told, resolved
from foodflow.plant.events.lines import LineStarted, LineStopped
from foodflow.plant.queries import downtimes as queries
from foodflow.plant.queries import reasons as reason_queries
from foodflow.plant.queries import states as state_queries
from foodflow.plant.rules.downtimes import Stop, is_micro, paired
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.shared import CLOCK_TOLERANCE
from foodflow.plant.rules.states import STOPS
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.reasons import StopReason

_BEYOND = 2 * CLOCK_TOLERANCE
"""How far ahead of now nothing can have been reported."""


async def bring_in_step(
    session: AsyncSession, actor: Actor, line: ProductionLine, *, start: datetime, end: datetime | None
) -> None:
    """Open, end, move and withdraw the stops of a line (locked) after its time between `start` and `end` has changed.

    A stop that is still there keeps all that is known of it, whatever its times have become.
    """
    await session.flush()
    records = (await queries.touching(session, [line.id], start, end)).get(line.id, [])
    stops = await _stops(session, line, records, start=start, end=end)
    places = paired(stops, records)
    for stop, place in zip(stops, places, strict=True):
        if place is None:
            await _begin(session, actor, line, stop)
        else:
            await _move(session, actor, line, records[place], stop=stop)
    now = clock.now()
    for place in set(range(len(records))) - {place for place in places if place is not None}:
        records[place].withdrawn_at = records[place].updated_at = now
    await session.flush()


async def _stops(
    session: AsyncSession, line: ProductionLine, records: Sequence[Downtime], *, start: datetime, end: datetime | None
) -> list[Stop]:
    """The stops that a line's changes and spans make around [start, end), by the clock alone."""
    first = min([start, *(each.start_time for each in records)])
    beyond = clock.now() + _BEYOND
    ends = [end, *(each.end_time for each in records)]
    last = max(each if each is not None else beyond for each in ends)
    if last <= first:
        last = first + timedelta(microseconds=1)
    changes = await state_queries.changes_of(session, [line.id], first, last)
    spans = await state_queries.spans_of(session, [line.id], first, last)
    told = Told(changes=changes.get(line.id, ()), spans=spans.get(line.id, ()))
    return [
        Stop(part.start, part.end if part.end < beyond else None, part.state, part.reason or "", part.reason_id)
        for part in resolved(told, start=first, end=last)
        if part.state in STOPS
    ]


async def _begin(session: AsyncSession, actor: Actor, line: ProductionLine, stop: Stop) -> None:
    reason = await reason_queries.reason(session, stop.reason_id) if stop.reason_id is not None else None
    now = clock.now()
    record = Downtime(id=clock.new_id(), line_id=line.id, batch_id=line.current_batch_id, state=stop.state, version=1)
    record.start_time, record.end_time = stop.start, stop.end
    record.reason_detail, record.root_cause, record.resolution, record.preventive_action = stop.reason, "", "", ""
    record.hourly_cost, record.reported_by = line.hourly_cost, actor.id
    record.created_at, record.updated_at = now, now
    give_reason(record, reason)
    record.is_micro = is_micro(stop, is_planned=record.is_planned, below_seconds=line.micro_stop_seconds)
    session.add(record)
    if stop.end is None:
        events.tell(session, LineStopped(**_said(line, record, reason)))


async def _move(session: AsyncSession, actor: Actor, line: ProductionLine, record: Downtime, *, stop: Stop) -> None:
    was_open = record.end_time is None
    if (record.start_time, record.end_time, record.state) == (stop.start, stop.end, stop.state):
        return
    if record.state != stop.state and record.reason_id is None:
        record.is_planned = stop.state != LineState.DOWNTIME
    record.start_time, record.end_time, record.state = stop.start, stop.end, stop.state
    record.is_micro = is_micro(stop, is_planned=record.is_planned, below_seconds=line.micro_stop_seconds)
    record.updated_at = clock.now()
    if was_open == (stop.end is None):
        return
    reason = await reason_queries.reason(session, record.reason_id) if record.reason_id is not None else None
    if stop.end is None:
        events.tell(session, LineStopped(**_said(line, record, reason)))
        return
    record.resolved_by = record.resolved_by or actor.id
    seconds = (stop.end - stop.start).total_seconds()
    events.tell(session, LineStarted(**_said(line, record, reason), at=_wire(stop.end), seconds=seconds))


def give_reason(record: Downtime, reason: StopReason | None) -> None:
    """Say why a line stopped; without a reason the state says whether that was planned."""
    record.reason_id = reason.id if reason is not None else None
    record.reason_category = reason.category if reason is not None else None
    record.is_planned = reason.is_planned if reason is not None else record.state != LineState.DOWNTIME
    if record.is_planned:
        record.is_micro = False


def _said(line: ProductionLine, record: Downtime, reason: StopReason | None) -> dict[str, Any]:
    return {
        "line_id": line.id,
        "plant_name": line.plant_name,
        "line_number": line.line_number,
        "downtime_id": record.id,
        "state": record.state,
        "reason_code": reason.code if reason is not None else None,
        "reason": record.reason_detail or (reason.name if reason is not None else ""),
        "is_planned": record.is_planned,
        "since": _wire(record.start_time),
    }


def _wire(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
