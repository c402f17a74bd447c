"""Tokens: secrets that somebody holds, found by their hashes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.people import Person, people, person
from foodflow.identity.rules import credentials as rules
from foodflow.identity.tables import Membership, Token, User
from foodflow.kernel import clock


async def holder_of_session(session: AsyncSession, secret_hash: bytes) -> tuple[Person, Token] | None:
    """The person whose browser session this is, while it lasts, and the session."""
    found = people().add_columns(Token).join(Token, (Token.user_id == User.id) & (Token.tenant == Membership.tenant))
    idle = func.coalesce(Token.last_used_at, Token.created_at) < clock.now() - rules.SESSION_IDLE
    valid = found.where(Token.secret_hash == secret_hash, Token.kind == "session", *_holds(), ~idle)
    row = (await session.execute(valid)).first()
    return None if row is None else (person(row), row[5])


def _holds() -> tuple[ColumnElement[bool], ...]:
    return Token.revoked_at.is_(None), Token.expires_at > clock.now()


async def family_has_ended(session: AsyncSession, family: UUID) -> bool:
    """Whether the stay that a token descends from was ended."""
    ended = select(exists().where(Token.family == family, Token.revoked_at.is_not(None)))
    return bool(await session.scalar(ended))


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
