"""Signing in: for one company at a time, and without telling strangers who is known here."""

import asyncio

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from foodflow.identity.public import people, signing_in
from foodflow.identity.public.proving import Entered, check_password
from foodflow.identity.public.signing_in import SESSION_COOKIE, Caller
from foodflow.identity.rules import credentials as rules
from foodflow.identity.rules import roles
from foodflow.kernel import credentials
from foodflow.kernel.db import Database
from foodflow.kernel.errors import Invalid
from tests.identity.make import TOKEN, USER, browser, claims, refresh, sign_in, signed, somebody, user
from tests.kernel.http.make import fields, problem
from tests.make import PASSWORD, Person

LINES = "/api/v1/plant-ops/lines"


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo")


@pytest.fixture
def of_two(database_url: str, password_hash: str) -> Person:
    """Somebody of both companies."""
    return somebody(database_url, password_hash, "demo", "akron", role="administrator")


def told(answer: httpx.Response) -> dict[str, object]:
    """All that a refusal tells, less what is different each time."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"x-request-id", "ratelimit"}}
    return {"status": answer.status_code, "headers": headers} | problem(answer, 401) | {"request_id": ""}


async def company(client: httpx.AsyncClient, answer: httpx.Response) -> str:
    return str((await user(client, answer.json()["access_token"])).json()["company"]["slug"])


async def test_an_unknown_name_a_wrong_password_and_a_closed_account_look_the_same(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, password_hash: str
) -> None:
    closed = somebody(database_url, password_hash, "demo")
    homeless = somebody(database_url, password_hash)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE platform.users SET is_active = false WHERE id = %s", [closed.id])
    answers = [
        await sign_in(anonymous_client, person.username, PASSWORD + "x"),
        await sign_in(anonymous_client, "nobody-of-this-name"),
        await sign_in(anonymous_client, closed.username),
        await sign_in(anonymous_client, homeless.username),
        await sign_in(anonymous_client, person.username, **{"X-Tenant": "akron"}),
        await sign_in(anonymous_client, person.username, **{"X-Tenant": "nowhere"}),
    ]
    assert [told(answer) for answer in answers] == [told(answers[0])] * len(answers)
    assert problem(answers[0], 401)["code"] == "identity.bad_credentials"


async def test_the_work_of_checking_is_done_for_unknown_names_too() -> None:
    assert not await credentials.password_matches(None, PASSWORD)
    assert credentials._nobodys_hash().split("$")[:4] == credentials.hash_password(PASSWORD).split("$")[:4]


async def test_a_name_is_known_in_any_case_and_with_spaces_around(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    assert (await sign_in(anonymous_client, f" {person.username.upper()} ")).status_code == 200


async def test_a_person_signs_in_with_their_mail_address_too(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE platform.users SET email = username || '@demo.test' WHERE id = %s", [person.id])
    assert (await sign_in(anonymous_client, f"{person.username}@Demo.test")).status_code == 200


@pytest.mark.parametrize(
    "password",
    [
        "  between spaces  ",
        "pässwörd 🍅 ünïcode",
        "xylophone marmalade " * 12 + "quartz and blue ",
        "'; DROP TABLE users; --",
    ],
)
async def test_a_password_is_taken_as_it_was_typed(
    anonymous_client: httpx.AsyncClient, database: Database, password: str
) -> None:
    username = f"administrator-{len(password)}-{password[2].encode().hex()}"
    assert await people.ensure_administrator(database, tenant="demo", username=username, password=password)
    assert (await sign_in(anonymous_client, username, password)).status_code == 200
    assert (await sign_in(anonymous_client, username, password.strip(" a") + "x")).status_code == 401


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"username", "password"}),
        ({"username": "a"}, {"password"}),
        ({"username": " ", "password": ""}, {"username", "password"}),
        ({"username": "a" * 255, "password": "b"}, {"username"}),
        ({"username": "a", "password": "b" * 257}, {"password"}),
        ({"username": "a", "password": 1}, {"password"}),
        ({"username": "a\0", "password": "b\0"}, {"username", "password"}),
        ({"username": "a", "password": "b", "remember": True}, {"remember"}),
    ],
)
async def test_what_is_no_name_and_password_is_invalid(
    anonymous_client: httpx.AsyncClient, body: dict[str, object], wrong: set[str]
) -> None:
    assert fields(await anonymous_client.post(TOKEN, json=body)) == wrong


async def test_who_belongs_to_several_companies_names_one_or_comes_to_the_default_one(
    anonymous_client: httpx.AsyncClient, of_two: Person
) -> None:
    for headers, expected in (({}, "demo"), ({"X-Tenant": "demo"}, "demo"), ({"X-Tenant": "akron"}, "akron")):
        answer = await sign_in(anonymous_client, of_two.username, **headers)
        assert await company(anonymous_client, answer) == expected


async def test_who_belongs_to_one_company_comes_to_it_without_naming_it(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    elsewhere = somebody(database_url, password_hash, "akron")
    assert await company(anonymous_client, await sign_in(anonymous_client, elsewhere.username)) == "akron"


async def test_somebody_of_several_companies_names_the_one_that_a_call_is_for(
    anonymous_client: httpx.AsyncClient, of_two: Person
) -> None:
    given = (await sign_in(anonymous_client, of_two.username, **{"X-Tenant": "akron"})).json()
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    for named in ("demo", "akron"):
        shown = await anonymous_client.get(USER, headers=bearer | {"X-Tenant": named})
        assert shown.json()["company"]["slug"] == named
    assert (await anonymous_client.get(USER, headers=bearer)).json()["company"]["slug"] == "akron"
    again = await refresh(anonymous_client, given["refresh_token"])
    assert await company(anonymous_client, again) == "akron"


@pytest.mark.parametrize("named", ["akron", "nowhere", "", "demo'"])
async def test_a_company_that_somebody_is_not_part_of_is_refused_whether_it_exists_or_not(
    anonymous_client: httpx.AsyncClient, person: Person, named: str
) -> None:
    headers = {"Authorization": f"Bearer {signed(claims(person) | {'amr': ['pwd']})}", "X-Tenant": named}
    assert problem(await anonymous_client.get(USER, headers=headers), 403)["code"] == "identity.other_company"


async def test_whoever_was_vouched_for_by_others_stays_in_the_company_that_they_were_vouched_for(
    anonymous_client: httpx.AsyncClient, of_two: Person
) -> None:
    headers = {"Authorization": f"Bearer {signed(claims(of_two) | {'amr': ['oidc']})}"}
    assert (await anonymous_client.get(USER, headers=headers)).status_code == 200
    problem(await anonymous_client.get(USER, headers=headers | {"X-Tenant": "akron"}), 403)


def test_who_belongs_to_several_companies_but_not_to_the_default_one_is_asked_which() -> None:
    with pytest.raises(rules.CompanyNotNamed, match="akron, byron"):
        rules.choose_company(["byron", "akron"], None, "demo")


async def test_a_cookie_reads_and_does_nothing_else_by_itself(
    anonymous_client: httpx.AsyncClient, database: Database, of_two: Person
) -> None:
    secret = await browser(database, of_two, "akron")
    cookie = {"Cookie": f"{SESSION_COOKIE}={secret}"}
    shown = await anonymous_client.get(USER, headers=cookie)
    assert (shown.status_code, shown.json()["company"]["slug"]) == (200, "akron")
    line = {"line_number": "L-1", "name": "Filling"}
    problem(await anonymous_client.post(LINES, json=line, headers=cookie), 403)
    problem(await anonymous_client.delete(f"{LINES}/00000000-0000-7000-8000-000000000000", headers=cookie), 403)
    assert (await anonymous_client.get(LINES, headers=cookie)).json()["count"] == 0


async def test_a_bad_token_is_not_made_good_by_a_cookie(
    anonymous_client: httpx.AsyncClient, database: Database, person: Person
) -> None:
    secret = await browser(database, person, "demo")
    headers = {"Cookie": f"{SESSION_COOKIE}={secret}", "Authorization": "Bearer x"}
    problem(await anonymous_client.get(USER, headers=headers), 401)


async def test_a_session_ends_when_its_owner_ends_it_or_its_time_is_over(
    anonymous_client: httpx.AsyncClient, database: Database, database_url: str, person: Person
) -> None:
    secrets = [await browser(database, person, "demo") for _ in range(2)]
    cookies = [{"Cookie": f"{SESSION_COOKIE}={secret}"} for secret in secrets]
    await signing_in.end_browser_session(database, secrets[0])
    await signing_in.end_browser_session(database, secrets[0])
    assert [(await anonymous_client.get(USER, headers=each)).status_code for each in cookies] == [401, 200]
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE platform.tokens SET expires_at = now() WHERE user_id = %s", [person.id])
    problem(await anonymous_client.get(USER, headers=cookies[1]), 401)


@pytest.mark.parametrize("cookie", ["", "x", '"', "a" * 4000, "a\u00e4"])
async def test_a_cookie_that_nobody_gave_out_is_refused(anonymous_client: httpx.AsyncClient, cookie: str) -> None:
    headers = {b"cookie": f"{SESSION_COOKIE}={cookie}".encode("latin-1")}
    problem(await anonymous_client.get(USER, headers=headers), 401)


async def test_many_who_sign_in_at_once_all_come_in(anonymous_client: httpx.AsyncClient, person: Person) -> None:
    answers = await asyncio.gather(*(sign_in(anonymous_client, person.username) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_the_first_administrator_is_made_once_and_keeps_their_password(
    anonymous_client: httpx.AsyncClient, database: Database
) -> None:
    first = "the first password"
    for tenant, password, created in (("demo", first, True), ("demo", "another one", False), ("akron", first, False)):
        made = await people.ensure_administrator(database, tenant=tenant, username=" First ", password=password)
        assert made is created
    for headers, expected in (({}, "demo"), ({"X-Tenant": "akron"}, "akron")):
        answer = await sign_in(anonymous_client, "first", first, **headers)
        assert await company(anonymous_client, answer) == expected
    problem(await sign_in(anonymous_client, "first", "another one"), 401)


@pytest.mark.parametrize("password", ["short", "a" * 257])
async def test_a_password_too_short_or_too_long_is_refused(database: Database, password: str) -> None:
    with pytest.raises(Invalid, match="password"):
        await people.ensure_administrator(database, tenant="demo", username="nobody-yet", password=password)


def test_roles_add_up_and_unknown_ones_give_nothing() -> None:
    assert roles.permissions_of(["viewer", "integration"]) >= {"plant.read", "plant.record"}
    assert roles.permissions_of(["nonsense"]) == frozenset()
    assert roles.permissions_of([]) == frozenset()


async def test_a_token_of_a_person_says_nothing_that_the_person_may_not_know(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    shown = (await user(anonymous_client, signed(claims(person)))).text
    assert "argon2" not in shown
    assert "password" not in shown


async def test_whoever_is_overtaken_by_a_new_password_does_not_come_in_with_the_old_one(
    database: Database, database_url: str, person: Person
) -> None:
    signed_in = (await check_password(database, Entered(person.username, PASSWORD), Caller(), default="demo")).signed_in
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE platform.users SET password_changed_at = now() WHERE id = %s", [person.id])
    with pytest.raises(rules.BadCredentials):
        await signing_in.begin_browser_session(database, signed_in, Caller())
    signed_in = (await check_password(database, Entered(person.username, PASSWORD), Caller(), default="demo")).signed_in
    assert (await signing_in.begin_browser_session(database, signed_in, Caller())).secret


async def test_the_log_of_a_call_says_who_called_and_from_where(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    with capture_logs() as logs:
        await user(anonymous_client, signed(claims(person)))
        await user(anonymous_client, "nonsense")
    known, unknown = [entry for entry in logs if entry["event"] == "request"]
    assert (known["actor"], known["company"], known["address"]) == (f"user:{person.id}", "demo", "127.0.0.1")
    assert unknown["address"] == "127.0.0.1"
    assert "actor" not in unknown
