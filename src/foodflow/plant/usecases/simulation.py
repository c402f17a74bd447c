"""Playing a simulated plant through the same deeds as a real one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.numerics.plant_simulation.equipment import LINES, LinePlan, SensorPlan
from foodflow.numerics.plant_simulation.events import (
    BatchCompleted,
    BatchStarted,
    Counted,
    Event,
    Sampled,
    StateChanged,
)
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import calendars as calendar_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import reasons as reason_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.rules.lines import LineState, require_active
from foodflow.plant.rules.reasons import Category
from foodflow.plant.rules.shared import SIMULATED_PLANT, NotSimulated, require_simulated
from foodflow.plant.rules.states import Report
from foodflow.plant.usecases import batches, calendars, counts, lifecycle, lines, sensors, states
from foodflow.plant.usecases.readings import Columns, store_readings

_EXPLAINED = frozenset(set(Category) - {Category.NO_OPERATOR, Category.OTHER})
"""Of which stops somebody says why they were: nobody is there to say that nobody was there."""
_SHIFTS = (("Early", "06:00", "14:00"), ("Late", "14:00", "22:00"), ("Night", "22:00", "06:00"))


@dataclass(slots=True)
class Cast:
    """Which lines, sensors and batches of the company play the simulated ones; `since` is the last that is recorded.
    `reasons` are those of stops, by category.
    """

    run: str
    lines: dict[str, UUID] = field(default_factory=dict)
    sensors: dict[str, UUID] = field(default_factory=dict)
    batches: dict[str, UUID] = field(default_factory=dict)
    reasons: dict[str, UUID] = field(default_factory=dict)
    since: datetime | None = None


async def set_up(session: AsyncSession, actor: Actor, run: str) -> Cast:
    """Find or make the simulated lines and sensors; batches that an earlier run left in progress end where it ended.

    Refused where a line or a sensor of the same name is not a simulated one.
    """
    cast = Cast(run)
    known = await line_queries.lines_numbered(session, actor, [plan.number for plan in LINES])
    for plan in LINES:
        line = known.get(plan.number) or await lines.create_line(session, actor, _line_fields(plan))
        require_simulated(line.plant_name, number=line.line_number)
        require_active(is_active=line.is_active, number=line.line_number)
        cast.lines[plan.number] = line.id
        await _set_up_sensors(session, actor, plan, cast)
    await _set_up_shifts(session, actor)
    await _set_up_reasons(session, cast)
    moments = [line.status_since for line in known.values()]
    moments.append(await sensor_queries.last_reading_of(session, list(cast.lines.values())))
    cast.since = max((moment for moment in moments if moment is not None), default=None)
    for line in known.values():
        if line.current_batch_id is not None and cast.since is not None:
            await _end(session, actor, line.current_batch_id, cast.since)
    return cast


async def _end(session: AsyncSession, actor: Actor, batch_id: UUID, since: datetime) -> None:
    counted = await batch_queries.last_counted(session, batch_id)
    last = max(since, counted or since)
    await _finish(session, actor, batch_id, last + timedelta(microseconds=1))


async def _finish(session: AsyncSession, actor: Actor, batch_id: UUID, at: datetime) -> None:
    """Complete a batch; one that somebody holds is cancelled, one that somebody ended stays so."""
    match (await batch_queries.batch(session, actor, batch_id)).status:
        case BatchStatus.IN_PROGRESS:
            await lifecycle.complete_batch(session, actor, batch_id, at=at)
        case BatchStatus.ON_HOLD:
            await lifecycle.cancel_batch(session, actor, batch_id, reason="left on hold")
        case _:
            pass


async def _set_up_sensors(session: AsyncSession, actor: Actor, plan: LinePlan, cast: Cast) -> None:
    known = await sensor_queries.sensors_coded(session, [sensor.code for sensor in plan.sensors])
    line_id = cast.lines[plan.number]
    for sensor in plan.sensors:
        made = known.get(sensor.code) or await sensors.create_sensor(session, actor, _sensor_fields(sensor, line_id))
        if made.line_id != line_id:
            raise NotSimulated(f"sensor {sensor.code} belongs to another line than {plan.number}")
        cast.sensors[sensor.code] = made.id


async def _set_up_shifts(session: AsyncSession, actor: Actor) -> None:
    """Three shifts of every day, of which the plant reports itself when it works; a calendar that is there stays."""
    if await calendar_queries.calendars_of(session, [SIMULATED_PLANT]):
        return
    every_day = list(range(1, 8))
    usual: dict[str, Any] = {"breaks": [], "valid_from": None, "valid_to": None, "week": None, "crew": ""}
    patterns = [
        {"name": name, "weekdays": every_day, "start": start, "end": end} | usual for name, start, end in _SHIFTS
    ]
    document = {"time_zone": "UTC", "cycle_weeks": 1, "cycle_start": None, "patterns": patterns, "exceptions": []}
    await calendars.define(session, actor, SIMULATED_PLANT, document)


async def _set_up_reasons(session: AsyncSession, cast: Cast) -> None:
    """Those reasons of the company that stand for a category."""
    for category in sorted(_EXPLAINED):
        found = await reason_queries.reason_of_category(session, category)
        if found is not None:
            cast.reasons[category] = found.id


def _line_fields(plan: LinePlan) -> dict[str, Any]:
    described = {"description": "Simulated", "plant_name": SIMULATED_PLANT, "location": plan.location}
    speeds = {"design_speed": Decimal(plan.ideal_rate), "max_speed": None, "min_speed": None}
    return {"line_number": plan.number, "name": plan.name, **described, **speeds}


def _sensor_fields(plan: SensorPlan, line_id: UUID) -> dict[str, Any]:
    named = {"line_id": line_id, "sensor_code": plan.code, "name": plan.name, "sensor_type": plan.kind}
    limits = {"min_value": plan.low, "max_value": plan.high, "unit_of_measure": plan.unit}
    return {**named, **limits, "location": "", "position": ""}


async def play(session: AsyncSession, actor: Actor, cast: Cast, events: Sequence[Event]) -> None:
    """Record what happened in the simulated plant, in order; of one instant the line's state comes first.

    The readings of all sensors are stored last, in one go.
    """
    for event in sorted(events, key=lambda event: (event.at, not isinstance(event, StateChanged))):
        match event:
            case StateChanged():
                reason_id = cast.reasons.get(event.reason)
                report = Report(state=LineState(event.state), reason=event.reason, reason_id=reason_id)
                await states.report_state(session, actor, cast.lines[event.line], report, at=event.at)
            case BatchStarted():
                await _start(session, actor, cast, event)
            case BatchCompleted() if event.batch in cast.batches:
                await _finish(session, actor, cast.batches.pop(event.batch), event.at)
            case Counted():
                await _count(session, actor, cast, event)
            case _:
                pass
    await _store(session, actor, cast, [event for event in events if isinstance(event, Sampled)])


async def _start(session: AsyncSession, actor: Actor, cast: Cast, event: BatchStarted) -> None:
    product = {"product_code": event.product_code, "product_name": event.product_name, "notes": "Simulated"}
    planned = {"planned_start_time": event.at, "planned_end_time": None, "work_order_number": "", "operator_name": ""}
    numbers = {"target_quantity": Decimal(event.target_quantity), "target_speed": None, "shift": event.shift}
    fields = {"batch_number": f"{event.batch}-{cast.run}", "line_id": cast.lines[event.line], **product, **planned}
    batch = await batches.create_batch(session, actor, fields | numbers)
    await lifecycle.start_batch(session, actor, batch.id, at=event.at)
    cast.batches[event.batch] = batch.id


async def _count(session: AsyncSession, actor: Actor, cast: Cast, event: Counted) -> None:
    await counts.record_count(
        session,
        actor,
        cast.lines[event.line],
        good=Decimal(event.good),
        scrap=Decimal(event.scrap),
        at=event.at,
        scrap_reason=event.scrap_reason,
    )


async def _store(session: AsyncSession, actor: Actor, cast: Cast, sampled: Sequence[Sampled]) -> None:
    if not sampled:
        return
    ids = list(cast.sensors.values())
    place = {code: number for number, code in enumerate(cast.sensors)}
    which = np.concatenate([np.full(len(event.times), place[event.sensor], np.int32) for event in sampled])
    times = np.concatenate([event.times for event in sampled])
    values = np.concatenate([event.values for event in sampled])
    await store_readings(session, actor, Columns(ids, which, times, values, all_good(len(times))))


def starting_point(now: datetime, hours: float, since: datetime | None) -> datetime:
    """Where a run begins: so many hours back, or after what is recorded already."""
    begin = now - timedelta(hours=hours)
    return begin if since is None or since < begin else since + timedelta(minutes=1)
