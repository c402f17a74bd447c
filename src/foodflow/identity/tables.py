"""Tables of the directory: companies, people, what they may, and what they prove themselves with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import PlatformTable

Moment = TIMESTAMP(timezone=True)
TENANT = "platform.tenants.slug"
USER = "platform.users.id"


class Tenant(PlatformTable):
    """A company; while it is suspended nobody can act in it."""

    __tablename__ = "tenants"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    schema_name: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    schema_revision: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    suspended_at: Mapped[datetime | None] = mapped_column(Moment)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the library's form


class User(PlatformTable):
    """A person who can sign in, or the service account of a program, which only calls with API keys.

    A person without a password has not accepted their invitation yet, or signs in elsewhere. An address is that of one
    person, who has shown that they read its mail.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'service')", name="kind"),
        Index("ix_users_email", "email"),
        Index("uq_users_email", "email", unique=True, postgresql_where=text("email <> '' AND kind = 'person'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, default="person", server_default="person")
    username: Mapped[str] = mapped_column(Text, unique=True)
    email: Mapped[str] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_changed_at: Mapped[datetime | None] = mapped_column(Moment)
    is_active: Mapped[bool]
    is_operator: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_login_at: Mapped[datetime | None] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the library's form


class Membership(PlatformTable):
    """A person's place in a company: roles, and the sites (None: all) and teams that they are for.

    `accepted_at` is None while they are invited; `is_active` is false once they are deactivated there.
    """

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_tenant", "tenant"),)

    user_id: Mapped[int] = mapped_column(ForeignKey(USER), primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey(TENANT), primary_key=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    sites: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    teams: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the library's form


class OwnRole(PlatformTable):
    """A role that a company has made for itself, beside those that every company has."""

    __tablename__ = "roles"

    tenant: Mapped[str] = mapped_column(ForeignKey(TENANT), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    description: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the library's form


class Token(PlatformTable):
    """A secret of one kind that somebody holds; only its hash is kept.

    `session` (a browser's) and `refresh` are signed-in stays, told apart by their family; `invitation` and `reset` were
    mailed; `challenge` waits for a second factor or for a provider's answer.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("kind IN ('refresh', 'session', 'invitation', 'reset', 'challenge')", name="kind"),
        Index("ix_tokens_family", "family"),
        Index("ix_tokens_expires_at", "expires_at"),
        Index("ix_tokens_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    family: Mapped[UUID]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(USER))
    tenant: Mapped[str | None] = mapped_column(ForeignKey(TENANT))
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    address: Mapped[str] = mapped_column(Text, default="", server_default="")
    agent: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class ApiKey(PlatformTable):
    """A program's key, found by its prefix; it may at most what its owner may."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_tenant", "tenant"), Index("ix_api_keys_user_id", "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey(TENANT))
    user_id: Mapped[int] = mapped_column(ForeignKey(USER))
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class SecondFactor(PlatformTable):
    """A person's time-based one-time codes (RFC 6238); `last_step` is the last time step that was used."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey(USER), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))


class RecoveryCode(PlatformTable):
    """A code that stands in for a lost second factor, once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey(USER), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class IdentityProvider(PlatformTable):
    """An OpenID Connect provider that a company's people sign in with."""

    __tablename__ = "identity_providers"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey(TENANT))
    name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    sealed_client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the library's form


class ExternalIdentity(PlatformTable):
    """Who somebody is at an outside issuer, and whom that stands for in one company."""

    __tablename__ = "external_identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", "tenant"),
        Index("ix_external_identities_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey(USER))
    tenant: Mapped[str] = mapped_column(ForeignKey(TENANT))
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)


class Failure(PlatformTable):
    """Failed attempts to sign in, counted for an account, an address or both; the subject is kept as its hash."""

    __tablename__ = "failures"
    __table_args__ = (Index("ix_failures_last_at", "last_at"),)

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Moment)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
