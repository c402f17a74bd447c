"""One company with more slow transactions than its share keeps no other one waiting for a connection."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, tenant_transaction
from foodflow.kernel.errors import Unavailable
from tests.make import until

Kind = Callable[[Database, Actor], AbstractAsyncContextManager[AsyncSession]]
POOL = 4
SHARE = 2  # 60 % of four, rounded down


@pytest.fixture
async def small(database_url: str) -> Database:
    """A pool of four connections."""
    return Database(database_url, pool_size=POOL)


class Busy:
    """Transactions of a company that stay open until they are let go."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database, self.actor = database, actor
        self.open, self.most, self.done = 0, 0, 0
        self.let_go = asyncio.Event()

    async def one(self, kind: Kind = tenant_transaction) -> None:
        async with kind(self.database, self.actor):
            self.open += 1
            self.most = max(self.most, self.open)
            await self.let_go.wait()
            self.open -= 1
        self.done += 1


async def test_a_busy_company_leaves_connections_to_the_others(small: Database, demo: Actor, akron: Actor) -> None:
    busy = Busy(small, demo)
    kinds: list[Kind] = [tenant_transaction, directory_transaction] * POOL
    async with asyncio.TaskGroup() as tasks:
        for kind in kinds:
            tasks.create_task(busy.one(kind))
        await until(lambda: busy.open == SHARE)
        for _ in range(3):
            async with tenant_transaction(small, akron) as session:
                assert await session.scalar(text("SELECT 1")) == 1
        assert (busy.open, busy.done) == (SHARE, 0)
        busy.let_go.set()
    assert (busy.most, busy.done) == (SHARE, len(kinds))
    await small.close()


async def test_a_place_is_given_back_whatever_becomes_of_the_transaction(small: Database, demo: Actor) -> None:
    for _ in range(SHARE + 1):
        with pytest.raises(RuntimeError, match="moon"):
            async with tenant_transaction(small, demo):
                raise RuntimeError("because of the moon")
    waiting = [asyncio.create_task(Busy(small, demo).one()) for _ in range(SHARE + 1)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    async with tenant_transaction(small, demo) as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await small.close()


async def test_who_waits_too_long_for_a_place_is_refused(
    small: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foodflow.kernel.db.PATIENCE_SECONDS", 0.05)
    busy = Busy(small, demo)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(SHARE):
            tasks.create_task(busy.one())
        await until(lambda: busy.open == SHARE)
        with pytest.raises(Unavailable, match="company"):
            async with tenant_transaction(small, demo):
                pytest.fail("there was a place")
        busy.let_go.set()
    await small.close()


async def test_even_of_one_connection_a_company_may_have_it(database_url: str, demo: Actor) -> None:
    database = Database(database_url, pool_size=1)
    async with tenant_transaction(database, demo) as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await database.close()
