"""The roles that a company has made for itself."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.rules.roles import RoleNotFound
from foodflow.identity.tables import Membership, OwnRole
from foodflow.kernel import preconditions


async def own_roles(session: AsyncSession, tenant: str) -> Sequence[OwnRole]:
    """A company's own roles, by name."""
    return (await session.scalars(select(OwnRole).where(OwnRole.tenant == tenant).order_by(OwnRole.name))).all()


async def own_permissions(session: AsyncSession, tenant: str) -> dict[str, list[str]]:
    """What each of a company's own roles permits."""
    return {role.name: role.permissions for role in await own_roles(session, tenant)}


async def own_role(session: AsyncSession, tenant: str, name: str) -> OwnRole:
    """A company's own role, or a refusal."""
    return _found(await session.get(OwnRole, (tenant, name)), name)


async def own_role_for_update(session: AsyncSession, tenant: str, name: str) -> OwnRole:
    """A company's own role, locked."""
    role = _found(await session.get(OwnRole, (tenant, name), with_for_update=True, populate_existing=True), name)
    preconditions.require_match(session, role)
    return role


def _found(role: OwnRole | None, name: str) -> OwnRole:
    if role is None:
        raise RoleNotFound(f"this company has no role {name}")
    return role


async def role_is_held(session: AsyncSession, tenant: str, name: str) -> bool:
    """Whether anybody holds a role in a company: people (those who are invited too) and service accounts."""
    held = select(Membership.user_id).where(Membership.tenant == tenant, Membership.roles.contains([name]))
    return await session.scalar(held.limit(1)) is not None
