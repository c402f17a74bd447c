"""People in companies, as the directory knows them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.rules import roles as rules
from foodflow.identity.tables import Membership, OwnRole, SecondFactor, Tenant, User

OthersT = TypeVarTuple("OthersT")


@dataclass(frozen=True, slots=True)
class Person:
    """A person (or a program's service account) in a company, as the directory knows them now.

    `permissions` are those of their roles, the company's own roles included; `company_settings` are the company's.
    """

    id: int
    kind: str
    username: str
    email: str
    first_name: str
    last_name: str
    created_at: datetime
    last_login_at: datetime | None
    is_operator: bool
    has_second_factor: bool
    company: str
    company_name: str
    company_settings: dict[str, Any]
    is_suspended: bool
    roles: tuple[str, ...]
    permissions: frozenset[str]
    sites: frozenset[str] | None
    teams: frozenset[str]


OWN_PERMISSIONS: ColumnElement[list[str]] = func.array(
    select(func.unnest(OwnRole.permissions))
    .where(OwnRole.tenant == Membership.tenant, OwnRole.name == func.any(Membership.roles))
    .correlate(Membership)
    .scalar_subquery()
)
HAS_SECOND_FACTOR = (
    exists().where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None)).correlate(User)
)


def people() -> Select[User, Membership, Tenant, list[str], bool]:
    """Everybody who can act in a company, with their place there."""
    return (
        select(User, Membership, Tenant, OWN_PERMISSIONS, HAS_SECOND_FACTOR)
        .join(Membership, Membership.user_id == User.id)
        .join(Tenant, Tenant.slug == Membership.tenant)
        .where(User.is_active, Membership.is_active, Membership.accepted_at.is_not(None))
    )


def person(row: Row[User, Membership, Tenant, list[str], bool, *OthersT]) -> Person:
    """A row of `people`, whatever follows in it, as a person."""
    user, membership, tenant, own_permissions, has_second_factor = row[:5]
    return Person(
        id=user.id,
        kind=user.kind,
        username=user.username,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        created_at=user.created_at,
        last_login_at=user.last_login_at,
        is_operator=user.is_operator,
        has_second_factor=has_second_factor,
        company=tenant.slug,
        company_name=tenant.name,
        company_settings=tenant.settings,
        is_suspended=tenant.suspended_at is not None,
        roles=tuple(membership.roles),
        permissions=rules.permissions_of(membership.roles) | rules.within_a_company(own_permissions),
        sites=None if membership.sites is None else frozenset(membership.sites),
        teams=frozenset(membership.teams),
    )


async def person_in(session: AsyncSession, user_id: int, tenant: str) -> Person | None:
    """A person in a company, or None when they are not active or not (any longer) part of it."""
    found = people().where(User.id == user_id, Membership.tenant == tenant)
    row = (await session.execute(found)).first()
    return None if row is None else person(row)


async def names_in(session: AsyncSession, tenant: str, ids: Collection[int]) -> dict[int, str]:
    """What people are called who have a place in a company, active or not, by their number."""
    found = (
        select(User.id, User.username, User.first_name, User.last_name)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant == tenant, Membership.accepted_at.is_not(None), User.kind == "person")
    )
    rows = await session.execute(found.where(User.id == func.any(list(ids))))
    return {id: f"{first} {last}".strip() or username for id, username, first, last in rows}


async def user_of_name_for_update(session: AsyncSession, username: str) -> User | None:
    """The user of exactly this user name, active or not, locked."""
    return (await session.scalars(select(User).where(User.username == username).with_for_update())).first()


async def user(session: AsyncSession, id: int) -> User:
    """Somebody who is known to be there."""
    return await session.get_one(User, id)


async def user_for_update(session: AsyncSession, id: int) -> User:
    """Somebody who is known to be there, locked."""
    return await session.get_one(User, id, with_for_update=True, populate_existing=True)


async def user_named(session: AsyncSession, username: str) -> User | None:
    """The active person of a user name or e-mail address, in whatever case it was typed."""
    name = username.strip().lower()
    found = select(User).where(or_(User.username == name, User.email == name), User.is_active, User.kind == "person")
    return (await session.scalars(found.order_by(User.username != name).limit(1))).first()


async def companies_of(session: AsyncSession, user_id: int) -> list[str]:
    """The slugs of the companies that a user can act in."""
    found = select(Membership.tenant).where(
        Membership.user_id == user_id, Membership.is_active, Membership.accepted_at.is_not(None)
    )
    return list(await session.scalars(found))


async def membership(session: AsyncSession, user_id: int, slug: str) -> Membership | None:
    """A person's place in a company."""
    return await session.get(Membership, (user_id, slug))
