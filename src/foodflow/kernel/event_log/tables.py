"""The log's tables: events in parts of a month, and the head that gives them their positions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable

Moment = TIMESTAMP(timezone=True)
MONTHLY = "kept_events"


class KeptEvent(TenantTable):
    """An event that was told; `position` counts within the company, `sequence` is the relay's over all companies."""

    __tablename__ = MONTHLY
    __table_args__ = (
        Index("ix_kept_events_position", "position"),
        Index("ix_kept_events_subject_position", "subject", "position"),
        {"postgresql_partition_by": "RANGE (time)"},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    time: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    needs: Mapped[str] = mapped_column(Text)
    site: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class LogHead(TenantTable):
    """The one row that says which position was given last, and for how many days events are kept."""

    __tablename__ = "event_log_head"
    __table_args__ = (
        CheckConstraint("one", name="one"),
        CheckConstraint("keep_days BETWEEN 1 AND 36500", name="keep_days"),
    )

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    position: Mapped[int] = mapped_column(BigInteger)
    keep_days: Mapped[int]
