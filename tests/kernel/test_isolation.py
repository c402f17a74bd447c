"""Two companies through one physical connection: each sees only its own, and the connection keeps nothing of either."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from psycopg.errors import UndefinedTable
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.errors import Conflict
from foodflow.kernel.tenancy import TenantName
from tests.make import CHANCE

BACKEND = text("SELECT pg_backend_pid()")
STATE = text("SELECT current_setting('role'), current_setting('search_path'), current_setting('foodflow.actor', true)")
ADD = text("INSERT INTO marks (owner) VALUES (:owner)")
READ = text("SELECT owner FROM marks")


@pytest.fixture(scope="module")
async def one_connection(database_url: str, demo: Actor, akron: Actor) -> AsyncIterator[Database]:
    """A pool of a single connection, and a table `marks` in each company."""
    database = Database(database_url, pool_size=1)
    for actor in (demo, akron):
        async with tenant_transaction(database, actor) as session:
            await session.execute(text("CREATE TABLE marks (owner text NOT NULL)"))
    yield database
    await database.close()


@pytest.fixture
async def clean(one_connection: Database, demo: Actor, akron: Actor) -> Database:
    for actor in (demo, akron):
        async with tenant_transaction(one_connection, actor) as session:
            await session.execute(text("DELETE FROM marks"))
    return one_connection


async def owners(session: AsyncSession) -> Sequence[str]:
    return (await session.scalars(READ)).all()


async def assert_nothing_is_left(database: Database) -> None:
    """On the bare connection no company is left: no role, no search path, no actor, no table."""
    async with database.engine.connect() as connection:
        role, path, actor = (await connection.execute(STATE)).one()
        assert (role, path.strip('"'), actor or "") == ("none", "", "")
        with pytest.raises(ProgrammingError) as error:
            await connection.execute(READ)
        assert isinstance(error.value.orig, UndefinedTable)


async def test_two_companies_taking_turns_on_one_connection_each_see_only_their_own_rows(
    clean: Database, demo: Actor, akron: Actor
) -> None:
    backends = set()
    for turn in range(6):
        actor = (demo, akron)[turn % 2]
        async with tenant_transaction(clean, actor) as session:
            backends.add(await session.scalar(BACKEND))
            await session.execute(ADD, {"owner": actor.tenant})
            assert set(await owners(session)) == {actor.tenant}
            assert len(await owners(session)) == turn // 2 + 1
        await assert_nothing_is_left(clean)
    assert len(backends) == 1


async def test_many_tasks_of_two_companies_that_crowd_on_one_connection_each_see_only_their_own_rows(
    clean: Database, demo: Actor, akron: Actor
) -> None:
    async def deed(actor: Actor) -> tuple[int, set[str]]:
        async with tenant_transaction(clean, actor) as session:
            await session.execute(ADD, {"owner": actor.tenant})
            await asyncio.sleep(0)
            return await session.scalar(BACKEND) or 0, set(await owners(session))

    actors = [CHANCE.choice((demo, akron)) for _ in range(120)]
    seen = await asyncio.gather(*(deed(actor) for actor in actors))
    assert [rows for _, rows in seen] == [{actor.tenant} for actor in actors]
    assert len({backend for backend, _ in seen}) == 1


async def test_companies_at_work_at_the_same_time_each_see_only_their_own_rows(
    clean: Database, database: Database, demo: Actor, akron: Actor
) -> None:
    async def deed(actor: Actor) -> set[str]:
        async with tenant_transaction(database, actor) as session:
            await session.execute(ADD, {"owner": actor.tenant})
            await session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": CHANCE.random() / 100})
            return set(await owners(session))

    actors = [CHANCE.choice((demo, akron)) for _ in range(80)]
    assert await asyncio.gather(*map(deed, actors)) == [{actor.tenant} for actor in actors]


async def test_a_refusal_leaves_neither_rows_nor_a_company_on_the_connection(clean: Database, demo: Actor) -> None:
    async def refused() -> None:
        async with tenant_transaction(clean, demo) as session:
            await session.execute(ADD, {"owner": "demo"})
            raise Conflict("the line is busy")

    with pytest.raises(Conflict):
        await refused()
    await assert_nothing_is_left(clean)
    async with tenant_transaction(clean, demo) as session:
        assert not await owners(session)


async def test_a_statement_that_fails_leaves_no_company_on_the_connection(clean: Database, demo: Actor) -> None:
    with pytest.raises(DBAPIError):
        async with tenant_transaction(clean, demo) as session:
            await session.execute(text("SELECT 1 / 0"))
    await assert_nothing_is_left(clean)


async def test_a_commit_that_fails_leaves_no_company_on_the_connection(clean: Database, demo: Actor) -> None:
    async with tenant_transaction(clean, demo) as session:
        await session.execute(text("CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)"))
    with pytest.raises(DBAPIError):
        async with tenant_transaction(clean, demo) as session:
            await session.execute(text("INSERT INTO deferred VALUES (1), (1)"))
    await assert_nothing_is_left(clean)


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.01, 0.05])
async def test_a_task_that_is_cancelled_in_the_middle_leaves_no_company_on_the_connection(
    clean: Database, demo: Actor, akron: Actor, seconds: float
) -> None:
    async def deed() -> None:
        async with tenant_transaction(clean, demo) as session:
            await session.execute(ADD, {"owner": "demo"})
            await session.execute(text("SELECT pg_sleep(20)"))

    task = asyncio.create_task(deed())
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await assert_nothing_is_left(clean)
    async with tenant_transaction(clean, akron) as session:
        assert not await owners(session)


async def test_tasks_that_are_cancelled_while_they_wait_for_the_connection_disturb_nobody(
    clean: Database, demo: Actor, akron: Actor
) -> None:
    async def deed(actor: Actor) -> set[str]:
        async with tenant_transaction(clean, actor) as session:
            await session.execute(ADD, {"owner": actor.tenant})
            return set(await owners(session))

    impatient = [asyncio.create_task(deed(akron)) for _ in range(20)]
    patient = [asyncio.create_task(deed(demo)) for _ in range(20)]
    await asyncio.sleep(0.005)
    for task in impatient:
        task.cancel()
    assert await asyncio.gather(*patient) == [{"demo"}] * 20
    ended = await asyncio.gather(*impatient, return_exceptions=True)
    assert all(each == {"akron"} or isinstance(each, asyncio.CancelledError) for each in ended)
    await assert_nothing_is_left(clean)


async def test_a_temporary_table_of_one_company_never_stands_before_a_table_of_the_next(
    clean: Database, demo: Actor, akron: Actor
) -> None:
    async with tenant_transaction(clean, demo) as session:
        await session.execute(text("CREATE TEMPORARY TABLE audit_head AS SELECT * FROM audit_head"))
        await session.execute(text("CREATE TEMPORARY TABLE users AS SELECT 'nobody' AS username"))
        await session.execute(text("GRANT ALL ON pg_temp.audit_head, pg_temp.users TO PUBLIC"))
    async with tenant_transaction(clean, akron) as session:
        audit.record(session, akron, "mark.added", 1)
    async with tenant_transaction(clean, akron) as session:
        assert await session.scalar(text("SELECT sequence FROM t_akron.audit_head")) == 1
    async with platform_transaction(clean) as session:
        assert await session.scalar(text("SELECT count(*) FROM users WHERE username = 'nobody'")) == 0


async def test_a_transaction_knows_its_company_actor_and_limits(clean: Database) -> None:
    async with tenant_transaction(clean, system_actor(TenantName("demo"), "jobs"), statement_timeout="5s") as session:
        assert (await session.execute(STATE)).one() == ("t_demo", '"t_demo", pg_temp', "system:jobs")
        assert await session.scalar(text("SHOW statement_timeout")) == "5s"
        assert await session.scalar(text("SHOW lock_timeout")) == "10s"


async def test_a_company_that_does_not_exist_has_no_transactions(clean: Database) -> None:
    for slug in ("nobody", 'demo", "t_akron', ""):
        with pytest.raises(DBAPIError):
            async with tenant_transaction(clean, Actor(id="user:1", tenant=TenantName(slug))):
                pass
    await assert_nothing_is_left(clean)
