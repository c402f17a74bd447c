"""Live sessions, and the turns that they took."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.live.rules.sessions import Admission, Progression, Purpose, SessionStatus

Moment = TIMESTAMP(timezone=True)


def one_of(column: str, values: type[SessionStatus | Purpose | Admission | Progression]) -> CheckConstraint:
    """A text that is one of an enum's."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(each)) for each in values)})", name=column)


class LiveSession(TenantTable):
    """Something that one leads and many take part in at the same time.

    `participant_count` counts those who have a place; `sequence` counts its turns.
    """

    __tablename__ = "live_sessions"
    __table_args__ = (
        one_of("status", SessionStatus),
        one_of("purpose", Purpose),
        one_of("admission", Admission),
        one_of("progression", Progression),
        Index("ix_live_sessions_created_at_id", "created_at", "id"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    line_id: Mapped[UUID | None]
    qr_code: Mapped[str] = mapped_column(Text, unique=True)
    admin_code: Mapped[str] = mapped_column(Text, unique=True)
    max_participants: Mapped[int]
    admission: Mapped[str] = mapped_column(Text)
    progression: Mapped[str] = mapped_column(Text)
    allows_late_join: Mapped[bool]
    filters_nicknames: Mapped[bool]
    shows_leaderboard: Mapped[bool]
    pass_mark: Mapped[int | None]
    participant_count: Mapped[int]
    sequence: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    completed_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class LiveTurn(TenantTable):
    """Something that everybody in a session sees to have changed, in its place among all turns."""

    __tablename__ = "live_turns"

    session_id: Mapped[int] = mapped_column(ForeignKey("live_sessions.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment)
