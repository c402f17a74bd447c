"""Personal data: given out to whom it is about, and erased."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import companies as company_queries
from foodflow.identity.queries import members as queries
from foodflow.identity.queries import personal
from foodflow.identity.queries.members import Member
from foodflow.identity.queries.personal import Held
from foodflow.identity.rules.companies import erased_name
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.people import require_somebody_else
from foodflow.identity.tables import User
from foodflow.identity.usecases.people import look_again, require_not_last_administrator
from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import enter_platform, enter_tenant
from foodflow.kernel.live import access

Erased = Literal["account", "place"]
RecordsOf = Mapping[str, Callable[[AsyncSession, str], Awaitable[Any]]]
"""What each part of the business has recorded by an actor (`user:17`), by the name of that part; ready for JSON."""
Forgetting = Sequence[Callable[[AsyncSession, str], Awaitable[None]]]
"""What each part of the business does so that nothing of what it has recorded names an actor (`user:17`)."""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """All that one company holds about a person: their account and place, what opens doors (but no secret), and what
    its audit trail and its records say that they did.
    """

    member: Member
    held: Held
    trail: list[dict[str, Any]]
    records: dict[str, Any]


async def export(session: AsyncSession, actor: Actor, id: int, records_of: RecordsOf) -> PersonalData:
    """Gather what the caller's company holds about somebody (oneself, or somebody whom they manage)."""
    member = await queries.person_managed_by_for_update(session, actor, id)
    held = await personal.held_of(session, id, actor.tenant)
    await enter_tenant(session, actor)
    trail = await personal.trail_of(session, f"user:{id}")
    records = {part: await gather(session, f"user:{id}") for part, gather in records_of.items()}
    await enter_platform(session)
    audit.record(session, actor, "user.exported", id)
    return PersonalData(member, held, trail, records)


async def erase(session: AsyncSession, actor: Actor, id: int, forgetting: Forgetting) -> Erased:
    """Erase somebody: their account, if it opens this company alone, and otherwise their place in this company, with
    stays, keys and outside identities there, and their names in what the business has recorded. The audit trail and
    the records keep the number that stood for them.
    """
    require_in_person(actor)
    require_somebody_else(actor, id)
    member = await queries.person_managed_by_for_update(session, actor, id)
    await require_not_last_administrator(session, member)
    if await queries.opens_more(session, member.user, actor.tenant):
        erased: Erased = "place"
        for row in await company_queries.rows_of_user_for_update(session, id, tenant=actor.tenant):
            await session.delete(row)
    else:
        erased = "account"
        await erase_account(session, member.user)
    await _forget(session, actor, f"user:{id}", forgetting)
    audit.record(session, actor, "user.erased", id, what=erased)
    await look_again(session, member)
    return erased


async def _forget(session: AsyncSession, actor: Actor, who: str, forgetting: Forgetting) -> None:
    await session.flush()  # what was erased so far stands in the directory
    await enter_tenant(session, actor)
    for forget in forgetting:
        await forget(session, who)
    await session.flush()
    await enter_platform(session)


async def erase_account(session: AsyncSession, user: User) -> None:
    """Leave of an account nothing but its number, so that the number is never somebody else's."""
    for row in await company_queries.rows_of_user_for_update(session, user.id):
        await session.delete(row)
    user.username = erased_name(user.id)
    user.email = user.first_name = user.last_name = ""
    user.password_hash = user.password_changed_at = user.last_login_at = None
    user.is_active = user.is_operator = False
    user.erased_at = clock.now()
    await access.changed(session, actor=f"{'user' if user.kind == 'person' else 'service'}:{user.id}")
