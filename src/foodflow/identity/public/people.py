"""People, for others: who is behind an actor, and a company's first administrator."""

from foodflow.identity.queries import people as queries
from foodflow.identity.queries.people import Person
from foodflow.identity.rules.roles import ADMINISTRATORS_ALONE, OPERATORS, ROLES
from foodflow.identity.usecases import accounts
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction

__all__ = ["ADMINISTRATORS_ALONE", "OPERATORS", "ROLES", "Person", "ensure_administrator", "person_of"]


async def ensure_administrator(
    database: Database, *, tenant: str, username: str, password: str, is_operator: bool = False
) -> bool:
    """Give a company its first administrator, who may also run the installation; true when the person was created."""
    async with platform_transaction(database) as session:
        return await accounts.ensure_administrator(
            session, tenant=tenant, username=username, password=password, is_operator=is_operator
        )


async def person_of(database: Database, actor: Actor) -> Person | None:
    """The person behind an actor, or None for a program."""
    kind, _, number = actor.id.partition(":")
    if kind != "user":
        return None
    async with platform_transaction(database) as session:
        return await queries.person_in(session, int(number), actor.tenant)
