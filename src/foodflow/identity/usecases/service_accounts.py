"""Service accounts: programs of one company, which call with API keys and never sign in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import members as queries
from foodflow.identity.queries.members import Member
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.people import require_within
from foodflow.identity.tables import Membership, User
from foodflow.identity.usecases.people import look_again, remove_place, require_can_give
from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class NewServiceAccount:
    """What a program is called, and what it may."""

    name: str
    roles: list[str]
    sites: list[str] | None


async def create(session: AsyncSession, actor: Actor, wanted: NewServiceAccount) -> Member:
    """Set up a service account, with roles that hold no more than its maker."""
    require_in_person(actor)
    await queries.lock_company(session, actor.tenant)
    permissions = await require_can_give(session, actor, wanted.roles)
    require_within(actor, wanted.sites, ())
    user = User(kind="service", username=f"service-{clock.new_id().hex}", email="", created_at=clock.now())
    user.first_name, user.last_name, user.is_active = wanted.name, "", True
    session.add(user)
    await session.flush()
    place = Membership(user_id=user.id, tenant=actor.tenant, roles=sorted(set(wanted.roles)))
    place.sites = None if wanted.sites is None else sorted(set(wanted.sites))
    place.accepted_at = place.created_at = clock.now()
    session.add(place)
    await session.flush()
    audit.record(session, actor, "service_account.created", user.id, name=wanted.name, roles=place.roles)
    return Member(user, place, permissions, has_second_factor=False)


async def change(session: AsyncSession, actor: Actor, id: int, given: Mapping[str, Any]) -> Member:
    """Change what a service account is called, what it may, or whether it may act; works at its next request."""
    account = await _managed_for_update(session, actor, id)
    user, place, permissions = account.user, account.place, account.permissions
    before = _told(account)
    if "roles" in given:
        permissions = await require_can_give(session, actor, given["roles"])
        place.roles = sorted(set(given["roles"]))
    if "sites" in given:
        require_within(actor, given["sites"], ())
        place.sites = None if given["sites"] is None else sorted(set(given["sites"]))
    user.first_name = given.get("name", user.first_name)
    place.is_active = given.get("is_active", place.is_active)
    if before != _told(account):
        audit.record(session, actor, "service_account.changed", id, before=before, after=_told(account))
        await look_again(session, account)
    return Member(user, place, permissions, has_second_factor=False)


def _told(account: Member) -> dict[str, object]:
    place = account.place
    return {"name": account.user.first_name, "roles": place.roles, "sites": place.sites, "is_active": place.is_active}


async def rename(session: AsyncSession, actor: Actor, id: int, name: str) -> Member:
    """Call a service account something else."""
    return await change(session, actor, id, {"name": name})


async def set_roles(session: AsyncSession, actor: Actor, id: int, roles: list[str]) -> Member:
    """Give a service account exactly these roles."""
    return await change(session, actor, id, {"roles": roles})


async def set_sites(session: AsyncSession, actor: Actor, id: int, sites: list[str] | None) -> Member:
    """Say which sites (None: all) a service account is for."""
    return await change(session, actor, id, {"sites": sites})


async def set_active(session: AsyncSession, actor: Actor, id: int, *, active: bool) -> Member:
    """Let a service account act, or not any longer."""
    return await change(session, actor, id, {"is_active": active})


async def remove(session: AsyncSession, actor: Actor, id: int) -> None:
    """Remove a service account with its keys."""
    account = await _managed_for_update(session, actor, id)
    await remove_place(session, actor, account)
    await session.flush()
    await session.delete(account.user)
    audit.record(session, actor, "service_account.removed", id, name=account.user.first_name)


async def _managed_for_update(session: AsyncSession, actor: Actor, id: int) -> Member:
    require_in_person(actor)
    return await queries.service_account_for_update(session, actor, id)
