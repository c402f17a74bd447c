"""Participants of live sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.live.rules.participants import ParticipantRole
from foodflow.live.tables.sessions import Moment

_ROLES = ", ".join(f"'{role}'" for role in ParticipantRole)


class LiveParticipant(TenantTable):
    """Somebody's place in a session. `actor` is who they are in the company (`user:17`), empty for guests;
    `assigned_by` is the facilitator who said so, where they did not sign in themselves.

    `score`, `streak` and `answered` are what quizzes have given them so far; `removed_at` is since when they have
    no place any more, and `removed_by` who took it: a facilitator, or they themselves.
    """

    __tablename__ = "live_participants"
    __table_args__ = (
        UniqueConstraint("session_id", "nickname"),
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
        Index("ix_live_participants_session_id_score", "session_id", "score"),
        Index("ix_live_participants_session_id_actor", "session_id", "actor", postgresql_where=text("actor <> ''")),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_sessions.id", ondelete="CASCADE"))
    nickname: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    assigned_by: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    score: Mapped[int]
    streak: Mapped[int]
    correct: Mapped[int]
    answered: Mapped[int]
    activity_context: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    joined_at: Mapped[datetime] = mapped_column(Moment)
    last_seen: Mapped[datetime] = mapped_column(Moment)
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
    removed_by: Mapped[str | None] = mapped_column(Text)
