"""Personal data: given to whom it is about, and erased without a trace but a number."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from foodflow.identity.public.signing_in import Caller, SignedIn, begin_browser_session
from foodflow.identity.rules.companies import erased_name
from foodflow.identity.rules.people import USER_NAME
from foodflow.kernel.db import Database
from tests.conftest import ClientOf
from tests.identity.make import audited, sign_in, somebody
from tests.identity.operators import client_as, make_operator
from tests.kernel.http.make import problem
from tests.make import PASSWORD, Person
from tests.plant import make as plant

USERS = "/api/v1/users"
Someone = Callable[..., Awaitable[Person]]

_EVERYTHING = """
UPDATE platform.users SET email = username || '@mill.example', first_name = 'Ada', last_name = 'Miller'
    WHERE id = %(id)s;
INSERT INTO platform.second_factors (user_id, sealed_secret, created_at, confirmed_at)
    VALUES (%(id)s, 'sealed-seed', now(), now());
INSERT INTO platform.recovery_codes (user_id, code_hash) VALUES (%(id)s, 'hash-of-code');
INSERT INTO platform.api_keys (id, tenant, user_id, name, prefix, secret_hash, permissions, created_by, created_at)
    SELECT gen_random_uuid(), t, %(id)s, 'script', left(md5(random()::text), 10), 'hash-of-key', '{}', 'user:1', now()
    FROM unnest(%(companies)s::text[]) AS t;
INSERT INTO platform.external_identities (id, issuer, subject, user_id, tenant, created_at)
    SELECT gen_random_uuid(), 'https://issuer.example', %(id)s::text, %(id)s, t, now()
    FROM unnest(%(companies)s::text[]) AS t;
"""
_HELD = """
SELECT (SELECT count(*) FROM platform.memberships WHERE user_id = %(id)s AND tenant = %(c)s),
       (SELECT count(*) FROM platform.tokens WHERE user_id = %(id)s AND tenant = %(c)s),
       (SELECT count(*) FROM platform.api_keys WHERE user_id = %(id)s AND tenant = %(c)s),
       (SELECT count(*) FROM platform.external_identities WHERE user_id = %(id)s AND tenant = %(c)s),
       (SELECT count(*) FROM platform.second_factors WHERE user_id = %(id)s),
       (SELECT count(*) FROM platform.recovery_codes WHERE user_id = %(id)s)
