"""Companies, as the directory knows them, and all that it knows of one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.rules.companies import CompanyNotFound
from foodflow.identity.tables import Membership, OwnRole, Tenant, User
from foodflow.kernel.db import PlatformTable
from foodflow.kernel.paging import Listing, Page, Wanted, fetch

LISTING = Listing(
    key=Tenant.slug,
    order="slug",
    orderings={"slug": Tenant.slug, "name": Tenant.name, "created_at": Tenant.created_at},
    searches=(Tenant.slug, Tenant.name),
)


async def company(session: AsyncSession, slug: str) -> Tenant | None:
    """A company, or None where there is none of this slug."""
    return await session.get(Tenant, slug)


async def companies(session: AsyncSession, wanted: Wanted) -> Page[Tenant]:
    """A page of the companies of this installation."""
    return await fetch(session, select(Tenant), wanted)


async def company_found(session: AsyncSession, slug: str) -> Tenant:
    """A company, or a refusal."""
    return _found(await session.get(Tenant, slug), slug)


async def company_for_update(session: AsyncSession, slug: str) -> Tenant:
    """A company as it is now, locked until the transaction ends, or a refusal."""
    return _found(await session.get(Tenant, slug, with_for_update=True, populate_existing=True), slug)


def _found(company: Tenant | None, slug: str) -> Tenant:
    if company is None:
        raise CompanyNotFound(f"there is no company {slug}")
    return company


async def open_companies_of(session: AsyncSession, user_id: int) -> Sequence[tuple[Tenant, Membership]]:
    """The companies that somebody can act in now, each with their place there."""
    found = (
        select(Tenant, Membership)
        .join(Membership, Membership.tenant == Tenant.slug)
        .where(Membership.user_id == user_id, Membership.is_active, Membership.accepted_at.is_not(None))
        .where(Tenant.suspended_at.is_(None))
    )
    return [(row[0], row[1]) for row in await session.execute(found.order_by(Tenant.name, Tenant.slug))]


async def members_of(session: AsyncSession, slug: str) -> Sequence[tuple[User, Membership]]:
    """Everybody of a company, those who are invited or locked out as well."""
    found = select(User, Membership).join(Membership, Membership.user_id == User.id).where(Membership.tenant == slug)
    return [(row[0], row[1]) for row in await session.execute(found.order_by(User.id))]


async def own_roles_of(session: AsyncSession, slug: str) -> Sequence[OwnRole]:
    """The roles that a company has made for itself."""
    return (await session.scalars(select(OwnRole).where(OwnRole.tenant == slug).order_by(OwnRole.name))).all()


async def rows_of_company_for_update(session: AsyncSession, slug: str) -> list[PlatformTable]:
    """All that the directory holds for a company, of whatever kind, locked; the company itself left out."""
    return await _rows_for_update(session, tenant=slug)


async def rows_of_user_for_update(session: AsyncSession, user_id: int, **only: str) -> list[PlatformTable]:
    """All that the directory holds for somebody, of whatever kind (`tenant=`: in that company), locked; the account
    itself left out.
    """
    return await _rows_for_update(session, user_id=user_id, **only)


async def _rows_for_update(session: AsyncSession, **values: Any) -> list[PlatformTable]:  # noqa: ANN401 - of each column
    """Every table that has these columns is looked at, so that none is forgotten that comes later."""
    rows: list[PlatformTable] = []
    for mapper in sorted(PlatformTable.registry.mappers, key=lambda each: each.class_.__name__):
        if all(name in mapper.columns for name in values):
            found = select(mapper.class_).filter_by(**values)
            rows += await session.scalars(found.with_for_update())
    return rows


async def left_without_company_for_update(session: AsyncSession, ids: Sequence[int]) -> Sequence[User]:
    """Those of some people who belong to no company, and do not run the installation either, locked."""
    elsewhere = select(Membership).where(Membership.user_id == User.id).exists()
    found = select(User).where(User.id.in_(ids), ~elsewhere, ~User.is_operator).order_by(User.id)
    return (await session.scalars(found.with_for_update())).all()
