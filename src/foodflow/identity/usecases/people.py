"""People of a company: what is known of them, what they may, and that they come and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import companies
from foodflow.identity.queries import members as queries
from foodflow.identity.queries import roles as role_queries
from foodflow.identity.queries import tokens as token_queries
from foodflow.identity.queries.members import Member
from foodflow.identity.rules import people as rules
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.roles import require_covered, require_known_roles
from foodflow.identity.usecases import second_factors, sessions, tokens
from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.live import access
from foodflow.kernel.mail import Postbox


@dataclass(frozen=True, slots=True)
class Scope:
    """The sites (None: all) and teams that somebody is for."""

    sites: list[str] | None
    teams: list[str]


async def rename_person(session: AsyncSession, actor: Actor, id: int, names: Mapping[str, str]) -> Member:
    """Change somebody's first or last name; of an account that opens more than this company, only its holder."""
    member = await account_for_update(session, actor, id)
    for field, value in names.items():
        setattr(member.user, field, value)
    if names:
        audit.record(session, actor, "user.renamed", id, changed=sorted(names))
        await session.flush()
    return member


async def account_for_update(session: AsyncSession, actor: Actor, id: int) -> Member:
    """Somebody whose account itself is to be changed, locked: one's own, or one that opens nothing but this company."""
    member = await queries.person_managed_by_for_update(session, actor, id)
    if rules.number_of(actor) != id:
        more = await queries.opens_more(session, member.user, actor.tenant)
        rules.require_of_this_company(opens_more=more)
    return member


async def set_roles(session: AsyncSession, actor: Actor, id: int, roles: Sequence[str]) -> Member:
    """Give somebody exactly these roles, none of which holds more than the giver; works at their next request."""
    require_in_person(actor)
    rules.require_somebody_else(actor, id)
    member = await queries.person_managed_by_for_update(session, actor, id)
    permissions = await require_can_give(session, actor, roles)
    before, after = sorted(member.place.roles), sorted(set(roles))
    if before != after:
        await require_not_last_administrator(session, member, after)
        member.place.roles = after
        audit.record(session, actor, "user.roles_changed", id, before=before, after=after)
        await look_again(session, member)
    return Member(member.user, member.place, permissions, member.has_second_factor)


async def require_can_give(session: AsyncSession, actor: Actor, roles: Sequence[str]) -> frozenset[str]:
    """All that these roles permit; refuses unknown ones, and those that hold more than the giver."""
    permissions = require_known_roles(roles, await role_queries.own_permissions(session, actor.tenant))
    require_covered(actor.permissions, permissions)
    return permissions


async def require_not_last_administrator(session: AsyncSession, member: Member, left: Sequence[str] = ()) -> None:
    """Refuse to take somebody's roles but those that are left when they are the last administrator who can act; to be
    called with the company locked.
    """
    lost = set(member.place.roles) - set(left)
    if member.place.is_active:
        others = await queries.other_administrators(session, member.place.tenant, member.user.id)
        rules.require_another_administrator(lost, others)


async def set_scope(session: AsyncSession, actor: Actor, id: int, scope: Scope) -> Member:
    """Say which sites and teams somebody is for, at most those that the giver is for."""
    require_in_person(actor)
    rules.require_somebody_else(actor, id)
    member = await queries.person_managed_by_for_update(session, actor, id)
    given = set(scope.teams) ^ set(member.place.teams)
    rules.require_within(actor, scope.sites, given)
    before = {"sites": member.place.sites, "teams": member.place.teams}
    member.place.sites = None if scope.sites is None else sorted(set(scope.sites))
    member.place.teams = sorted(set(scope.teams))
    after = {"sites": member.place.sites, "teams": member.place.teams}
    if before != after:
        audit.record(session, actor, "user.scope_changed", id, before=before, after=after)
        await look_again(session, member)
    return member


async def deactivate(session: AsyncSession, actor: Actor, id: int) -> Member:
    """Lock somebody out of the company until they are activated again; works at their next request."""
    rules.require_somebody_else(actor, id)
    member = await queries.person_managed_by_for_update(session, actor, id)
    if member.place.is_active:
        await require_not_last_administrator(session, member)
        member.place.is_active = False
        audit.record(session, actor, "user.deactivated", id)
        await look_again(session, member)
    return member


async def activate(session: AsyncSession, actor: Actor, id: int) -> Member:
    """Let somebody who was locked out act in the company again."""
    rules.require_somebody_else(actor, id)
    member = await queries.person_managed_by_for_update(session, actor, id)
    if not member.place.is_active:
        member.place.is_active = True
        audit.record(session, actor, "user.activated", id)
        await look_again(session, member)
    return member


async def leave(session: AsyncSession, actor: Actor, id: int) -> None:
    """End somebody's place in the company, with all that they have there; other companies are not touched."""
    require_in_person(actor)
    member = await queries.person_managed_by_for_update(session, actor, id)
    await require_not_last_administrator(session, member)
    await remove_place(session, actor, member)
    audit.record(session, actor, "user.left", id, roles=member.place.roles)


async def remove_place(session: AsyncSession, actor: Actor, member: Member) -> None:
    """Take an account's place in the company away, with all that the directory holds for it there."""
    await end_stays(session, member.user.id, actor.tenant)
    for row in await companies.rows_of_user_for_update(session, member.user.id, tenant=actor.tenant):
        await session.delete(row)
    await look_again(session, member)


async def end_sessions(session: AsyncSession, actor: Actor, id: int) -> int:
    """Sign somebody out of the company everywhere; returns how many stays that ended."""
    await queries.person_managed_by_for_update(session, actor, id)
    ended = await end_stays(session, id, actor.tenant)
    audit.record(session, actor, "user.sessions_ended", id, count=ended)
    return ended


async def end_stays(session: AsyncSession, user_id: int, tenant: str) -> int:
    """End somebody's stays in one company, and those that wait there for a code; returns how many."""
    found = await token_queries.tokens_of_user_for_update(session, user_id, "session", "refresh", "challenge")
    families = {token.family for token in found if token.tenant == tenant}
    for family in families:
        await tokens.end_family(session, family)
    return len(families)


async def reset_second_factor(session: AsyncSession, actor: Actor, id: int, postbox: Postbox) -> Member:
    """Take a lost second factor from somebody and sign them out; of an account that opens more than this company,
    nobody.
    """
    require_in_person(actor)
    rules.require_somebody_else(actor, id)
    member = await account_for_update(session, actor, id)
    await second_factors.remove(session, actor, id)
    await sessions.end_all(session, id)
    text = "Your second factor was taken away by your company, and you were signed out. Sign in and set up a new one.\n"
    if member.user.email:
        await postbox.post(
            session, actor.tenant, to=member.user.email, subject="Your second factor was reset", text=text
        )
    return Member(member.user, member.place, member.permissions, has_second_factor=False)


async def look_again(session: AsyncSession, member: Member) -> None:
    """Have what somebody may in a company looked at again, wherever they listen."""
    await session.flush()
    kind = "user" if member.user.kind == "person" else "service"
    await access.changed(session, actor=f"{kind}:{member.user.id}", tenant=member.place.tenant)
