"""Calibrations of sensors, and the corrections that follow from them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.tables.calibrations import Calibration

LISTING = Listing(
    key=Calibration.id,
    order="-at",
    filters={
        "at": Filter(Calibration.at, datetime, ranges=True),
        "next_due": Filter(Calibration.next_due, datetime, ranges=True),
    },
    orderings={"at": Calibration.at, "recorded_at": Calibration.recorded_at},
    searches=(Calibration.certificate, Calibration.calibrated_by),
    export="calibrations",
)


def calibrations(sensor_id: UUID) -> Select[Calibration]:
    """The calibrations of a sensor, which was found for the actor before."""
    return select(Calibration).where(Calibration.sensor_id == sensor_id)


async def corrections(session: AsyncSession, sensor_ids: Sequence[UUID]) -> Sequence[tuple[UUID, datetime, float]]:
    """From when on which offset holds for some sensors."""
    found = select(Calibration.sensor_id, Calibration.at, Calibration.calibration_offset)
    rows = await session.execute(found.where(Calibration.sensor_id.in_(sensor_ids)))
    return [(row[0], row[1], row[2]) for row in rows]


async def has_calibrations(session: AsyncSession, sensor_id: UUID) -> bool:
    """Whether a sensor was ever calibrated."""
    return bool(await session.scalar(select(exists().where(Calibration.sensor_id == sensor_id))))
