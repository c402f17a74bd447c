"""Responses: what participants answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.live.rules.moderation import ResponseStatus
from foodflow.live.tables.sessions import Moment

_STATUSES = ", ".join(f"'{status}'" for status in ResponseStatus)


class LiveResponse(TenantTable):
    """An answer of a participant. Of each `slot` of an activity one answer of a participant counts; what an activity
    cannot read is kept and never counts.
    """

    __tablename__ = "live_responses"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        Index(
            "ix_live_responses_activity_id_participant_id_slot",
            "activity_id",
            "participant_id",
            "slot",
            unique=True,
            postgresql_where=text("is_counted"),
        ),
        Index("ix_live_responses_activity_id_created_at_id", "activity_id", "created_at", "id"),
        Index("ix_live_responses_listed", "activity_id", "created_at", "id", postgresql_where=text("is_listed")),
        Index(
            "ix_live_responses_pending",
            "activity_id",
            "created_at",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_live_responses_participant_id", "participant_id"),
        Index("ix_live_responses_session_id", "session_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_sessions.id", ondelete="CASCADE"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("live_activities.id", ondelete="CASCADE"))
    participant_id: Mapped[int] = mapped_column(ForeignKey("live_participants.id", ondelete="CASCADE"))
    response_data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    slot: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    is_counted: Mapped[bool]
    is_listed: Mapped[bool]
    is_correct: Mapped[bool | None]
    points: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
