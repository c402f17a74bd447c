"""Every SELECT of identity."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.tables import Membership, Tenant, Token, User
from foodflow.kernel import clock


@dataclass(frozen=True, slots=True)
class Person:
    """A person in a company, as the directory knows them now."""

    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    created_at: datetime
    last_login_at: datetime | None
    company: str
    company_name: str
    roles: tuple[str, ...]


async def user_of_name_for_update(session: AsyncSession, username: str) -> User | None:
    """The user of exactly this user name, active or not, locked."""
    return (await session.scalars(select(User).where(User.username == username).with_for_update())).first()


async def user_named(session: AsyncSession, username: str) -> User | None:
    """The active user of a user name or e-mail address, in whatever case it was typed."""
    name = username.strip().lower()
    found = select(User).where(or_(User.username == name, User.email == name), User.is_active)
    return (await session.scalars(found.order_by(User.username != name).limit(1))).first()


async def companies_of(session: AsyncSession, user_id: int) -> list[str]:
    """The slugs of the companies that a user belongs to."""
    return list(await session.scalars(select(Membership.tenant).where(Membership.user_id == user_id)))


def _people() -> Select[User, Membership, Tenant]:
    return (
        select(User, Membership, Tenant)
        .join(Membership, Membership.user_id == User.id)
        .join(Tenant, Tenant.slug == Membership.tenant)
        .where(User.is_active)
    )


def _person(row: Row[User, Membership, Tenant] | None) -> Person | None:
    if row is None:
        return None
    user, membership, tenant = row
    names = (user.id, user.username, user.email, user.first_name, user.last_name)
    return Person(*names, user.created_at, user.last_login_at, tenant.slug, tenant.name, tuple(membership.roles))


async def person_in(session: AsyncSession, user_id: int, tenant: str) -> Person | None:
    """A person in a company, or None when they are not active or not (any longer) part of it."""
    found = _people().where(User.id == user_id, Membership.tenant == tenant)
    return _person((await session.execute(found)).first())


async def person_of_session(session: AsyncSession, secret_hash: bytes) -> Person | None:
    """The person whose browser session this is, while it lasts."""
    found = _people().join(Token, (Token.user_id == User.id) & (Token.tenant == Membership.tenant))
    valid = found.where(
        Token.secret_hash == secret_hash,
        Token.kind == "session",
        Token.revoked_at.is_(None),
        Token.expires_at > clock.now(),
    )
    return _person((await session.execute(valid)).first())


async def refresh_token_for_update(session: AsyncSession, secret_hash: bytes) -> Token | None:
    """A refresh token by its hash, locked: of two who use it at once, the second sees that it was used."""
    found = select(Token).where(Token.secret_hash == secret_hash, Token.kind == "refresh")
    return (await session.scalars(found.with_for_update())).first()


async def family_for_update(session: AsyncSession, family: UUID) -> Sequence[Token]:
    """Every token that descends from one sign-in and still holds, locked."""
    found = select(Token).where(Token.family == family, Token.revoked_at.is_(None))
    return (await session.scalars(found.with_for_update())).all()


async def session_for_update(session: AsyncSession, secret_hash: bytes) -> Token | None:
    """A browser's session by its hash, locked."""
    found = select(Token).where(Token.secret_hash == secret_hash, Token.kind == "session")
    return (await session.scalars(found.with_for_update())).first()


async def expired_for_update(session: AsyncSession, *, limit: int) -> Sequence[Token]:
    """Some tokens that have expired, locked; those that somebody else holds are passed over."""
    found = select(Token).where(Token.expires_at < clock.now()).order_by(Token.expires_at).limit(limit)
    return (await session.scalars(found.with_for_update(skip_locked=True))).all()


async def tenant(session: AsyncSession, slug: str) -> Tenant | None:
    """A company."""
    return await session.get(Tenant, slug)


async def membership(session: AsyncSession, user_id: int, slug: str) -> Membership | None:
    """A person's place in a company."""
    return await session.get(Membership, (user_id, slug))
