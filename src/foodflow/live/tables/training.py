"""Records of training: who attended what, and how they did."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.live.tables.sessions import Moment


class TrainingRecord(TenantTable):
    """That somebody attended a session, with their score where there was one; it outlives the session.

    `person_name` and `facilitator` are what people were called when it was recorded, `actor` and `led_by` who they are
    in the company (`user:17`). `correct` is of the `questions` that were asked.
    """

    __tablename__ = "training_records"
    __table_args__ = (
        UniqueConstraint("session_id", "actor"),
        CheckConstraint("attended_from <= attended_until", name="order"),
        Index("ix_training_records_actor_attended_from", "actor", "attended_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    actor: Mapped[str] = mapped_column(Text)
    person_name: Mapped[str] = mapped_column(Text)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("live_sessions.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    facilitator: Mapped[str] = mapped_column(Text)
    led_by: Mapped[str] = mapped_column(Text)
    attended_from: Mapped[datetime] = mapped_column(Moment)
    attended_until: Mapped[datetime] = mapped_column(Moment)
    score: Mapped[int | None]
    correct: Mapped[int | None]
    questions: Mapped[int | None]
    passed: Mapped[bool | None]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
