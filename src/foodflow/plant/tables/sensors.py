"""Sensors and their readings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.tables.shared import Moment


class Sensor(TenantTable):
    """A sensor of a line; `key` is its short name inside `readings`.

    Its `version` counts what people change of it, not its readings, which come too often for anybody to follow.
    """

    __tablename__ = "sensors"
    __table_args__ = (
        CheckConstraint("min_value <= max_value", name="limits"),
        CheckConstraint("tolerance > 0", name="tolerance"),
        Index("ix_sensors_line_id", "line_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(Integer, Identity(always=True), unique=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    sensor_code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    sensor_type: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    position: Mapped[str] = mapped_column(Text)
    unit_of_measure: Mapped[str] = mapped_column(Text)
    min_value: Mapped[float | None]
    max_value: Mapped[float | None]
    target_value: Mapped[float | None]
    tolerance: Mapped[float | None]
    calibration_offset: Mapped[float] = mapped_column(default=0.0, server_default="0")
    last_calibration_date: Mapped[datetime | None] = mapped_column(Moment)
    next_calibration_date: Mapped[datetime | None] = mapped_column(Moment)
    is_active: Mapped[bool]
    first_reading_time: Mapped[datetime | None] = mapped_column(Moment)
    last_reading_time: Mapped[datetime | None] = mapped_column(Moment)
    last_reading_value: Mapped[float | None]
    last_breach: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Reading(TenantTable):
    """One value of one sensor at its source time; `breach` is -1 below, 1 above the limits then in force, else 0."""

    __tablename__ = "readings"
    __table_args__ = {"postgresql_partition_by": "RANGE (time)"}  # noqa: RUF012 - SQLAlchemy's own form

    sensor_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    value: Mapped[float]
    breach: Mapped[int] = mapped_column(SmallInteger)
