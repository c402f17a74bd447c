"""Transactions: what it costs to act as one company and nobody else, against the same work without any scope."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.installation import installation
from benchmarks.measuring import Figure, in_turn
from foodflow.kernel.db import tenant_transaction

TRANSACTIONS = 200


async def run() -> list[Figure]:
    """A short transaction with one SELECT, with and without role, search path and actor."""
    async with installation() as place:
        query = text("SELECT count(*) FROM t_demo.audit_head")
        same = text("SELECT count(*) FROM audit_head")
        entered = text("SELECT set_config('role', 't_demo', true)")

        async def ours() -> None:
            for _ in range(TRANSACTIONS):
                async with tenant_transaction(place.database, place.actor) as session:
                    await session.execute(same)

        async def plain() -> None:
            for _ in range(TRANSACTIONS):
                async with AsyncSession(place.database.engine) as session, session.begin():
                    await session.execute(entered)
                    await session.execute(query)

        took, limit = await in_turn(ours, plain)
    return [Figure("short transactions of a company", TRANSACTIONS / took, TRANSACTIONS / limit, "transactions/s")]