"""


@pytest.fixture
async def someone(database: Database, database_url: str, password_hash: str) -> Someone:
    """Makes people with names, an address, stays, keys, a second factor and identities elsewhere."""

    async def make(*companies: str, role: str = "operator") -> Person:
        person = somebody(database_url, password_hash, *companies, role=role)
        with psycopg.connect(database_url) as connection:
            values = {"id": person.id, "companies": list(companies)}
            for statement in filter(str.strip, _EVERYTHING.split(";\n")):
                connection.execute(statement.encode(), values)
        for company in companies:
            signed_in = SignedIn(person.id, company, ("pwd", "otp"))
            await begin_browser_session(database, signed_in, Caller("192.0.2.7", "Browser/1"))
        return person

    return make


@pytest.fixture
async def akron_operator(app: FastAPI, database_url: str, password_hash: str) -> AsyncIterator[httpx.AsyncClient]:
    person = somebody(database_url, password_hash, "akron", role="administrator")
    make_operator(database_url, person)
    async with client_as(app, person) as client:
        yield client


def held(url: str, person: Person, company: str) -> tuple[int, ...]:
    """What the directory holds for somebody: places, stays, keys, identities, second factors, recovery codes."""
    with psycopg.connect(url) as connection:
        row = connection.execute(_HELD.encode(), {"id": person.id, "c": company}).fetchone()
    assert row is not None
    return tuple(row)


def account(url: str, person: Person) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT username, email, first_name, last_name, password_hash, is_active, is_operator,"
            " erased_at IS NOT NULL FROM platform.users WHERE id = %s",
            [person.id],
        ).fetchone()
    assert row is not None
    return tuple(row)


async def test_somebody_gets_all_that_the_company_holds_about_them_and_no_secret(
    app: FastAPI, client: httpx.AsyncClient, someone: Someone
) -> None:
    person = await someone("demo", "akron", role="operator")
    line = await plant.line(client)
    async with client_as(app, person, "demo") as own:
        plant.good(await plant.state(own, line["id"], "running", plant.at(0)))
        plant.good(await plant.count(own, line["id"], good=5, at=plant.at(60)))
        answer = await own.get(f"{USERS}/{person.id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["account"]["username"], told["account"]["first_name"]) == (person.username, "Ada")
    assert (told["membership"]["tenant"], told["membership"]["roles"]) == ("demo", ["operator"])
    assert [(stay["address"], stay["agent"]) for stay in told["stays"]] == [("192.0.2.7", "Browser/1")]
    assert [key["name"] for key in told["api_keys"]] == ["script"]
    assert [each["issuer"] for each in told["external_identities"]] == ["https://issuer.example"]
    assert {entry["actor"] for entry in told["audit_trail"]} == {f"user:{person.id}"}
    assert {entry["action"] for entry in told["audit_trail"]} >= {"line.state_recorded"}
    assert [state["state"] for state in told["records"]["plant"]["states"]] == ["running"]
    assert [(count["good"], count["line"]) for count in told["records"]["plant"]["counts"]] == [(5.0, line["id"])]
    for secret in ("hash-of", "sealed", "argon2", "akron"):
        assert secret not in answer.text


async def test_a_manager_of_people_gets_it_and_a_colleague_does_not(
    client: httpx.AsyncClient,
    akron_client: httpx.AsyncClient,
    client_of: ClientOf,
    someone: Someone,
    database_url: str,
) -> None:
    person = await someone("demo")
    path = f"{USERS}/{person.id}/export"
    assert (await client.get(path)).json()["account"]["id"] == person.id
    assert audited(database_url, "demo", str(person.id))[-1] == "user.exported"
    assert (await client_of("viewer").get(path)).status_code in {403, 404}
    problem(await akron_client.get(path), 404)
    problem(await client_of(None).get(path), 401)


async def test_an_erased_person_is_a_number_and_cannot_come_in_again(
    app: FastAPI,
    client: httpx.AsyncClient,
    anonymous_client: httpx.AsyncClient,
    someone: Someone,
    database_url: str,
) -> None:
    person = await someone("demo")
    assert held(database_url, person, "demo") == (1, 1, 1, 1, 1, 1)
    async with client_as(app, person, "demo") as own:
        assert (await own.get("/api/v1/company")).status_code == 200
        assert (await client.post(f"{USERS}/{person.id}/erase")).json() == {"erased": "account"}
        problem(await own.get("/api/v1/company"), 401)
    assert held(database_url, person, "demo") == (0,) * 6
    assert account(database_url, person) == (f"erased:{person.id}", "", "", "", None, False, False, True)
    problem(await sign_in(anonymous_client, person.username, PASSWORD), 401)
    problem(await sign_in(anonymous_client, f"erased:{person.id}", PASSWORD), 401)
    problem(await client.get(f"{USERS}/{person.id}"), 404)
    problem(await client.post(f"{USERS}/{person.id}/erase"), 404)
    assert audited(database_url, "demo", str(person.id))[-1] == "user.erased"


async def test_of_somebody_of_two_companies_only_the_place_in_one_is_erased(
    app: FastAPI, client: httpx.AsyncClient, someone: Someone, database_url: str
) -> None:
    person = await someone("demo", "akron")
    before = account(database_url, person)
    assert (await client.post(f"{USERS}/{person.id}/erase")).json() == {"erased": "place"}
    assert held(database_url, person, "demo")[:4] == (0, 0, 0, 0)
    assert held(database_url, person, "akron") == (1, 1, 1, 1, 1, 1)
    assert account(database_url, person) == before
    async with client_as(app, person, "akron") as there:
        assert (await there.get("/api/v1/company")).json()["slug"] == "akron"
    async with client_as(app, person, "demo") as here:
        problem(await here.get("/api/v1/company"), 401)


async def test_whoever_runs_the_installation_keeps_their_account(
    client: httpx.AsyncClient, someone: Someone, database_url: str
) -> None:
    person = await someone("demo")
    make_operator(database_url, person)
    assert (await client.post(f"{USERS}/{person.id}/erase")).json() == {"erased": "place"}
    assert account(database_url, person)[0] == person.username


async def test_nobody_erases_themselves_or_somebody_who_holds_more(
    client_of: ClientOf, people: dict[tuple[str, str], Person], database_url: str
) -> None:
    boss, manager, viewer = (people["demo", role] for role in ("administrator", "manager", "viewer"))
    own = await client_of("administrator").post(f"{USERS}/{boss.id}/erase")
    assert problem(own, 403)["code"] == "identity.not_oneself"
    above = await client_of("manager").post(f"{USERS}/{boss.id}/erase")
    assert problem(above, 403)["code"] == "identity.raises_rights"
    problem(await client_of("viewer").post(f"{USERS}/{manager.id}/erase"), 403)
    problem(await client_of("administrator", company="akron").post(f"{USERS}/{viewer.id}/erase"), 404)
    assert account(database_url, boss)[0] == boss.username


async def test_of_two_last_administrators_who_erase_each_other_at_once_one_stays(
    app: FastAPI, akron_operator: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    first, second = somebody(database_url, password_hash), somebody(database_url, password_hash)
    company = f"own-{first.id}"
    body = {"slug": company, "name": "Own", "administrator": first.username}
    assert (await akron_operator.post("/api/v1/companies", json=body)).status_code == 201
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO platform.memberships (user_id, tenant, roles, accepted_at, created_at)"
            " VALUES (%s, %s, '{administrator}', now(), now())",
            [second.id, company],
        )
    async with client_as(app, first, company) as one, client_as(app, second, company) as other:
        answers = await asyncio.gather(one.post(f"{USERS}/{second.id}/erase"), other.post(f"{USERS}/{first.id}/erase"))
    done, refused = sorted(answer.status_code for answer in answers)
    assert done == 200
    assert refused in {401, 409}
    assert held(database_url, first, company)[0] + held(database_url, second, company)[0] == 1


def test_an_erased_name_can_be_nobody_s_by_choice() -> None:
    assert re.fullmatch(USER_NAME, erased_name(17)) is None
