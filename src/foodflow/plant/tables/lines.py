"""Lines and what is recorded of their time."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.lines import MICRO_STOP_SECONDS, LineState
from foodflow.plant.tables.shared import Moment, Money, Speed

_STATES = ", ".join(f"'{state}'" for state in LineState)


class ProductionLine(CountsChanges, TenantTable):
    """A production line; `status` is its latest recorded state, None before the first."""

    __tablename__ = "production_lines"
    __table_args__ = (
        CheckConstraint("design_speed > 0 AND max_speed > 0 AND min_speed > 0", name="speeds"),
        CheckConstraint(f"status IN ({_STATES})", name="status"),
        CheckConstraint("silent_after_seconds > 0", name="silence"),
        CheckConstraint("micro_stop_seconds >= 0", name="micro_stop"),
        CheckConstraint("hourly_cost >= 0", name="hourly_cost"),
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
    silent_after_seconds: Mapped[int | None]
    micro_stop_seconds: Mapped[int] = mapped_column(default=MICRO_STOP_SECONDS, server_default="300")
    hourly_cost: Mapped[Decimal | None] = mapped_column(Money)
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
    packml_state: Mapped[str | None] = mapped_column(Text)
    mode: Mapped[str | None] = mapped_column(Text)
    reason_id: Mapped[UUID | None] = mapped_column(ForeignKey("stop_reasons.id"))
    mark: Mapped[UUID | None]
    batch_id: Mapped[UUID | None]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class WithdrawnState(TenantTable):
    """A change of state that was reported and is withdrawn: it holds no longer, and is kept."""

    __tablename__ = "withdrawn_states"
    __table_args__ = (Index("ix_withdrawn_states_line_id_at", "line_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    packml_state: Mapped[str | None] = mapped_column(Text)
    mode: Mapped[str | None] = mapped_column(Text)
    reason_id: Mapped[UUID | None] = mapped_column(ForeignKey("stop_reasons.id"))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_by: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime] = mapped_column(Moment)
    why: Mapped[str] = mapped_column(Text)


class LineSpan(TenantTable):
    """From `start_time` to `end_time` the line was in `state`, whatever else is reported; until it is withdrawn."""

    __tablename__ = "line_spans"
    __table_args__ = (
        CheckConstraint("end_time > start_time", name="order"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index("ix_line_spans_line_id_end_time", "line_id", "end_time"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    start_time: Mapped[datetime] = mapped_column(Moment)
    end_time: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    packml_state: Mapped[str | None] = mapped_column(Text)
    mode: Mapped[str | None] = mapped_column(Text)
    reason_id: Mapped[UUID | None] = mapped_column(ForeignKey("stop_reasons.id"))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    why: Mapped[str | None] = mapped_column(Text)


class LineHeartbeat(TenantTable):
    """From `first_at` to `last_at` a line told that it is there, never silent for longer than it may be."""

    __tablename__ = "line_heartbeats"
    __table_args__ = (
        CheckConstraint("last_at >= first_at", name="order"),
        Index("ix_line_heartbeats_line_id_last_at", "line_id", "last_at"),
    )

    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    last_at: Mapped[datetime] = mapped_column(Moment)
