"""The deeds of identity: signing in, keeping and ending sessions, and a company's first administrator."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity import queries, rules
from foodflow.identity.tables import Membership, Token, User
from foodflow.kernel import clock, credentials

_FORGET_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who may be signing in: whom the name belongs to (if anybody), their password's hash and their companies."""

    user_id: int | None
    password_hash: str | None
    companies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rotation:
    """What the use of a refresh token led to: a new one and whom it is for, or a refusal (after which its family is
    ended).
    """

    user_id: int = 0
    tenant: str = ""
    secret: str = ""
    refused: bool = False


async def look_up(session: AsyncSession, username: str) -> SignIn:
    """Find whom a sign-in could be for; an unknown name is found out only after the password was checked."""
    user = await queries.user_named(session, username)
    if user is None:
        return SignIn(None, None, ())
    return SignIn(user.id, user.password_hash, tuple(await queries.companies_of(session, user.id)))


async def begin(session: AsyncSession, kind: str, user_id: int, tenant: str) -> str:
    """Begin a browser session or a family of refresh tokens for somebody whose password was right; returns the
    secret.
    """
    user = await session.get_one(User, user_id)
    user.last_login_at = clock.now()
    return _give_out(session, kind, user_id, tenant, family=clock.new_id())


async def rotate(session: AsyncSession, secret: str) -> Rotation:
    """Exchange a refresh token for a new one. A token that was used before ends its whole family: one of two holders
    is a thief.
    """
    token = await queries.refresh_token_for_update(session, credentials.secret_hash(secret))
    if token is None or token.revoked_at is not None or token.expires_at <= clock.now():
        return Rotation(refused=True)
    if token.used_at is not None:
        await _end_family(session, token.family)
        return Rotation(refused=True)
    if await queries.person_in(session, token.user_id, token.tenant) is None:
        return Rotation(refused=True)
    token.used_at = clock.now()
    return Rotation(
        token.user_id, token.tenant, _give_out(session, "refresh", token.user_id, token.tenant, family=token.family)
    )


async def _end_family(session: AsyncSession, family: UUID) -> None:
    """Until none is left that holds: while we waited for one, its holder may have exchanged it for another."""
    while relatives := await queries.family_for_update(session, family):
        for relative in relatives:
            relative.revoked_at = clock.now()


async def end_session(session: AsyncSession, secret: str) -> None:
    """End a browser session; one that has ended stays so."""
    token = await queries.session_for_update(session, credentials.secret_hash(secret))
    if token is not None and token.revoked_at is None:
        token.revoked_at = clock.now()


async def forget_expired(session: AsyncSession) -> int:
    """Remove some tokens that have expired; returns how many."""
    expired = await queries.expired_for_update(session, limit=_FORGET_AT_ONCE)
    for token in expired:
        await session.delete(token)
    return len(expired)


async def ensure_administrator(session: AsyncSession, *, tenant: str, username: str, password: str) -> bool:
    """Give a company its first administrator; true when the person was created. An existing person keeps their
    password.
    """
    name = username.strip().lower()
    user = await queries.user_of_name_for_update(session, name)
    created = user is None
    if user is None:
        rules.require_acceptable_password(password)
        user = User(username=name, email="", first_name="", last_name="", is_active=True, created_at=clock.now())
        user.password_hash = credentials.hash_password(password)
        session.add(user)
        await session.flush()
    if await queries.membership(session, user.id, tenant) is None:
        session.add(Membership(user_id=user.id, tenant=tenant, roles=["administrator"]))
    return created


def _give_out(session: AsyncSession, kind: str, user_id: int, tenant: str, *, family: UUID) -> str:
    secret, digest = credentials.new_secret()
    life = rules.SESSION_LIFE if kind == "session" else rules.REFRESH_TOKEN_LIFE
    token = Token(id=clock.new_id(), kind=kind, family=family, secret_hash=digest, user_id=user_id, tenant=tenant)
    token.created_at, token.expires_at = clock.now(), credentials.expires(life)
    session.add(token)
    return secret
