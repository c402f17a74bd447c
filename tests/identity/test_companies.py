"""Companies: settled by their own people; made, suspended and removed by those who run the installation."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from foodflow.kernel import audit, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.jobs import Job
from foodflow.kernel.queue import build_queue
from foodflow.kernel.tenancy import TenantName
from tests.conftest import ClientOf
from tests.identity.make import audited, sign_in, somebody, user
from tests.identity.operators import client_as, make_operator
from tests.kernel.http.make import fields, problem
from tests.make import Person

COMPANY = "/api/v1/company"
COMPANIES = "/api/v1/companies"
WHY = {"reason": "unpaid"}


def slug() -> str:
    return f"mill-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def running(database_url: str, password_hash: str) -> Person:
    """Somebody who runs the installation, and belongs to `akron` as a mere viewer."""
    person = somebody(database_url, password_hash, "akron")
    make_operator(database_url, person)
    return person


@pytest.fixture
async def operator(app: FastAPI, running: Person) -> AsyncIterator[httpx.AsyncClient]:
    async with client_as(app, running) as client:
        yield client


async def made(operator: httpx.AsyncClient, administrator: Person, **fields: str) -> str:
    """A company with an administrator."""
    body = {"slug": slug(), "name": "Mill", "administrator": administrator.username, **fields}
    answer = await operator.post(COMPANIES, json=body)
    assert answer.status_code == 201, answer.text
    return body["slug"]


# ---- one's own company ---------------------------------------------------------------------------------------------


async def test_everybody_sees_their_company_and_what_holds_until_it_is_settled(client_of: ClientOf) -> None:
    answer = await client_of("viewer", company="akron").get(COMPANY)
    assert answer.status_code == 200
    seen = answer.json()
    assert (seen["slug"], seen["name"]) == ("akron", "Akron")
    assert seen["settings"] == {"time_zone": "UTC", "currency": "EUR", "locale": "en", "second_factor": "optional"}


async def test_an_administrator_settles_some_things_and_the_others_stay(
    client: httpx.AsyncClient, client_of: ClientOf, database_url: str
) -> None:
    first = await client.patch(COMPANY, json={"settings": {"time_zone": "Europe/Paris", "currency": "CHF"}})
    second = await client.patch(COMPANY, json={"name": "Demo AG", "settings": {"locale": "de-CH"}})
    expected = {"time_zone": "Europe/Paris", "currency": "CHF", "locale": "de-CH", "second_factor": "optional"}
    assert (second.json()["settings"], second.json()["name"]) == (expected, "Demo AG")
    assert second.json()["version"] == first.json()["version"] + 1
    assert "company.changed" in audited(database_url, "demo", "demo")
    assert (await client.get(COMPANY)).json() == second.json()
    other = await client_of("viewer", company="akron").get(COMPANY)
    assert other.json()["settings"]["locale"] == "en"
    problem(await client_of("manager").patch(COMPANY, json={"name": "Mine"}), 403)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "settings.time_zone"),
        ({"time_zone": "../../etc/passwd"}, "settings.time_zone"),
        ({"time_zone": None}, "settings.time_zone"),
        ({"currency": "euro"}, "settings.currency"),
        ({"locale": "German"}, "settings.locale"),
        ({"second_factor": "never"}, "settings.second_factor"),
        ({"colour": "red"}, "settings.colour"),
        ({}, "settings"),
    ],
)
async def test_a_setting_that_means_nothing_is_refused_by_its_name(
    client: httpx.AsyncClient, given: dict[str, object], field: str
) -> None:
    assert fields(await client.patch(COMPANY, json={"settings": given})) == {field}


async def test_what_belongs_to_the_platform_is_not_settled_by_a_company(client: httpx.AsyncClient) -> None:
    for taken in ("slug", "suspended_at", "schema_name", "version"):
        assert fields(await client.patch(COMPANY, json={"name": "x", taken: "x"})) == {taken}


async def test_of_two_who_have_seen_the_same_company_the_second_is_told(client: httpx.AsyncClient) -> None:
    tag = (await client.get(COMPANY)).headers["etag"]
    ours = {"If-Match": tag}
    answers = await asyncio.gather(*(client.patch(COMPANY, json={"name": f"N{n}"}, headers=ours) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_a_second_factor_is_asked_of_everybody_only_by_somebody_who_has_one(
    app: FastAPI, operator: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    boss = somebody(database_url, password_hash)
    company = await made(operator, boss)
    async with client_as(app, boss, company) as client:
        wanted = {"settings": {"second_factor": "required"}}
        assert problem(await client.patch(COMPANY, json=wanted), 409)["code"] == "company.no_second_factor"
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "INSERT INTO platform.second_factors (user_id, sealed_secret, created_at, confirmed_at)"
                " VALUES (%s, '', now(), now())",
                [boss.id],
            )
        assert (await client.patch(COMPANY, json=wanted)).json()["settings"]["second_factor"] == "required"
        problem(await client.patch(COMPANY, json={"name": "x"}), 403)  # this stay has proved a password alone


async def test_the_companies_that_somebody_can_act_in_are_listed_for_them(
    app: FastAPI, database_url: str, password_hash: str, operator: httpx.AsyncClient
) -> None:
    both = somebody(database_url, password_hash, "demo", "akron", role="planner")
    third = await made(operator, both, name="Zebra Mill")
    async with client_as(app, both) as client:
        names = [
            (each["slug"], each["roles"]) for each in (await client.get("/api/v1/auth/companies")).json()["results"]
        ]
        assert sorted(names) == [("akron", ["planner"]), ("demo", ["planner"]), (third, ["administrator"])]
        await operator.post(f"{COMPANIES}/{third}/suspend", json=WHY)
        slugs = [each["slug"] for each in (await client.get("/api/v1/auth/companies")).json()["results"]]
        assert third not in slugs


# ---- those of the installation -------------------------------------------------------------------------------------


async def test_an_administrator_of_a_company_is_no_operator(client: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", COMPANIES),
        ("POST", COMPANIES),
        ("GET", f"{COMPANIES}/akron"),
        ("PATCH", f"{COMPANIES}/akron"),
        ("POST", f"{COMPANIES}/akron/suspend"),
        ("POST", f"{COMPANIES}/akron/resume"),
        ("DELETE", f"{COMPANIES}/akron"),
        ("POST", f"{COMPANIES}/import"),
    ):
        problem(await client.request(method, path), 403)


async def test_an_operator_makes_a_company_and_sees_nothing_of_its_business(
    app: FastAPI, operator: httpx.AsyncClient, running: Person, database_url: str, password_hash: str
) -> None:
    boss = somebody(database_url, password_hash, "demo")
    company = await made(operator, boss, name="North Mill")
    seen = (await operator.get(f"{COMPANIES}/{company}")).json()
    assert (seen["name"], seen["suspended_at"]) == ("North Mill", None)
    assert company in [
        each["slug"] for each in (await operator.get(COMPANIES, params={"search": "north"})).json()["results"]
    ]
    problem(await operator.get("/api/v1/plant-ops/lines", headers={"X-Tenant": company}), 403)
    async with client_as(app, boss, company) as client:
        assert (await client.get("/api/v1/plant-ops/lines")).json()["count"] == 0
        assert (await client.get(COMPANY)).json()["name"] == "North Mill"
    assert audited(database_url, company.replace("-", "_"), company) == ["company.created"]
    assert "company.created" in audited(database_url, "akron", company)


async def test_an_administrator_by_address_is_invited_and_nobody_can_act_until_they_accept(
    operator: httpx.AsyncClient, database_url: str
) -> None:
    body = {"slug": slug(), "name": "Mill", "administrator_email": f"{uuid4().hex}@mill.example"}
    assert (await operator.post(COMPANIES, json=body)).status_code == 201
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT m.roles, m.accepted_at, u.password_hash FROM platform.memberships AS m JOIN platform.users AS u"
            " ON u.id = m.user_id WHERE m.tenant = %s AND u.email = %s",
            [body["slug"], body["administrator_email"]],
        ).fetchall()
        mails = connection.execute(
            "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver' AND args ->> 'tenant' = %s",
            [body["slug"]],
        ).fetchone()
    assert rows == [(["administrator"], None, None)]
    assert mails == (1,)
    schema = body["slug"].replace("-", "_")
    assert audited(database_url, schema, body["slug"]) == ["company.created"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"slug": "demo"}, 409),
        ({"slug": "Mill"}, 422),
        ({"slug": "../mill"}, 422),
        ({"administrator": "nobody-of-this-name"}, 409),
        ({"administrator": None}, 422),
        ({"administrator_email": "a@b.example"}, 422),
        ({"suspended_at": None}, 422),
    ],
)
async def test_a_company_that_cannot_be_made_leaves_nothing_behind(
    operator: httpx.AsyncClient, running: Person, database_url: str, change: dict[str, object], status: int
) -> None:
    wanted = {"slug": slug(), "name": "Mill", "administrator": running.username} | change
    problem(await operator.post(COMPANIES, json=wanted), status)
    if wanted["slug"] != "demo":
        with psycopg.connect(database_url) as connection:
            schema = connection.execute("SELECT to_regnamespace(%s)::text", [f"t_{wanted['slug']}".replace("-", "_")])
            assert schema.fetchone() == (None,)


async def test_of_two_who_make_the_same_company_at_once_one_does(operator: httpx.AsyncClient, running: Person) -> None:
    body = {"slug": slug(), "name": "Mill", "administrator": running.username}
    answers = await asyncio.gather(*(operator.post(COMPANIES, json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_an_operator_renames_a_company_and_both_trails_say_so(
    operator: httpx.AsyncClient, database_url: str, running: Person
) -> None:
    company = await made(operator, running)
    answer = await operator.patch(f"{COMPANIES}/{company}", json={"name": "South Mill"})
    assert answer.json()["name"] == "South Mill"
    assert audited(database_url, company.replace("-", "_"), company)[-1] == "company.renamed"
    assert audited(database_url, "akron", company)[-1] == "company.renamed"
    problem(await operator.patch(f"{COMPANIES}/nowhere", json={"name": "x"}), 404)


async def test_a_suspended_company_is_closed_at_the_next_request_and_opens_again(
    app: FastAPI,
    operator: httpx.AsyncClient,
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    password_hash: str,
) -> None:
    boss = somebody(database_url, password_hash)
    company = await made(operator, boss)
    async with client_as(app, boss, company) as client:
        assert (await client.get(COMPANY)).status_code == 200
        suspended = await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
        assert suspended.json()["suspended_at"] is not None
        again = await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
        assert again.json() == suspended.json()
        assert problem(await client.get(COMPANY), 403)["code"] == "identity.company_suspended"
        wrong = await sign_in(anonymous_client, boss.username, "not the password")
        right = await sign_in(anonymous_client, boss.username)
        assert problem(wrong, 401)["code"] == "identity.bad_credentials"
        assert problem(right, 403)["code"] == "identity.company_suspended"
        assert (await operator.post(f"{COMPANIES}/{company}/resume")).json()["suspended_at"] is None
        assert (await client.get(COMPANY)).status_code == 200
        assert (await sign_in(anonymous_client, boss.username)).status_code == 200
    trail = audited(database_url, company.replace("-", "_"), company)
    assert trail == ["company.created", "company.suspended", "company.resumed"]
    assert (await user(anonymous_client, "x")).status_code == 401


async def test_a_suspension_is_told_to_every_process(
    operator: httpx.AsyncClient, running: Person, database_url: str
) -> None:
    company = await made(operator, running)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as listener:
        await listener.execute("LISTEN foodflow_access")
        await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
        told = [notice.payload async for notice in listener.notifies(timeout=5, stop_after=1)]
    assert f'"tenant": "{company}"' in told[0]


async def test_nobody_suspends_or_removes_the_company_that_they_act_in(operator: httpx.AsyncClient) -> None:
    for method, path in (("POST", "/suspend"), ("DELETE", "")):
        answer = await operator.request(method, f"{COMPANIES}/akron{path}", json=WHY if path else None)
        assert problem(answer, 409)["code"] == "company.own"


async def test_jobs_of_a_suspended_company_wait_until_it_goes_on(
    operator: httpx.AsyncClient, running: Person, database: Database
) -> None:
    company = await made(operator, running)
    done: list[str] = []

    async def work(_database: Database, actor: Actor, number: int) -> None:
        done.append(f"{actor.tenant}/{number}")

    async def work_off() -> None:
        async with build_queue(database, [Job("test.work", work)], ()).open_async() as queue:
            await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
    async with platform_transaction(database) as session:
        for tenant in (company, "demo"):
            await jobs.enqueue_for(session, tenant, "test.work", number=7)
    await work_off()
    assert done == ["demo/7"]
    await operator.post(f"{COMPANIES}/{company}/resume")
    async with platform_transaction(database) as session:
        waiting = (
            "UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL WHERE args ->> 'tenant' = :c AND status = 'todo'"
        )
        await session.execute(text(waiting), {"c": company})
    await work_off()
    assert done == ["demo/7", f"{company}/7"]


# ---- removing ------------------------------------------------------------------------------------------------------


async def test_a_company_is_removed_only_when_it_is_suspended_and_then_wholly(
    app: FastAPI, operator: httpx.AsyncClient, database: Database, database_url: str, password_hash: str
) -> None:
    alone, both = somebody(database_url, password_hash), somebody(database_url, password_hash, "demo")
    company = await made(operator, alone)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO platform.memberships (user_id, tenant, roles, accepted_at, created_at)"
            " VALUES (%s, %s, '{viewer}', now(), now())",
            [both.id, company],
        )
    async with client_as(app, alone, company) as client:
        line = {"line_number": "L1", "name": "Filling"}
        assert (await client.post("/api/v1/plant-ops/lines", json=line)).status_code == 201
        role = {"name": "mixer", "description": "", "permissions": ["plant.read"]}
        await client.post("/api/v1/roles", json=role)
    async with platform_transaction(database) as session:
        await jobs.enqueue_for(session, company, "test.work", number=1)
    refused = await operator.delete(f"{COMPANIES}/{company}")
    assert problem(refused, 409)["code"] == "company.not_suspended"
    await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
    assert (await operator.delete(f"{COMPANIES}/{company}")).status_code == 204
    problem(await operator.get(f"{COMPANIES}/{company}"), 404)
    problem(await operator.delete(f"{COMPANIES}/{company}"), 404)
    assert left_of(database_url, company) == {}
    with psycopg.connect(database_url) as connection:
        people = connection.execute(
            "SELECT username, is_active, erased_at IS NULL, password_hash IS NULL FROM platform.users"
            " WHERE id = ANY(%s) ORDER BY id",
            [[alone.id, both.id]],
        ).fetchall()
    assert people == [(f"erased:{alone.id}", False, False, True), (both.username, True, True, False)]
    assert audited(database_url, "akron", company)[-1] == "company.removed"
    assert await made(operator, both, slug=company) == company


def left_of(url: str, company: str) -> dict[str, int]:
    """How often a company is named anywhere in what all companies share, by table; and its schema and role."""
    schema, left = f"t_{company}".replace("-", "_"), {}
    with psycopg.connect(url) as connection:
        columns = connection.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'platform' AND column_name IN ('tenant', 'slug')"
        ).fetchall()
        columns.append(("jobs.procrastinate_jobs", "args ->> 'tenant'"))
        columns += [("pg_roles", "rolname"), ("pg_namespace", "nspname")]
        for table, column in columns:
            query = f"SELECT count(*) FROM {table} WHERE {column} = ANY(%s)"
            found = connection.execute(query.encode(), [[company, schema]]).fetchone()
            if found and found[0]:
                left[table] = found[0]
    return left


async def test_whoever_runs_the_installation_is_not_erased_with_a_company(
    operator: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    other = somebody(database_url, password_hash)
    make_operator(database_url, other)
    company = await made(operator, other)
    await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
    assert (await operator.delete(f"{COMPANIES}/{company}")).status_code == 204
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT username, is_active FROM platform.users WHERE id = %s", [other.id]).fetchone()
    assert row == (other.username, True)


async def test_a_job_of_a_company_that_is_gone_is_let_go(database: Database) -> None:
    async def work(_database: Database, _actor: Actor) -> None:
        raise AssertionError

    async with platform_transaction(database) as session:
        await jobs.enqueue_for(session, "long-gone", "test.gone")
    async with build_queue(database, [Job("test.gone", work)], ()).open_async() as queue:
        await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    async with platform_transaction(database) as session:
        query = text("SELECT status::text FROM jobs.procrastinate_jobs WHERE task_name = 'test.gone'")
        assert (await session.scalars(query)).all() == ["succeeded"]


async def test_a_company_s_own_trail_holds_after_operators_have_written_into_it(
    operator: httpx.AsyncClient, running: Person, database: Database
) -> None:
    company = await made(operator, running)
    await operator.post(f"{COMPANIES}/{company}/suspend", json=WHY)
    for tenant in (company, "akron"):
        async with tenant_transaction(database, Actor("system:test", TenantName(tenant))) as session:
            verdict = await audit.verify(session)
        assert verdict.first_bad is None
        assert verdict.entries >= 2
