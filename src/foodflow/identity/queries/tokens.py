"""Tokens: secrets that somebody holds, found by their hashes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.people import Person, people, person
from foodflow.identity.rules import credentials as rules
from foodflow.identity.tables import Membership, Token, User
from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Listing

STAYS = ("session", "refresh")
LISTING = Listing(
    key=Token.id,
    order="-last_used_at",
    orderings={"last_used_at": Token.last_used_at, "created_at": Token.family},
)


async def holder_of_session(session: AsyncSession, secret_hash: bytes) -> tuple[Person, Token] | None:
    """The person whose browser session this is, while it lasts, and the session."""
    found = people().add_columns(Token).join(Token, (Token.user_id == User.id) & (Token.tenant == Membership.tenant))
    valid = found.where(Token.secret_hash == secret_hash, Token.kind == "session", *_holds(), _in_use())
    row = (await session.execute(valid)).first()
    return None if row is None else (person(row), row[5])


def _holds() -> tuple[ColumnElement[bool], ...]:
    return Token.revoked_at.is_(None), Token.expires_at > clock.now()


def _in_use() -> ColumnElement[bool]:
    """Of a browser's session: that it has not lain idle for too long."""
    last_used = func.coalesce(Token.last_used_at, Token.created_at)
    return (Token.kind != "session") | (last_used > clock.now() - rules.SESSION_IDLE)


async def latest_of_family(session: AsyncSession, family: UUID) -> Token | None:
    """The last token that was given out in a stay."""
    found = select(Token).where(Token.family == family).order_by(Token.created_at.desc()).limit(1)
    return (await session.scalars(found)).first()


async def owner_of(session: AsyncSession, kind: str, secret_hash: bytes) -> tuple[int, str] | None:
    """Who holds a token of a kind, and for which company."""
    found = select(Token.user_id, Token.tenant).where(Token.secret_hash == secret_hash, Token.kind == kind)
    row = (await session.execute(found.where(Token.tenant.is_not(None)))).first()
    return None if row is None else (row.user_id, row.tenant)


def stays(actor: Actor) -> Select[Token]:
    """The tokens that keep somebody's stays on: those in the company that they act for, and the one they act out of."""
    present = func.concat("session:", Token.family) == actor.credential
    return select(Token).where(
        Token.user_id == rules.user_of(actor),
        Token.kind.in_(STAYS),
        (Token.tenant == actor.tenant) | present,
        Token.used_at.is_(None),
        *_holds(),
        _in_use(),
    )


async def stays_for_update(session: AsyncSession, actor: Actor) -> Sequence[Token]:
    """Somebody's stays, locked."""
    return (await session.scalars(stays(actor).order_by(Token.id).with_for_update())).all()


async def stay_for_update(session: AsyncSession, actor: Actor, family: UUID) -> Token:
    """One of somebody's stays, locked, or a refusal."""
    token = (await session.scalars(stays(actor).where(Token.family == family).with_for_update())).first()
    if token is None:
        raise rules.StayNotFound
    return token


async def token_for_update(session: AsyncSession, kind: str, secret_hash: bytes) -> Token | None:
    """A token of a kind by its hash, locked: of two who use it at once, the second sees that it was used."""
    found = select(Token).where(Token.secret_hash == secret_hash, Token.kind == kind)
    return (await session.scalars(found.with_for_update())).first()


async def family_for_update(session: AsyncSession, family: UUID) -> Sequence[Token]:
    """Every token that descends from one sign-in and still holds, locked."""
    found = select(Token).where(Token.family == family, Token.revoked_at.is_(None))
    return (await session.scalars(found.with_for_update())).all()


async def tokens_of_user_for_update(session: AsyncSession, user_id: int, *kinds: str) -> Sequence[Token]:
    """Every token of these kinds that somebody holds and that still holds, locked."""
    found = select(Token).where(Token.user_id == user_id, Token.kind.in_(kinds), *_holds())
    return (await session.scalars(found.order_by(Token.id).with_for_update())).all()


async def expired_for_update(session: AsyncSession, *, limit: int) -> Sequence[Token]:
    """Some tokens that have expired, locked; those that somebody else holds are passed over."""
    found = select(Token).where(Token.expires_at < clock.now()).order_by(Token.expires_at).limit(limit)
    return (await session.scalars(found.with_for_update(skip_locked=True))).all()
