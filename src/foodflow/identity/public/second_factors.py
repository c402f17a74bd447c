"""Second factors, for those who set theirs up and remove it."""

from foodflow.identity.public import proving, signing_in
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.usecases import second_factors as usecases
from foodflow.identity.usecases.second_factors import Enrolment, Overview
from foodflow.identity.usecases.tokens import Caller
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction
from foodflow.kernel.sealing import Sealer

__all__ = ["Enrolment", "Overview", "confirm", "overview", "remove", "renew_recovery_codes", "set_up"]


async def overview(database: Database, actor: Actor) -> Overview:
    """How somebody stands with their second factor."""
    person = await signing_in.who_is(database, actor)
    async with platform_transaction(database) as session:
        return await usecases.overview(session, person)


async def set_up(database: Database, actor: Actor, password: str, caller: Caller, *, sealer: Sealer) -> Enrolment:
    """Begin a second factor of somebody who knows their password."""
    await proving.confirm_password(database, actor, password, caller)
    person = await signing_in.who_is(database, actor)
    async with directory_transaction(database, actor) as session:
        return await usecases.set_up(session, actor, person, sealer)


async def confirm(database: Database, actor: Actor, code: str, *, sealer: Sealer) -> list[str]:
    """Let a second factor hold; returns the recovery codes. Whoever has begun it knows its secret, so there is nothing
    to guess, and a wrong code counts for nothing.
    """
    require_in_person(actor)
    async with directory_transaction(database, actor) as session:
        return await usecases.confirm(session, actor, code, sealer)


async def renew_recovery_codes(
    database: Database, actor: Actor, password: str, code: str, *, caller: Caller, sealer: Sealer
) -> list[str]:
    """New recovery codes for somebody who knows their password and a code."""
    proved = await proving.confirm_password(database, actor, password, caller)
    await proving.check_code(database, proved, code, caller, sealer=sealer)
    async with directory_transaction(database, actor) as session:
        return await usecases.renew_recovery_codes(session, actor)


async def remove(database: Database, actor: Actor, password: str, code: str, *, caller: Caller, sealer: Sealer) -> None:
    """Remove the second factor of somebody who knows their password and a code."""
    proved = await proving.confirm_password(database, actor, password, caller)
    await proving.check_code(database, proved, code, caller, sealer=sealer)
    async with directory_transaction(database, actor) as session:
        await usecases.remove(session, actor, proved.account.known_id)
