"""People, for others: who is behind an actor, and a company's first administrator."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people as queries
from foodflow.identity.queries.people import Person
from foodflow.identity.rules.roles import ADMINISTRATORS_ALONE, OPERATORS, ROLES
from foodflow.identity.usecases import accounts
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, enter_platform, enter_tenant, platform_transaction

__all__ = ["ADMINISTRATORS_ALONE", "OPERATORS", "ROLES", "Person", "ensure_administrator", "names_of", "person_of"]


async def ensure_administrator(
    database: Database, *, tenant: str, username: str, password: str, is_operator: bool = False
) -> bool:
    """Give a company its first administrator, who may also run the installation; true when the person was created."""
    async with platform_transaction(database) as session:
        return await accounts.ensure_administrator(
            session, tenant=tenant, username=username, password=password, is_operator=is_operator
        )


async def names_of(session: AsyncSession, actor: Actor, ids: Collection[int]) -> dict[int, str]:
    """What people of the actor's company are called, active or not, by their number; whoever has no place in it is left
    out. Asked in a transaction in that company, which goes on in it.
    """
    if not ids:
        return {}
    await session.flush()  # what was changed belongs to the company
    await enter_platform(session)
    names = await queries.names_in(session, actor.tenant, ids)
    await enter_tenant(session, actor)
    return names


async def person_of(database: Database, actor: Actor) -> Person | None:
    """The person behind an actor, or None for a program."""
    kind, _, number = actor.id.partition(":")
    if kind != "user":
        return None
    async with platform_transaction(database) as session:
        return await queries.person_in(session, int(number), actor.tenant)
