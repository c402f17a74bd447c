"""Tokens: the secrets that stays begin with, are kept on with and end with, and those that are used once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people, tokens
from foodflow.identity.rules import credentials as rules
from foodflow.identity.tables import Token, User
from foodflow.kernel import audit, clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.live import access
from foodflow.kernel.tenancy import TenantName

_FORGET_AT_ONCE = 1000
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from, as far as it says so: the address, what the program calls itself, and the address (or
    network) that failures are counted for.
    """

    address: str = ""
    agent: str = ""
    counted: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in to which company, how (`pwd`, `otp`, `oidc`; RFC 8176), and, with a password, as of when it was
    the right one.
    """

    user_id: int
    tenant: str
    methods: tuple[str, ...]
    as_of: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Whoever has signed in, as those who do what a sign-in does."""
        return Actor(f"user:{self.user_id}", TenantName(self.tenant))


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay that has just begun or was kept on: the secret for its holder, and the family that it is known by."""

    signed_in: SignedIn
    secret: str
    family: UUID


async def begin(session: AsyncSession, kind: str, signed_in: SignedIn, caller: Caller) -> Stay:
    """Begin a browser session (`session`) or a family of refresh tokens (`refresh`) for somebody who has proved who
    they are; refuses who is not (any longer) active in the company, and everybody while it is suspended.
    """
    user = await people.user_for_update(session, signed_in.user_id)
    person = await people.person_in(session, signed_in.user_id, signed_in.tenant)
    if person is None or _was_overtaken(user, signed_in):
        raise rules.BadCredentials
    if person.is_suspended:
        raise rules.CompanySuspended
    user.last_login_at = clock.now()
    stay = _give_out(session, kind, signed_in, caller, family=clock.new_id())
    told = {"kind": kind, "methods": signed_in.methods, "address": caller.address}
    audit.record(session, signed_in.actor, "session.began", f"session:{stay.family}", **told)
    return stay


def _was_overtaken(user: User, signed_in: SignedIn) -> bool:
    """Whether the password was changed while somebody was still signing in with the one before."""
    changed, as_of = user.password_changed_at, signed_in.as_of
    return changed is not None and as_of is not None and changed > as_of


async def rotate(session: AsyncSession, secret: str, caller: Caller) -> Stay | None:
    """Exchange a refresh token for a new one; None is a refusal, after which its family is ended.

    A token that was used before ends its whole family: one of two holders is a thief.
    """
    token = await tokens.token_for_update(session, "refresh", credentials.secret_hash(secret))
    if token is None or token.tenant is None or token.revoked_at is not None or token.expires_at <= clock.now():
        return None
    if token.used_at is not None:
        await end_family(session, token.family)
        thief_or_owner = SignedIn(token.user_id, token.tenant, ()).actor
        told = {"address": caller.address, "because": "a refresh token was used twice"}
        audit.record(session, thief_or_owner, "session.ended", f"session:{token.family}", **told)
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
        await access.changed(session, credential=f"session:{family}")


async def end(session: AsyncSession, actor: Actor, kind: str, secret: str) -> None:
    """End the stay that somebody holds the secret of; one that has ended stays so."""
    token = await tokens.token_for_update(session, kind, credentials.secret_hash(secret))
    if token is not None and token.revoked_at is None:
        await end_family(session, token.family)
        audit.record(session, actor, "session.ended", f"session:{token.family}")


async def owner_of(session: AsyncSession, kind: str, secret: str) -> Actor | None:
    """Whoever holds a secret of a kind that was once given out, in whose name it is used."""
    found = await tokens.owner_of(session, kind, credentials.secret_hash(secret))
    return None if found is None else SignedIn(*found, ()).actor


async def challenge_for_update(session: AsyncSession, secret: str) -> Token | None:
    """What waits for a code after a password was right, while it does, locked."""
    token = await tokens.token_for_update(session, "challenge", credentials.secret_hash(secret))
    if token is None or token.used_at is not None or token.revoked_at is not None:
        return None
    return token if token.tries < rules.CHALLENGE_TRIES and token.expires_at > clock.now() else None


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
    token.created_at = token.last_used_at = clock.now()
    token.expires_at = min(credentials.expires(life), rules.begun_at(family) + rules.LONGEST_STAY)
    session.add(token)
    return Stay(signed_in, secret, family)
