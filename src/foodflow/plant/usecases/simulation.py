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
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.rules.lines import LineState, require_active
from foodflow.plant.rules.shared import SIMULATED_PLANT, NotSimulated, require_simulated
from foodflow.plant.usecases import batches, counts, lines, sensors, states
from foodflow.plant.usecases.readings import Columns, store_readings


@dataclass(slots=True)
class Cast:
    """Which lines, sensors and batches of the company play the simulated ones; `since` is the last that is recorded."""

    run: str
    lines: dict[str, UUID] = field(default_factory=dict)
    sensors: dict[str, UUID] = field(default_factory=dict)
    batches: dict[str, UUID] = field(default_factory=dict)
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
    await batches.complete_batch(session, actor, batch_id, at=last + timedelta(microseconds=1))


async def _set_up_sensors(session: AsyncSession, actor: Actor, plan: LinePlan, cast: Cast) -> None:
    known = await sensor_queries.sensors_coded(session, [sensor.code for sensor in plan.sensors])
    line_id = cast.lines[plan.number]
    for sensor in plan.sensors:
        made = known.get(sensor.code) or await sensors.create_sensor(session, actor, _sensor_fields(sensor, line_id))
        if made.line_id != line_id:
            raise NotSimulated(f"sensor {sensor.code} belongs to another line than {plan.number}")
        cast.sensors[sensor.code] = made.id


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
                state = LineState(event.state)
                await states.record_state(
                    session, actor, cast.lines[event.line], state=state, at=event.at, reason=event.reason
                )
            case BatchStarted():
                await _start(session, actor, cast, event)
            case BatchCompleted() if event.batch in cast.batches:
                await batches.complete_batch(session, actor, cast.batches.pop(event.batch), at=event.at)
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
    await batches.start_batch(session, actor, batch.id, at=event.at)
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
