"""Tables of webhooks: where events go, what they are signed with, and how far each of them has come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable

Moment = TIMESTAMP(timezone=True)


class Webhook(CountsChanges, TenantTable):
    """An address that events are sent to: those of its types and sites that whoever set it up could hear of.

    `failing_since` is when it began to fail, if nothing has succeeded since.
    """

    __tablename__ = "webhooks"
    __table_args__ = (CheckConstraint("max_in_flight BETWEEN 1 AND 20", name="max_in_flight"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sites: Mapped[list[str]] = mapped_column(ARRAY(Text))
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    max_in_flight: Mapped[int] = mapped_column(SmallInteger)
    is_active: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)


class WebhookSecret(TenantTable):
    """A secret, sealed; one that was replaced is signed with until it expires. Archives leave these out."""

    __tablename__ = "webhook_secrets"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)


class Delivery(TenantTable):
    """An event on its way to a webhook; `leased_until` says that somebody is sending it now, or was killed at it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'delivered', 'dead', 'discarded')", name="status"),
        Index(
            "ix_webhook_deliveries_waiting",
            "webhook_id",
            "subject",
            "position",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), index=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    event_time: Mapped[datetime] = mapped_column(Moment)
    position: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(Moment)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    last_status: Mapped[int | None] = mapped_column(SmallInteger)
    last_answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
