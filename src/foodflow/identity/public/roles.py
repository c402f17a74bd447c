"""Roles and permissions of one's company, for those who give, make and change them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from foodflow.identity.public.deeds import alone
from foodflow.identity.queries import roles as queries
from foodflow.identity.rules.roles import PERMISSIONS, ROLE_NAME, ROLES, RoleNotFound, covers
from foodflow.identity.usecases import roles as usecases
from foodflow.kernel import preconditions
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction

__all__ = [
    "ROLE_NAME",
    "PermissionSeen",
    "RoleSeen",
    "change",
    "create",
    "givable",
    "one",
    "permissions",
    "remove",
    "roles",
]

create = alone(usecases.create_role)
remove = alone(usecases.remove_role)


@dataclass(frozen=True, slots=True)
class RoleSeen:
    """A role that people of the company can hold; `version` is None for one that every company has."""

    name: str
    description: str
    permissions: tuple[str, ...]
    version: int | None

    @property
    def is_own(self) -> bool:
        """Whether the company has made it for itself."""
        return self.version is not None


@dataclass(frozen=True, slots=True)
class PermissionSeen:
    """A permission that can be given, and the roles of every company that hold it."""

    name: str
    roles: tuple[str, ...]

    @property
    def description(self) -> str:
        """Who holds it by one of the roles that every company has."""
        return f"held by {', '.join(self.roles)}"


async def roles(database: Database, actor: Actor) -> list[RoleSeen]:
    """The roles of the company: those that every one has, and its own."""
    async with platform_transaction(database) as session:
        own = await queries.own_roles(session, actor.tenant)
    built_in = [RoleSeen(name, "", tuple(sorted(permissions)), None) for name, permissions in ROLES.items()]
    return built_in + [RoleSeen(each.name, each.description, tuple(each.permissions), each.version) for each in own]


async def givable(database: Database, actor: Actor) -> list[RoleSeen]:
    """The roles that hold no more than the actor."""
    return [role for role in await roles(database, actor) if _covered(actor, role.permissions)]


async def one(database: Database, actor: Actor, name: str) -> RoleSeen:
    """A role of the company, or a refusal."""
    found = {role.name: role for role in await roles(database, actor)}
    if name not in found:
        raise RoleNotFound(f"this company has no role {name}")
    return found[name]


def permissions(actor: Actor, *, within: Iterable[str] = ("*",)) -> list[PermissionSeen]:
    """The permissions that the actor can give to whoever holds those `within`, and which roles hold each."""
    held = frozenset(within)
    return [
        PermissionSeen(each, tuple(name for name, permits in ROLES.items() if covers(permits, each)))
        for each in sorted(PERMISSIONS)
        if covers(actor.permissions, each) and covers(held, each)
    ]


async def change(database: Database, actor: Actor, name: str, values: Mapping[str, Any], *, version: str) -> None:
    """Change one of the company's own roles, unless it was changed since this version of it was seen."""
    async with directory_transaction(database, actor) as session:
        preconditions.expect(session, frozenset({version}))
        await usecases.change_role(session, actor, name, values)


def _covered(actor: Actor, permissions: Iterable[str]) -> bool:
    return all(covers(actor.permissions, each) for each in permissions)
