"""Who one is at providers and issuers outside, for those who look at it and end it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.datastructures import QueryParams

from foodflow.identity.public.deeds import alone
from foodflow.identity.queries import providers as queries
from foodflow.identity.rules.people import number_of
from foodflow.identity.usecases import outside as usecases
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction

__all__ = ["IdentitySeen", "identities", "unlink"]

unlink = alone(usecases.unlink)


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """Who somebody is at an issuer outside."""

    id: UUID
    issuer: str
    subject: str
    created_at: datetime
    last_used_at: datetime | None


async def identities(database: Database, actor: Actor) -> list[IdentitySeen]:
    """Who the actor is outside, linked in the company that they act for."""
    wanted = queries.IDENTITIES.read(QueryParams())
    async with platform_transaction(database) as session:
        page = await queries.identities(session, actor.tenant, number_of(actor) or 0, wanted)
    return [IdentitySeen(row.id, row.issuer, row.subject, row.created_at, row.last_used_at) for row in page.rows]
