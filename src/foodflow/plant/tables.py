"""Tables of the plant."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, Numeric, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules import LineState

Moment = TIMESTAMP(timezone=True)
Speed = Numeric(10, 2)
Quantity = Numeric(12, 2)
_STATES = ", ".join(f"'{state}'" for state in LineState)


class ProductionLine(CountsChanges, TenantTable):
    """A production line; `status` is its latest recorded state, None before the first."""

    __tablename__ = "production_lines"
    __table_args__ = (
        CheckConstraint("design_speed > 0 AND max_speed > 0 AND min_speed > 0", name="speeds"),
        CheckConstraint(f"status IN ({_STATES})", name="status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_number: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    plant_name: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    design_speed: Mapped[Decimal | None] = mapped_column(Speed)
    max_speed: Mapped[Decimal | None] = mapped_column(Speed)
    min_speed: Mapped[Decimal | None] = mapped_column(Speed)
    status: Mapped[str | None] = mapped_column(Text)
    status_since: Mapped[datetime | None] = mapped_column(Moment)
    current_batch_id: Mapped[UUID | None]
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class LineStateChange(TenantTable):
    """From `at` on the line is in `state`, until the next change."""

    __tablename__ = "line_states"
    __table_args__ = (CheckConstraint(f"state IN ({_STATES})", name="state"),)

    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID | None]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class ProductionBatch(CountsChanges, TenantTable):
    """A batch of one product on one line; quantities are the sums of its counts, ratios those of its time."""

    __tablename__ = "production_batches"
    __table_args__ = (
        CheckConstraint("status IN ('planned', 'in_progress', 'completed')", name="status"),
        CheckConstraint("target_quantity > 0", name="target_quantity"),
        CheckConstraint("good_quantity >= 0 AND scrap_quantity >= 0", name="quantities"),
        CheckConstraint("target_speed > 0", name="target_speed"),
        Index("ix_production_batches_line_id", "line_id"),
        Index(
            "uq_production_batches_in_progress", "line_id", unique=True, postgresql_where=text("status = 'in_progress'")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_number: Mapped[str] = mapped_column(Text, unique=True)
    work_order_number: Mapped[str] = mapped_column(Text)
    product_code: Mapped[str] = mapped_column(Text)
    product_name: Mapped[str] = mapped_column(Text)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    status: Mapped[str] = mapped_column(Text)
    planned_start_time: Mapped[datetime | None] = mapped_column(Moment)
    planned_end_time: Mapped[datetime | None] = mapped_column(Moment)
    actual_start_time: Mapped[datetime | None] = mapped_column(Moment)
    actual_end_time: Mapped[datetime | None] = mapped_column(Moment)
    target_quantity: Mapped[Decimal] = mapped_column(Quantity)
    good_quantity: Mapped[Decimal] = mapped_column(Quantity)
    scrap_quantity: Mapped[Decimal] = mapped_column(Quantity)
    target_speed: Mapped[Decimal | None] = mapped_column(Speed)
    operator_name: Mapped[str] = mapped_column(Text)
    shift: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    availability: Mapped[float | None]
    performance: Mapped[float | None]
    quality: Mapped[float | None]
    oee: Mapped[float | None]
    oee_version: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class ProductionCount(TenantTable):
    """What was made up to `at` since the report before it, and the ideal speed (items per minute) then in force."""

    __tablename__ = "production_counts"
    __table_args__ = (
        CheckConstraint("good >= 0 AND scrap >= 0 AND good + scrap > 0", name="amounts"),
        Index("ix_production_counts_line_id_at", "line_id", "at"),
        Index("ix_production_counts_batch_id", "batch_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_batches.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    good: Mapped[Decimal] = mapped_column(Quantity)
    scrap: Mapped[Decimal] = mapped_column(Quantity)
    scrap_reason: Mapped[str] = mapped_column(Text)
    ideal_speed: Mapped[Decimal | None] = mapped_column(Speed)
    recorded_by: Mapped[str] = mapped_column(Text)


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
