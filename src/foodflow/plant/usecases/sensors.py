"""Deeds on sensors."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import alarms as alarm_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import sensors as queries
from foodflow.plant.queries.readings import has_readings
from foodflow.plant.rules.sensors import require_limits
from foodflow.plant.rules.shared import InUse, Taken
from foodflow.plant.tables.sensors import Sensor


async def create_sensor(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> Sensor:
    """Set up a sensor of a line."""
    await line_queries.line_for_reference(session, actor, fields["line_id"])
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
    for name, value in changes.items():
        setattr(sensor, name, value)
    require_limits(sensor.min_value, sensor.max_value)
    sensor.updated_at = clock.now()
    sensor.version += 1
    audit.record(session, actor, "sensor.changed", sensor.id, before=before, after=changes)
    return sensor


async def delete_sensor(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a sensor that never reported; refused where readings would be lost."""
    sensor = await queries.sensor_for_update(session, actor, id)
    require_match(session, sensor)
    if await has_readings(session, sensor.key):
        raise InUse(f"sensor {sensor.sensor_code} has readings; set is_active to false instead")
    if await alarm_queries.has_alarms(session, sensor.id):
        raise InUse(f"sensor {sensor.sensor_code} has had alarms; set is_active to false instead")
    audit.record(session, actor, "sensor.deleted", sensor.id, code=sensor.sensor_code)
    await session.delete(sensor)
