"""Invitations, for whoever shows people a form: looked at and accepted by those who hold the link."""

from foodflow.identity.queries.members import Member
from foodflow.identity.rules.passwords import require_acceptable_password
from foodflow.identity.rules.people import require_account_fields
from foodflow.identity.usecases import invitations as usecases
from foodflow.identity.usecases.invitations import Chosen, NewAccount, Seen
from foodflow.kernel import credentials
from foodflow.kernel.db import Database, directory_transaction, platform_transaction

__all__ = ["Chosen", "Seen", "accept", "see"]


async def see(database: Database, link: str) -> Seen:
    """What an invitation is for."""
    async with platform_transaction(database) as session:
        return await usecases.see(session, link)


async def accept(database: Database, link: str, chosen: Chosen) -> Member:
    """Accept an invitation: with a user name and password where there is no account yet, and with nothing else where
    there is one; signs nobody in.
    """
    seen = await see(database, link)
    given = {name: getattr(chosen, name) for name in ("username", "password", "first_name", "last_name")}
    require_account_fields(given, needed=seen.needs_password)
    new = None
    if chosen.username is not None and chosen.password is not None:
        known = (chosen.username, seen.email, seen.actor.tenant, seen.company)
        require_acceptable_password(chosen.password, known)
        hashed = await credentials.hashed(chosen.password)
        new = NewAccount(chosen.username, hashed, chosen.first_name, chosen.last_name)
    async with directory_transaction(database, seen.actor) as session:
        return await usecases.accept(session, seen.actor, link, new)
