"""Calibrations of sensors."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.tables.shared import Moment


class Calibration(TenantTable):
    """A comparison of a sensor with a reference: from `at` on, `calibration_offset` is added to what it reports.

    `as_found` and `as_left` are how far it was off (sensor minus reference) before and after it was adjusted. All three
    are in the sensor's unit.
    """

    __tablename__ = "sensor_calibrations"
    __table_args__ = (
        CheckConstraint("next_due > at", name="next_due"),
        UniqueConstraint("sensor_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sensor_id: Mapped[UUID] = mapped_column(ForeignKey("sensors.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    calibration_offset: Mapped[float]
    next_due: Mapped[datetime | None] = mapped_column(Moment)
    calibrated_by: Mapped[str] = mapped_column(Text)
    certificate: Mapped[str] = mapped_column(Text)
    as_found: Mapped[float | None]
    as_left: Mapped[float | None]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
