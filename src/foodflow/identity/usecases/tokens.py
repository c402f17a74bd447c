"""Stays: begun with a sign-in, kept with refresh tokens, listed, ended and forgotten."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people, tokens
from foodflow.identity.rules import credentials as rules
from foodflow.identity.tables import Token
from foodflow.kernel import clock, credentials
from foodflow.kernel.live import access

_FORGET_AT_ONCE = 1000
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from, as far as it says so: the address, and what the program calls itself."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in to which company, and how (`pwd`, `otp`, `oidc`; RFC 8176)."""

    user_id: int
    tenant: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay that has just begun or was kept on: the secret for its holder, and the family that it is known by."""

    signed_in: SignedIn
    secret: str
    family: UUID


async def begin(session: AsyncSession, kind: str, signed_in: SignedIn, caller: Caller) -> Stay:
    """Begin a browser session (`session`) or a family of refresh tokens (`refresh`) for somebody who has proved who
    they are.
    """
    user = await people.user_for_update(session, signed_in.user_id)
    user.last_login_at = clock.now()
    return _give_out(session, kind, signed_in, caller, family=clock.new_id())


async def rotate(session: AsyncSession, secret: str, caller: Caller) -> Stay | None:
    """Exchange a refresh token for a new one; None is a refusal, after which its family is ended.

    A token that was used before ends its whole family: one of two holders is a thief.
    """
    token = await tokens.token_for_update(session, "refresh", credentials.secret_hash(secret))
    if token is None or token.tenant is None or token.revoked_at is not None or token.expires_at <= clock.now():
        return None
    if token.used_at is not None:
        await end_family(session, token.family)
        return None
    if await people.person_in(session, token.user_id, token.tenant) is None:
        return None
    token.used_at = clock.now()
    signed_in = SignedIn(token.user_id, token.tenant, tuple(token.methods))
    return _give_out(session, "refresh", signed_in, caller, family=token.family)


async def end_family(session: AsyncSession, family: UUID) -> None:
    """End a stay; until none of its tokens is left that holds: while we waited for one, its holder may have exchanged
    it for another.
    """
    while relatives := await tokens.family_for_update(session, family):
        for relative in relatives:
            relative.revoked_at = clock.now()
        await access.changed(session, actor=f"user:{relatives[0].user_id}")


async def end_session(session: AsyncSession, secret: str) -> None:
    """End a browser session; one that has ended stays so."""
    token = await tokens.token_for_update(session, "session", credentials.secret_hash(secret))
    if token is not None:
        await end_family(session, token.family)


async def end_refresh(session: AsyncSession, secret: str) -> None:
    """End the stay that a refresh token keeps on; one that has ended stays so."""
    token = await tokens.token_for_update(session, "refresh", credentials.secret_hash(secret))
    if token is not None:
        await end_family(session, token.family)


async def forget_expired(session: AsyncSession) -> int:
    """Remove some tokens that have expired; returns how many."""
    expired = await tokens.expired_for_update(session, limit=_FORGET_AT_ONCE)
    for token in expired:
        await session.delete(token)
    return len(expired)


def give_secret(session: AsyncSession, kind: str, *, user_id: int, tenant: str | None, life: timedelta) -> str:
    """A secret of a kind that is used once (`invitation`, `reset`, `challenge`), for its holder."""
    secret, digest = credentials.new_secret()
    token = Token(id=clock.new_id(), kind=kind, family=clock.new_id(), secret_hash=digest, user_id=user_id)
    token.tenant, token.created_at, token.expires_at = tenant, clock.now(), credentials.expires(life)
    session.add(token)
    return secret


def _give_out(session: AsyncSession, kind: str, signed_in: SignedIn, caller: Caller, *, family: UUID) -> Stay:
    secret, digest = credentials.new_secret()
    token = Token(id=clock.new_id(), kind=kind, family=family, secret_hash=digest, user_id=signed_in.user_id)
    life = rules.SESSION_LIFE if kind == "session" else rules.REFRESH_TOKEN_LIFE
    token.tenant, token.methods = signed_in.tenant, list(signed_in.methods)
    token.address, token.agent = caller.address, caller.agent[:_LONGEST_AGENT]
    token.created_at, token.expires_at = clock.now(), credentials.expires(life)
    session.add(token)
    return Stay(signed_in, secret, family)
