"""Companies, as the directory knows them."""

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.tables import Tenant


async def company(session: AsyncSession, slug: str) -> Tenant | None:
    """A company, or None where there is none of this slug."""
    return await session.get(Tenant, slug)
