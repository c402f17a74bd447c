"""How long readings are kept, what of them is older than that, and the statements that remove it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.tables.retention import Retention


async def retention(session: AsyncSession) -> Retention:
    """How long the company keeps readings, and what was removed."""
    return (await session.scalars(select(Retention))).one()


async def retention_for_update(session: AsyncSession) -> Retention:
    """The same as it is now, locked until the transaction ends."""
    return (await session.scalars(select(Retention).with_for_update().execution_options(populate_existing=True))).one()
