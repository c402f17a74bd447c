"""Set points of batches, and the values that were noted down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.tables.shared import Moment


class BatchParameter(TenantTable):
    """What a batch is to be made with: a set point and its limits, and the sensor that measures it, if one does."""

    __tablename__ = "batch_parameters"
    __table_args__ = (
        UniqueConstraint("batch_id", "code", name="uq_batch_parameters_batch_id_code"),
        CheckConstraint("low <= high", name="limits"),
        Index("ix_batch_parameters_sensor_id", "sensor_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("production_batches.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    set_point: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    sensor_id: Mapped[UUID | None] = mapped_column(ForeignKey("sensors.id"))


class BatchActual(TenantTable):
    """A value of a parameter that somebody noted down at a moment."""

    __tablename__ = "batch_actuals"
    __table_args__ = (Index("ix_batch_actuals_parameter_id_at", "parameter_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parameter_id: Mapped[UUID] = mapped_column(ForeignKey("batch_parameters.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    value: Mapped[float]
    note: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
