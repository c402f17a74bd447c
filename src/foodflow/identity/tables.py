"""Tables of the directory: companies, people, memberships and tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import PlatformTable

Moment = TIMESTAMP(timezone=True)


class Tenant(PlatformTable):
    """A company."""

    __tablename__ = "tenants"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    schema_name: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    schema_revision: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class User(PlatformTable):
    """A person who can sign in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text, unique=True)
    email: Mapped[str] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_login_at: Mapped[datetime | None] = mapped_column(Moment)


class Membership(PlatformTable):
    """A person's roles in a company."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_tenant", "tenant"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("platform.users.id"), primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("platform.tenants.slug"), primary_key=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))


class Token(PlatformTable):
    """A refresh token or a browser's session; only the hash of its secret is kept."""

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("kind IN ('refresh', 'session')", name="kind"),
        Index("ix_tokens_family", "family"),
        Index("ix_tokens_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    family: Mapped[UUID]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("platform.users.id"))
    tenant: Mapped[str] = mapped_column(ForeignKey("platform.tenants.slug"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
