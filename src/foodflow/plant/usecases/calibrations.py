"""Calibrations: recorded, kept, and held against what sensors report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.numerics.calibration import Corrections, calibrated
from foodflow.numerics.epoch import to_micros
from foodflow.plant.queries import calibrations as queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.queries.readings import Reporting
from foodflow.plant.rules.calibrations import CalibrationTaken, require_due_later
from foodflow.plant.rules.shared import require_recordable
from foodflow.plant.tables.calibrations import Calibration
from foodflow.plant.tables.sensors import Sensor


@dataclass(frozen=True, slots=True)
class Calibrating:
    """What somebody says of a calibration; see `tables.calibrations.Calibration`."""

    at: datetime
    offset: float
    next_due: datetime | None = None
    by: str = ""
    certificate: str = ""
    as_found: float | None = None
    as_left: float | None = None


async def calibrate(session: AsyncSession, actor: Actor, sensor_id: UUID, said: Calibrating) -> Calibration:
    """Record a calibration of a sensor. It holds for readings of which the source time is not before it; what is stored
    already stays as it is.
    """
    sensor = await sensor_queries.sensor_for_update(session, actor, sensor_id)
    calibration = await record_calibration(session, actor, sensor, said)
    sensor.version += 1
    return calibration


async def record_calibration(session: AsyncSession, actor: Actor, sensor: Sensor, said: Calibrating) -> Calibration:
    """Add a calibration to those of a sensor, which is locked; the latest one is what the sensor shows."""
    now = clock.now()
    require_recordable(said.at, now)
    require_due_later(said.at, said.next_due)
    calibration = Calibration(
        id=clock.new_id(),
        sensor_id=sensor.id,
        at=said.at,
        calibration_offset=said.offset,
        next_due=said.next_due,
        calibrated_by=said.by,
        certificate=said.certificate,
        as_found=said.as_found,
        as_left=said.as_left,
        recorded_by=actor.id,
        recorded_at=now,
    )
    taken = CalibrationTaken(f"sensor {sensor.sensor_code} has a calibration at {said.at.isoformat()} already")
    async with unless_taken(session, taken):
        session.add(calibration)
    if sensor.last_calibration_date is None or said.at > sensor.last_calibration_date:
        sensor.calibration_offset, sensor.last_calibration_date = said.offset, said.at
        sensor.next_calibration_date = said.next_due
    sensor.updated_at = now
    audit.record(
        session, actor, "sensor.calibrated", sensor.id, code=sensor.sensor_code, at=said.at, offset=said.offset
    )
    return calibration


async def corrected(
    session: AsyncSession,
    sensors: Sequence[Reporting],
    *,
    ids: Sequence[UUID],
    which: NDArray[np.int32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Reported values with the offset of the calibration that was in force at their source times; row i is of the
    sensor `ids[which[i]]`. Asks the database only where a reading is older than the latest calibration of its sensor.
    """
    if all(sensor.last_calibration_date is None for sensor in sensors):
        return values
    by_id = {sensor.id: sensor for sensor in sensors}
    mine = [by_id[id] for id in ids]
    since = [each.last_calibration_date for each in mine]
    latest = np.array([0 if each is None else to_micros(each) for each in since], np.int64)
    if (times < latest[which]).any():
        return calibrated(values, times, which, await _corrections(session, ids))
    offsets = np.array([each.calibration_offset for each in mine], np.float64)[which]
    return np.where(offsets == 0, values, values + offsets)


async def _corrections(session: AsyncSession, ids: Sequence[UUID]) -> Corrections:
    number = {id: place for place, id in enumerate(ids)}
    rows = await queries.corrections(session, ids)
    return Corrections(
        np.array([number[id] for id, _, _ in rows], np.int32),
        np.array([to_micros(at) for _, at, _ in rows], np.int64),
        np.array([offset for _, _, offset in rows], np.float64),
    )
