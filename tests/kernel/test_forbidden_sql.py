"""What raw SQL inside a company's transaction cannot reach: everything that belongs to somebody else.

What is promised: while a transaction runs as a company's role, no statement reads, changes or builds anything of
another company, of the platform, of the queue or of the server. What is not: whoever can run any SQL at all can leave
the role with RESET ROLE (the login role must be able to take on each company), send NOTIFY on any channel and read the
names in the catalogue. So text from outside never becomes SQL, and the role is the second wall, not the first.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, driver_connection, platform_transaction, tenant_transaction

NOT_ALLOWED = "42501"
PLATFORM = ("tenants", "users", "memberships", "tokens", "outbox", "relay", "revisions")
TOLD = {"id": "00000000-0000-7000-8000-000000000001", "time": "2001-01-01T00:00:00Z", "type": "x.happened"}
EVENT = TOLD | {"subject": "x/1", "needs": "x.read", "data": {"tenant": "akron"}, "tenant": "akron", "company": "akron"}

OF_ANOTHER_COMPANY = [
    "SELECT * FROM t_akron.marks",
    "SELECT count(*) FROM t_akron.audit_entries",
    "INSERT INTO t_akron.marks VALUES ('demo')",
    "UPDATE t_akron.marks SET owner = 'demo'",
    "DELETE FROM t_akron.marks",
    "TRUNCATE t_akron.marks",
    "LOCK TABLE t_akron.marks",
    "CREATE TABLE t_akron.mine ()",
    "ALTER TABLE t_akron.marks ADD COLUMN mine int",
    "ALTER TABLE t_akron.marks OWNER TO t_demo",
    "DROP TABLE t_akron.marks",
    "CREATE INDEX ON t_akron.marks (owner)",
    "GRANT ALL ON t_akron.marks TO t_demo",
    "GRANT USAGE ON SCHEMA t_akron TO t_demo",
    "ALTER SCHEMA t_akron OWNER TO t_demo",
    "DROP SCHEMA t_akron CASCADE",
    "CREATE TABLE mine (LIKE t_akron.marks)",
    "CREATE TABLE mine () INHERITS (t_akron.marks)",
    "CREATE VIEW mine AS SELECT * FROM t_akron.marks",
]
OF_THE_PLATFORM = [
    *(f"SELECT * FROM platform.{table}" for table in PLATFORM),
    *(f"DELETE FROM platform.{table}" for table in PLATFORM),
    "INSERT INTO platform.revisions VALUES ('x', 'y')",
    "UPDATE platform.users SET password_hash = ''",
    "UPDATE platform.outbox SET sequence = NULL",
    "CREATE TABLE platform.mine ()",
    "CREATE FUNCTION platform.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION platform.current_tenant() RETURNS text LANGUAGE sql AS $$SELECT 'akron'$$",
    "ALTER FUNCTION platform.tell(jsonb) SECURITY INVOKER",
    "SELECT platform.current_tenant()",
    "SELECT platform.enqueue_for('akron', 'x', '{}', NULL, NULL, NULL)",
    "CREATE TABLE mine (id bigint REFERENCES platform.users (id))",
]
OF_THE_QUEUE = [
    "SELECT * FROM jobs.procrastinate_jobs",
    "DELETE FROM jobs.procrastinate_jobs",
    "SELECT jobs.procrastinate_defer_jobs_v1(NULL)",
    "CREATE TABLE jobs.mine ()",
]
OF_THE_TEMPLATE = [
    "INSERT INTO tenant_template.audit_head (sequence, hash) VALUES (1, '')",
    "UPDATE tenant_template.audit_head SET sequence = 1",
    "DELETE FROM tenant_template.audit_entries",
    "CREATE TABLE tenant_template.mine ()",
    "DROP TABLE tenant_template.audit_entries",
]
OF_THE_SERVER = [
    "CREATE SCHEMA mine",
    "CREATE TABLE public.mine ()",
    "CREATE ROLE mine",
    "ALTER ROLE t_demo LOGIN",
    "ALTER ROLE t_demo CREATEROLE",
    "GRANT t_akron TO t_demo",
    "GRANT tenant_template TO t_demo",
    "ALTER DEFAULT PRIVILEGES FOR ROLE t_akron GRANT ALL ON TABLES TO t_demo",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "COPY marks TO '/marks'",
    "COPY marks FROM PROGRAM 'true'",
    "SELECT lo_import('/etc/hostname')",
    "SET session_replication_role = replica",
]
OF_HISTORY = [
    "UPDATE audit_entries SET action = 'nothing.happened'",
    "DELETE FROM audit_entries",
    "TRUNCATE audit_entries",
    "DELETE FROM audit_head",
    "TRUNCATE audit_head",
]


@pytest.fixture(scope="module", autouse=True)
async def _marks(database: Database, demo: Actor, akron: Actor) -> None:
    for actor in (demo, akron):
        async with tenant_transaction(database, actor) as session:
            await session.execute(text("CREATE TABLE marks (owner text NOT NULL)"))
            await session.execute(text("INSERT INTO marks VALUES (:owner)"), {"owner": actor.tenant})
            audit.record(session, actor, "mark.added", 1)


@pytest.fixture
async def messages(database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Listens to what is broadcast."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("LISTEN foodflow_live")
        yield connection


async def error_of(session: AsyncSession, statement: str) -> str | None:
    """The SQLSTATE with which PostgreSQL refuses a statement; the transaction is as before."""
    with pytest.raises(DBAPIError) as refused:
        async with session.begin_nested():
            await (await session.connection()).exec_driver_sql(statement)
    assert isinstance(refused.value.orig, psycopg.Error)
    return refused.value.orig.sqlstate


@pytest.mark.parametrize("statement", OF_ANOTHER_COMPANY)
async def test_nothing_of_another_company_can_be_reached(session: AsyncSession, statement: str) -> None:
    assert await error_of(session, statement) == NOT_ALLOWED


@pytest.mark.parametrize("statement", OF_THE_PLATFORM)
async def test_nothing_of_the_platform_can_be_reached(session: AsyncSession, statement: str) -> None:
    assert await error_of(session, statement) == NOT_ALLOWED


@pytest.mark.parametrize("statement", OF_THE_QUEUE)
async def test_the_queue_can_only_be_added_to_through_its_door(session: AsyncSession, statement: str) -> None:
    assert await error_of(session, statement) == NOT_ALLOWED


@pytest.mark.parametrize("statement", OF_THE_TEMPLATE)
async def test_the_template_can_be_read_and_not_changed(session: AsyncSession, statement: str) -> None:
    assert await error_of(session, statement) == NOT_ALLOWED
    assert await session.scalar(text("SELECT count(*) FROM tenant_template.audit_entries")) == 0


@pytest.mark.parametrize("statement", OF_THE_SERVER)
async def test_nothing_of_the_server_can_be_reached(session: AsyncSession, statement: str) -> None:
    assert await error_of(session, statement) == NOT_ALLOWED


@pytest.mark.parametrize("statement", OF_HISTORY)
async def test_recorded_history_can_only_be_added_to(session: AsyncSession, statement: str) -> None:
    assert await error_of(session, statement) == NOT_ALLOWED


async def test_a_company_may_call_three_functions_of_the_platform_and_no_others(session: AsyncSession) -> None:
    callable_ = (
        "SELECT proname FROM pg_proc WHERE pronamespace IN ('platform'::regnamespace, 'jobs'::regnamespace)"
        " AND has_schema_privilege(pronamespace, 'USAGE') AND has_function_privilege(oid, 'EXECUTE') ORDER BY 1"
    )
    assert (await session.scalars(text(callable_))).all() == ["broadcast", "enqueue", "tell"]


async def test_a_companys_role_belongs_to_no_other_and_its_rights_pass_to_nobody_unasked(session: AsyncSession) -> None:
    groups = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 't_demo'::regrole"
    assert (await session.scalars(text(groups))).all() == ["foodflow_tenants"]
    members = "SELECT inherit_option FROM pg_auth_members WHERE roleid IN ('t_demo'::regrole, 't_akron'::regrole)"
    assert set((await session.scalars(text(members))).all()) == {False}
    able = (
        "SELECT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication FROM pg_roles"
    )
    assert (await session.scalars(text(f"{able} WHERE rolname = 't_demo'"))).all() == [False]


async def test_copy_does_not_go_around_the_wall(session: AsyncSession) -> None:
    connection = await driver_connection(session)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with connection.cursor() as cursor, cursor.copy("COPY t_akron.marks TO STDOUT") as copy:
            await copy.read()


async def test_another_companys_running_statements_cannot_be_read_or_stopped(
    session: AsyncSession, database: Database, akron: Actor
) -> None:
    async with tenant_transaction(database, akron) as others:
        backend = await others.scalar(text("SELECT pg_backend_pid() /* a secret of akron */"))
        shown = await session.scalar(text("SELECT query FROM pg_stat_activity WHERE pid = :pid"), {"pid": backend})
        assert "secret" not in shown
        assert await error_of(session, f"SELECT pg_terminate_backend({backend})") == NOT_ALLOWED
        assert await error_of(session, f"SELECT pg_cancel_backend({backend})") == NOT_ALLOWED


async def test_leaving_the_role_is_possible_by_design_so_no_text_from_outside_may_become_sql(
    session: AsyncSession,
) -> None:
    await session.execute(text("SET LOCAL ROLE t_akron"))
    assert await session.scalar(text("SELECT owner FROM t_akron.marks")) == "akron"
    await session.execute(text("RESET ROLE"))
    assert await session.scalar(text("SELECT count(*) FROM platform.tenants")) == 2


async def test_the_login_role_itself_reaches_no_companys_rows(platform_session: AsyncSession) -> None:
    for statement in ("SELECT * FROM t_demo.marks", "DELETE FROM t_akron.marks", "CREATE TABLE t_demo.mine ()"):
        assert await error_of(platform_session, statement) == NOT_ALLOWED


async def test_an_event_carries_the_company_whose_transaction_told_it(
    database: Database, demo: Actor, platform_session: AsyncSession
) -> None:
    async with tenant_transaction(database, demo) as session:
        await session.execute(text("SELECT platform.tell(CAST(:told AS jsonb))"), {"told": json.dumps([EVENT])})
    rows = await platform_session.scalars(text("SELECT tenant FROM outbox WHERE subject = 'x/1'"))
    assert rows.all() == ["demo"]


async def test_a_job_carries_the_company_whose_transaction_enqueued_it(
    database: Database, demo: Actor, platform_session: AsyncSession
) -> None:
    async with tenant_transaction(database, demo) as session:
        await jobs.enqueue(session, "x.do", lock="akron/x", queueing_lock="akron/x", tenant="akron", number=1)
    query = "SELECT args, lock, queueing_lock FROM jobs.procrastinate_jobs WHERE task_name = 'x.do'"
    found = (await platform_session.execute(text(query))).all()
    assert found == [({"tenant": "demo", "number": 1}, "demo/akron/x", "demo/akron/x")]


async def test_a_message_carries_the_company_whose_transaction_published_it(
    database: Database, demo: Actor, messages: psycopg.AsyncConnection[Any]
) -> None:
    message = {"tenant": "akron", "topic": "x/1", "type": "x", "needs": "x.read", "data": {}}
    async with tenant_transaction(database, demo) as session:
        await session.execute(text("SELECT platform.broadcast(CAST(:m AS jsonb))"), {"m": json.dumps([message])})
    heard = [json.loads(each.payload) async for each in messages.notifies(timeout=5, stop_after=1)]
    assert [each["tenant"] for each in heard] == ["demo"]


@pytest.mark.parametrize(
    "call",
    ["tell('[]')", "broadcast('[]')", "enqueue('x.do', '{}', NULL, NULL, NULL)"],
)
async def test_without_a_company_nothing_is_told_published_or_enqueued(database: Database, call: str) -> None:
    async with platform_transaction(database) as session:
        assert await error_of(session, f"SELECT platform.{call}") == NOT_ALLOWED
        await session.execute(text("SET LOCAL ROLE tenant_template"))
        assert await error_of(session, f"SELECT platform.{call}") == NOT_ALLOWED
