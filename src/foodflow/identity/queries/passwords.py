"""Whom a link that was mailed belongs to, and how often one was asked for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.tables import Tenant, Token, User
from foodflow.kernel import clock


@dataclass(frozen=True, slots=True)
class Link:
    """A link that still holds: whose it is, and which company sent it, if one did."""

    user: User
    tenant: str | None


async def link(session: AsyncSession, kind: str, secret_hash: bytes) -> Link | None:
    """Whose link of a kind this is, while it holds."""
    found = select(User, Token.tenant).join(Token, Token.user_id == User.id)
    holding = found.where(
        Token.secret_hash == secret_hash,
        Token.kind == kind,
        Token.revoked_at.is_(None),
        Token.used_at.is_(None),
        Token.expires_at > clock.now(),
        User.is_active,
    )
    row = (await session.execute(holding)).first()
    return None if row is None else Link(row[0], row[1])


async def open_company(session: AsyncSession, preferred: str) -> str | None:
    """A company that work which is for none can be done in: this one, or else the first that is not suspended."""
    found = select(Tenant.slug).where(Tenant.suspended_at.is_(None)).order_by(Tenant.slug != preferred, Tenant.slug)
    return await session.scalar(found.limit(1))


async def resets_since(session: AsyncSession, user_id: int, since: datetime) -> int:
    """How many links to set a new password somebody was sent since a moment."""
    found = select(func.count()).where(Token.user_id == user_id, Token.kind == "reset", Token.created_at > since)
    return await session.scalar(found) or 0
