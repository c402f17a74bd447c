"""Trials."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.trials import TrialStatus
from foodflow.plant.tables.shared import Moment

_STATUSES = ", ".join(f"'{status}'" for status in TrialStatus)


class Trial(CountsChanges, TenantTable):
    """Something that is tried out on a line: what was changed, what was expected, what came of it."""

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("actual_end_time >= actual_start_time", name="order"),
        Index("ix_trials_line_id_actual_start_time", "line_id", "actual_start_time"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    trial_number: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    product_code: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    planned_start_time: Mapped[datetime | None] = mapped_column(Moment)
    planned_end_time: Mapped[datetime | None] = mapped_column(Moment)
    actual_start_time: Mapped[datetime | None] = mapped_column(Moment)
    actual_end_time: Mapped[datetime | None] = mapped_column(Moment)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    expected_outcome: Mapped[str] = mapped_column(Text)
    success_criteria: Mapped[str] = mapped_column(Text)
    results: Mapped[dict[str, Any]] = mapped_column(JSONB)
    was_successful: Mapped[bool | None]
    batch_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    observations: Mapped[str] = mapped_column(Text)
    learnings: Mapped[str] = mapped_column(Text)
    recommendations: Mapped[str] = mapped_column(Text)
    owner_name: Mapped[str] = mapped_column(Text)
    cancel_reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
