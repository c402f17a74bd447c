"""What one company holds about a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.tables import ApiKey, ExternalIdentity, Token
from foodflow.kernel.audit import reading
from foodflow.kernel.audit.schemas import EntriesWanted

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """What opened or opens doors for somebody in a company."""

    stays: Sequence[Token]
    keys: Sequence[ApiKey]
    external_identities: Sequence[ExternalIdentity]


async def held_of(session: AsyncSession, user_id: int, tenant: str) -> Held:
    """Somebody's stays, keys and outside identities in a company, those that have ended as well."""
    stays = select(Token).where(
        Token.user_id == user_id, Token.tenant == tenant, Token.kind.in_(("session", "refresh"))
    )
    keys = select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.tenant == tenant)
    identities = select(ExternalIdentity).where(ExternalIdentity.user_id == user_id, ExternalIdentity.tenant == tenant)
    return Held(
        (await session.scalars(stays.order_by(Token.created_at, Token.id))).all(),
        (await session.scalars(keys.order_by(ApiKey.created_at, ApiKey.id))).all(),
        (await session.scalars(identities.order_by(ExternalIdentity.created_at, ExternalIdentity.id))).all(),
    )


async def trail_of(session: AsyncSession, actor_id: str) -> list[dict[str, Any]]:
    """What the audit trail of the session's company says that somebody did, newest first."""
    return [
        dict(row._mapping)  # noqa: SLF001 - the library's way to a row as a mapping
        async for part in reading.all_entries(session, EntriesWanted(actor=actor_id), at_once=_AT_ONCE)
        for row in part
    ]
