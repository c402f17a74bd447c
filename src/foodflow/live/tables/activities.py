"""Activities of live sessions, and what their answers add up to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.tables.sessions import Moment

_STATES = ", ".join(f"'{state}'" for state in ActivityState)


class LiveActivity(TenantTable):
    """Something to do together: a poll, a quiz. `type` is a kind that there is, or any word (the contract's clients).

    `step` is the question that a quiz is at; `closes_at` is when the open question or activity closes by itself.
    `max_responses` and `duration_seconds` and the like are in `activity_metadata`, as the contract names them.
    """

    __tablename__ = "live_activities"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index("ix_live_activities_session_id_order_index", "session_id", "order_index"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_sessions.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    config: Mapped[dict[str, Any]] = mapped_column(JSONB)
    activity_metadata: Mapped[dict[str, Any]] = mapped_column(JSONB)
    order_index: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    step: Mapped[int]
    step_opened_at: Mapped[datetime | None] = mapped_column(Moment)
    is_revealed: Mapped[bool]
    shows_results: Mapped[bool]
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    closes_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class LiveTally(TenantTable):
    """How much the counted answers of an activity add up to under a key."""

    __tablename__ = "live_tallies"
    __table_args__ = {"postgresql_with": {"fillfactor": 50}}  # noqa: RUF012 - SQLAlchemy's own form

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("live_activities.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
