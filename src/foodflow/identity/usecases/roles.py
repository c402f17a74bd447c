"""Roles that a company makes for itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import members
from foodflow.identity.queries import roles as queries
from foodflow.identity.rules import roles as rules
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.tables import OwnRole
from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.live import access


async def create_role(session: AsyncSession, actor: Actor, values: Mapping[str, Any]) -> OwnRole:
    """Make a role, which holds no more than its maker."""
    require_in_person(actor)
    await members.lock_company(session, actor.tenant)
    rules.require_free_name(values["name"])
    _require_can_give(actor, values["permissions"])
    own = await queries.own_permissions(session, actor.tenant)
    if values["name"] in own:
        raise rules.RoleNameTaken(f"there is a role {values['name']} already")
    if len(own) >= rules.MAX_OWN_ROLES:
        raise rules.TooManyRoles(f"a company has at most {rules.MAX_OWN_ROLES} roles of its own")
    role = OwnRole(tenant=actor.tenant, created_at=clock.now(), **values)
    role.permissions = sorted(set(role.permissions))
    session.add(role)
    await session.flush()
    audit.record(session, actor, "role.created", role.name, permissions=role.permissions)
    return role


async def change_role(session: AsyncSession, actor: Actor, name: str, values: Mapping[str, Any]) -> OwnRole:
    """Change what a role is called for or permits; works at the next request of whoever holds it."""
    role = await _managed_for_update(session, actor, name)
    before = role.permissions
    _require_can_give(actor, values.get("permissions", ()))
    for field, value in values.items():
        setattr(role, field, sorted(set(value)) if field == "permissions" else value)
    await session.flush()
    audit.record(session, actor, "role.changed", name, before=before, after=role.permissions)
    await access.changed(session, tenant=actor.tenant)
    return role


async def remove_role(session: AsyncSession, actor: Actor, name: str) -> None:
    """Remove a role that nobody holds."""
    role = await _managed_for_update(session, actor, name)
    if await queries.role_is_held(session, actor.tenant, name):
        raise rules.RoleHeld(f"somebody holds the role {name}; give them another one first")
    await session.delete(role)
    audit.record(session, actor, "role.removed", name, permissions=role.permissions)


async def _managed_for_update(session: AsyncSession, actor: Actor, name: str) -> OwnRole:
    require_in_person(actor)
    rules.require_own_role(name)
    await members.lock_company(session, actor.tenant)
    role = await queries.own_role_for_update(session, actor.tenant, name)
    rules.require_covered(actor.permissions, role.permissions)
    return role


def _require_can_give(actor: Actor, permissions: Sequence[str]) -> None:
    rules.require_known_permissions(permissions)
    rules.require_covered(actor.permissions, permissions)
