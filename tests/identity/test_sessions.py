"""Stays: seen and ended by their owner alone, and over at once with everything that came out of them."""

from datetime import timedelta

import httpx
import psycopg
import pytest

from foodflow.identity.public.signing_in import SESSION_COOKIE
from tests.identity.make import REFRESH, SESSIONS, TOKEN, USER, Tab, audited, refresh, sign_in, somebody
from tests.kernel.http.make import fields, problem
from tests.make import PASSWORD, Person

REVOKE = "/api/v1/auth/token/revoke"


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo", "akron")


@pytest.fixture
async def tab(anonymous_client: httpx.AsyncClient, person: Person) -> Tab:
    tab = await Tab(anonymous_client).open()
    anonymous_client.headers["User-Agent"] = "Browser/1"
    await tab.sign_in(person.username)
    return tab


def bearer(given: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {given['access_token']}"}


async def app(client: httpx.AsyncClient, person: Person, **headers: str) -> dict[str, str]:
    given: dict[str, str] = (await sign_in(client, person.username, **headers)).json()
    return given


async def test_a_person_sees_where_they_are_signed_in(tab: Tab, person: Person) -> None:
    given = await app(tab.client, person, **{"User-Agent": "App/2"})
    listed = (await tab.client.get(SESSIONS)).json()
    assert listed["count"] == 2
    newer, older = listed["results"]
    told = {"kind": "browser", "company": "demo", "address": "127.0.0.1", "agent": "Browser/1", "current": True}
    assert older == older | told
    assert newer == newer | told | {"kind": "app", "agent": "App/2", "current": False}
    assert newer["created_at"] > older["created_at"]
    assert older["last_used_at"] >= older["created_at"]
    assert "secret" not in str(listed)
    seen_by_app = (await tab.client.get(SESSIONS, headers=bearer(given))).json()["results"]
    assert [each["current"] for each in seen_by_app] == [True, False]
    kept = (await refresh(tab.client, given["refresh_token"])).json()
    again = (await tab.client.get(SESSIONS, headers=bearer(kept))).json()
    assert (again["count"], again["results"][0]["id"]) == (2, newer["id"])
    assert again["results"][0]["created_at"] == newer["created_at"]


async def test_the_list_is_of_one_company_and_refuses_what_it_does_not_know(tab: Tab, person: Person) -> None:
    elsewhere = await app(tab.client, person, **{"X-Tenant": "akron"})
    assert (await tab.client.get(SESSIONS)).json()["count"] == 1
    theirs = (await tab.client.get(SESSIONS, headers=bearer(elsewhere))).json()["results"]
    assert [each["company"] for each in theirs] == ["akron"]
    problem(await tab.client.request("DELETE", f"{SESSIONS}/{theirs[0]['id']}", headers=csrf(tab)), 404)
    assert fields(await tab.client.get(f"{SESSIONS}?secret=1")) == {"secret"}


def csrf(tab: Tab) -> dict[str, str]:
    return {"X-CSRFToken": tab.token}


async def test_a_stay_that_is_ended_is_over_with_all_its_tokens(tab: Tab, person: Person, database_url: str) -> None:
    given, other = await app(tab.client, person), await app(tab.client, person)
    listed = (await tab.client.get(SESSIONS, headers=bearer(given))).json()["results"]
    id = next(each["id"] for each in listed if each["current"])
    assert (await tab.client.delete(f"{SESSIONS}/{id}", headers=csrf(tab))).status_code == 204
    problem(await tab.client.get(USER, headers=bearer(given)), 401)
    problem(await refresh(tab.client, given["refresh_token"]), 401)
    assert (await tab.client.get(USER, headers=bearer(other))).status_code == 200
    problem(await tab.client.delete(f"{SESSIONS}/{id}", headers=csrf(tab)), 404)
    assert audited(database_url, "demo", f"session:{id}") == ["session.began", "session.ended"]


async def test_a_stay_of_somebody_else_is_not_found(
    tab: Tab, client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    id = (await tab.client.get(SESSIONS)).json()["results"][0]["id"]
    colleague = somebody(database_url, password_hash, "demo", role="administrator")
    theirs = bearer(await app(client, colleague))
    assert (await tab.client.get(SESSIONS, headers=theirs)).json()["count"] == 1
    problem(await tab.client.delete(f"{SESSIONS}/{id}", headers=theirs), 404)
    assert (await tab.client.get(USER)).status_code == 200


async def test_ending_all_others_leaves_the_present_one(tab: Tab, person: Person) -> None:
    given = [await app(tab.client, person) for _ in range(2)]
    assert (await tab.post(f"{SESSIONS}/end-others")).json() == {"ended": 2}
    assert (await tab.client.get(USER)).status_code == 200
    for each in given:
        problem(await tab.client.get(USER, headers=bearer(each)), 401)


async def test_an_api_key_ends_no_stay(client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient) -> None:
    made = await client.post("/api/v1/api-keys", json={"name": "A", "permissions": ["identity.*"]})
    answer = await anonymous_client.post(f"{SESSIONS}/end-others", headers={"X-API-Key": made.json()["key"]})
    problem(answer, 403)


async def test_a_revoked_refresh_token_ends_its_stay_and_an_unknown_one_is_no_error(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    given = await app(anonymous_client, person)
    for token in (given["refresh_token"], given["refresh_token"], "nobody's", given["access_token"][:200]):
        revoked = await anonymous_client.post(REVOKE, json={"refresh_token": token})
        assert (revoked.status_code, revoked.json()) == (200, {})
    problem(await anonymous_client.get(USER, headers=bearer(given)), 401)
    problem(await anonymous_client.post(REFRESH, json={"refresh_token": given["refresh_token"]}), 401)


async def test_a_browser_that_asks_for_nothing_for_hours_is_signed_out(
    tab: Tab, person: Person, database_url: str
) -> None:
    for idle, status in ((timedelta(hours=3, minutes=59), 200), (timedelta(hours=4), 401)):
        with psycopg.connect(database_url) as connection:
            change = "UPDATE platform.tokens SET last_used_at = now() - %s WHERE user_id = %s"
            connection.execute(change, [idle, person.id])
        assert (await tab.client.get(USER)).status_code == status
    given = await app(tab.client, person)
    assert (await tab.client.get(SESSIONS, headers=bearer(given))).json()["count"] == 1


async def test_the_last_use_of_a_session_is_kept_to_the_minute(tab: Tab, person: Person, database_url: str) -> None:
    for age, moves in ((timedelta(seconds=50), False), (timedelta(seconds=70), True)):
        with psycopg.connect(database_url) as connection:
            change = "UPDATE platform.tokens SET last_used_at = now() - %s WHERE user_id = %s RETURNING last_used_at"
            (before,) = connection.execute(change, [age, person.id]).fetchone() or (None,)
        await tab.client.get(USER)
        with psycopg.connect(database_url) as connection:
            query = "SELECT last_used_at FROM platform.tokens WHERE user_id = %s"
            (after,) = connection.execute(query, [person.id]).fetchone() or (None,)
        assert (after > before) is moves


async def test_a_refresh_token_that_is_used_twice_is_told_in_the_trail(
    anonymous_client: httpx.AsyncClient, person: Person, database_url: str
) -> None:
    given = await app(anonymous_client, person)
    id = (await anonymous_client.get(SESSIONS, headers=bearer(given))).json()["results"][0]["id"]
    assert (await refresh(anonymous_client, given["refresh_token"])).status_code == 200
    problem(await refresh(anonymous_client, given["refresh_token"]), 401)
    assert audited(database_url, "demo", f"session:{id}") == ["session.began", "session.ended"]


async def test_a_program_learns_whom_its_key_acts_for(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    account = await client.post("/api/v1/service-accounts", json={"name": "Gateway 1", "roles": ["integration"]})
    assert account.status_code == 201, account.text
    wanted = {"name": "A", "service_account_id": account.json()["id"], "permissions": ["plant.record"]}
    key = (await client.post("/api/v1/api-keys", json=wanted)).json()["key"]
    shown = (await anonymous_client.get(USER, headers={"X-API-Key": key})).json()
    assert (shown["id"], shown["kind"]) == (account.json()["id"], "service")
    assert set(shown["permissions"]) == {"plant.record", "identity.who_am_i"}
    assert (await client.get(USER)).json()["kind"] == "person"


async def test_nobody_signs_in_as_a_service_account(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    account = await client.post("/api/v1/service-accounts", json={"name": "Gateway 2", "roles": ["integration"]})
    body = {"username": account.json().get("username", "Gateway 2"), "password": PASSWORD}
    problem(await anonymous_client.post(TOKEN, json=body), 401)
    assert SESSION_COOKIE not in anonymous_client.cookies
