"""Batches, what happened to them, when they had their line, and what was counted of them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.rules.scrap import Severity
from foodflow.plant.tables.shared import Amount, Moment, Price, Quantity, Speed, Weight

_STATUSES = ", ".join(f"'{status}'" for status in BatchStatus)
_SEVERITIES = ", ".join(f"'{severity}'" for severity in Severity)
_AMOUNTS = (
    "(reverses_id IS NULL AND good >= 0 AND scrap >= 0 AND rework >= 0 AND good + scrap + rework > 0)"
    " OR (reverses_id IS NOT NULL AND good <= 0 AND scrap <= 0 AND rework <= 0 AND good + scrap + rework < 0)"
)


class ProductionBatch(CountsChanges, TenantTable):
    """A batch of one product on one line; quantities are the sums of its counts, costs those of its costs, ratios those
    of its time. `held_since` is when it was put on hold, while it is.
    """

    __tablename__ = "production_batches"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("target_quantity > 0", name="target_quantity"),
        CheckConstraint("good_quantity >= 0 AND scrap_quantity >= 0 AND rework_quantity >= 0", name="quantities"),
        CheckConstraint("target_speed > 0", name="target_speed"),
        CheckConstraint("unit_cost >= 0 AND nominal_weight > 0 AND filled_weight >= 0", name="amounts"),
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
    held_since: Mapped[datetime | None] = mapped_column(Moment)
    target_quantity: Mapped[Decimal] = mapped_column(Quantity)
    good_quantity: Mapped[Decimal] = mapped_column(Quantity)
    scrap_quantity: Mapped[Decimal] = mapped_column(Quantity)
    rework_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0), server_default=text("0"))
    unit: Mapped[str] = mapped_column(Text, default="", server_default="")
    target_speed: Mapped[Decimal | None] = mapped_column(Speed)
    operator_name: Mapped[str] = mapped_column(Text)
    shift: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    unit_cost: Mapped[Decimal | None] = mapped_column(Price)
    currency: Mapped[str | None] = mapped_column(Text)
    nominal_weight: Mapped[Decimal | None] = mapped_column(Weight)
    filled_weight: Mapped[Decimal | None] = mapped_column(Price)
    weight_unit: Mapped[str] = mapped_column(Text, default="", server_default="")
    availability: Mapped[float | None]
    performance: Mapped[float | None]
    quality: Mapped[float | None]
    oee: Mapped[float | None]
    oee_version: Mapped[int | None] = mapped_column(Integer)
    average_speed: Mapped[float | None]
    planned_downtime_minutes: Mapped[float | None]
    unplanned_downtime_minutes: Mapped[float | None]
    labor_cost: Mapped[Decimal | None] = mapped_column(Amount)
    material_cost: Mapped[Decimal | None] = mapped_column(Amount)
    scrap_cost: Mapped[Decimal | None] = mapped_column(Amount)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class BatchMove(TenantTable):
    """What happened to a batch, its moves numbered from 1; `line_released`: from then on it has no line."""

    __tablename__ = "batch_moves"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("production_batches.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    from_status: Mapped[str] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    line_released: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class BatchRun(TenantTable):
    """From `start_time` until `end_time` (None: still) a batch has its line, in progress or held; no other one has."""

    __tablename__ = "batch_runs"
    __table_args__ = (
        CheckConstraint("end_time > start_time", name="order"),
        Index("ix_batch_runs_line_id_start_time", "line_id", "start_time"),
        Index("uq_batch_runs_open", "line_id", unique=True, postgresql_where=text("end_time IS NULL")),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("production_batches.id"), primary_key=True)
    start_time: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    end_time: Mapped[datetime | None] = mapped_column(Moment)


class ProductionCount(TenantTable):
    """What was made up to `at` since the report before it, and the ideal speed (items per minute) then in force.

    One that takes back another (`reverses_id`) says the same with negative quantities, of the same moment. A count of
    scrap with what is known of it is a scrap event: there is no second place where scrap is counted.
    """

    __tablename__ = "production_counts"
    __table_args__ = (
        CheckConstraint(_AMOUNTS, name="amounts"),
        CheckConstraint(f"severity IN ({_SEVERITIES})", name="severity"),
        Index("ix_production_counts_line_id_at", "line_id", "at"),
        Index("ix_production_counts_batch_id", "batch_id"),
        Index(
            "uq_production_counts_source",
            "line_id",
            "source_id",
            unique=True,
            postgresql_where=text("source_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_batches.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    good: Mapped[Decimal] = mapped_column(Quantity)
    scrap: Mapped[Decimal] = mapped_column(Quantity)
    rework: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0), server_default=text("0"))
    unit: Mapped[str] = mapped_column(Text, default="", server_default="")
    scrap_reason: Mapped[str] = mapped_column(Text)
    ideal_speed: Mapped[Decimal | None] = mapped_column(Speed)
    recorded_by: Mapped[str] = mapped_column(Text)
    source_id: Mapped[str | None] = mapped_column(Text)
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_counts.id"), unique=True)
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    scrap_type: Mapped[str] = mapped_column(Text, default="", server_default="")
    severity: Mapped[str | None] = mapped_column(Text)
    root_cause: Mapped[str] = mapped_column(Text, default="", server_default="")
    corrective_action: Mapped[str] = mapped_column(Text, default="", server_default="")
    estimated_cost: Mapped[Decimal | None] = mapped_column(Price)
    scrap_unit_cost: Mapped[Decimal | None] = mapped_column(Price)
    currency: Mapped[str | None] = mapped_column(Text)
    detected_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    operator_name: Mapped[str] = mapped_column(Text, default="", server_default="")
    image_url: Mapped[str] = mapped_column(Text, default="", server_default="")
