"""Deeds on sensors."""

import asyncio
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import alarms as alarm_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import sensors as queries
from foodflow.plant.queries.calibrations import has_calibrations
from foodflow.plant.queries.readings import has_readings
from foodflow.plant.rules.calibrations import require_due_later
from foodflow.plant.rules.sensors import require_limits
from foodflow.plant.rules.shared import InUse, Taken
from foodflow.plant.rules.units import EVERYDAY, require_fixed, require_unit
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.calibrations import Calibrating, record_calibration

_CALIBRATION: Final = ("calibration_offset", "last_calibration_date", "next_calibration_date")


async def create_sensor(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> Sensor:
    """Set up a sensor of a line."""
    await line_queries.line_for_reference(session, actor, fields["line_id"])
    await require_known_unit(fields["unit_of_measure"])
    require_limits(fields.get("min_value"), fields.get("max_value"))
    now = clock.now()
    sensor = Sensor(id=clock.new_id(), is_active=True, last_breach=0, created_at=now, updated_at=now, **fields)
    async with unless_taken(session, Taken(f"there is a sensor {sensor.sensor_code} already")):
        session.add(sensor)
    audit.record(session, actor, "sensor.created", sensor.id, code=sensor.sensor_code)
    return sensor


async def change_sensor(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> Sensor:
    """Change a sensor. New limits hold for readings from now on; those stored keep the judgement of their time."""
    sensor = await queries.sensor_for_update(session, actor, id)
    require_match(session, sensor)
    before = {name: getattr(sensor, name) for name in changes}
    if "unit_of_measure" in changes:
        await _require_other_unit(session, sensor, changes["unit_of_measure"])
    await _calibrate(session, actor, sensor, {name: changes[name] for name in _CALIBRATION if name in changes})
    for name, value in changes.items():
        if name not in _CALIBRATION:
            setattr(sensor, name, value)
    require_limits(sensor.min_value, sensor.max_value)
    sensor.updated_at = clock.now()
    sensor.version += 1
    audit.record(session, actor, "sensor.changed", sensor.id, before=before, after=changes)
    return sensor


async def require_known_unit(unit: str, *, field: str = "unit_of_measure") -> None:
    """A unit is a UCUM code; the register of units is loaded beside the event loop."""
    if unit not in EVERYDAY:
        await asyncio.to_thread(require_unit, unit, field=field)


async def _require_other_unit(session: AsyncSession, sensor: Sensor, unit: str) -> None:
    await require_known_unit(unit)
    if await has_readings(session, sensor.key) or await has_calibrations(session, sensor.id):
        await asyncio.to_thread(require_fixed, sensor.unit_of_measure, unit)


async def _calibrate(session: AsyncSession, actor: Actor, sensor: Sensor, changes: dict[str, Any]) -> None:
    """What is changed of a sensor's calibration makes a calibration; another due date alone is a plan."""
    if not changes:
        return
    next_due: datetime | None = changes.get("next_calibration_date", sensor.next_calibration_date)
    if changes.keys() == {"next_calibration_date"}:
        if sensor.last_calibration_date is not None:
            require_due_later(sensor.last_calibration_date, next_due, field="next_calibration_date")
        sensor.next_calibration_date = next_due
        return
    at = changes.get("last_calibration_date") or clock.now()
    if "next_calibration_date" in changes:
        require_due_later(at, next_due, field="next_calibration_date")
    elif next_due is not None and next_due <= at:
        next_due = None
    offset = changes.get("calibration_offset", sensor.calibration_offset)
    await record_calibration(session, actor, sensor, Calibrating(at=at, offset=offset, next_due=next_due))


async def delete_sensor(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a sensor that never reported; refused where readings would be lost."""
    sensor = await queries.sensor_for_update(session, actor, id)
    require_match(session, sensor)
    if sensor.first_reading_time is not None or await has_readings(session, sensor.key):
        raise InUse(f"sensor {sensor.sensor_code} has readings; set is_active to false instead")
    if await has_calibrations(session, sensor.id):
        raise InUse(f"sensor {sensor.sensor_code} has calibrations; set is_active to false instead")
    if await alarm_queries.has_alarms(session, sensor.id):
        raise InUse(f"sensor {sensor.sensor_code} has had alarms; set is_active to false instead")
    audit.record(session, actor, "sensor.deleted", sensor.id, code=sensor.sensor_code)
    await session.delete(sensor)
