"""Lines and what is recorded of their time."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.lines import LineState
from foodflow.plant.tables.shared import Moment, Speed

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
