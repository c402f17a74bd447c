"""Batches and what was counted of them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.tables.shared import Moment, Quantity, Speed


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
