"""API keys: shown once, no wider than their maker and owner, and ended at once."""

from datetime import timedelta

import httpx
import psycopg
import pytest

from foodflow.kernel import clock
from tests.identity.make import bearer, set_place, somebody
from tests.kernel.http.make import fields, problem
from tests.make import PASSWORD, Person

KEYS = "/api/v1/api-keys"
LINES = "/api/v1/plant-ops/lines"


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo", role="supervisor")


async def make_key(
    client: httpx.AsyncClient, headers: dict[str, str], *permissions: str, **more: object
) -> httpx.Response:
    body = {"name": "Scales", "permissions": list(permissions) or ["plant.read"]} | more
    return await client.post(KEYS, json=body, headers=headers)


async def given_key(client: httpx.AsyncClient, headers: dict[str, str], *permissions: str) -> dict[str, str]:
    answer = await make_key(client, headers, *permissions)
    assert answer.status_code == 201, answer.text
    return {"X-API-Key": answer.json()["key"]}


async def test_a_key_is_shown_once_and_kept_as_a_hash(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    answer = await make_key(anonymous_client, bearer(person))
    made = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert made["key"].startswith(f"ff_{made['prefix']}_")
    assert (made["owner_id"], made["created_by"]) == (person.id, f"user:{person.id}")
    shown = (await anonymous_client.get(answer.headers["location"], headers=bearer(person))).json()
    assert shown == {name: value for name, value in made.items() if name != "key"}
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT k::text FROM platform.api_keys k WHERE id = %s", [made["id"]]).fetchone()
        connection.execute("SET ROLE t_demo")
        trail = connection.execute("SELECT string_agg(details::text, '') FROM t_demo.audit_entries").fetchone()
    secret = made["key"].rpartition(f"{made['prefix']}_")[2]
    assert row is not None
    assert trail is not None
    assert secret not in row[0]
    assert secret not in trail[0]


async def test_a_key_may_what_was_asked_for_and_its_last_use_is_shown(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    answer = await make_key(anonymous_client, bearer(person))
    key = {"X-API-Key": answer.json()["key"]}
    assert answer.json()["last_used_at"] is None
    assert (await anonymous_client.get(LINES, headers=key)).status_code == 200
    problem(await anonymous_client.post(LINES, json={"line_number": "K", "name": "K"}, headers=key), 403)
    shown = await anonymous_client.get(answer.headers["location"], headers=bearer(person))
    assert shown.json()["last_used_at"] is not None


@pytest.mark.parametrize("wider", ["identity.manage_people", "plant.*", "identity.*"])
async def test_nobody_makes_a_key_wider_than_themselves(
    anonymous_client: httpx.AsyncClient, person: Person, wider: str
) -> None:
    refused = await make_key(anonymous_client, bearer(person), "plant.read", wider)
    assert problem(refused, 403)["code"] == "identity.raises_rights"


@pytest.mark.parametrize("permission", ["*", "platform.manage_companies", "plant.fly"])
async def test_what_no_company_can_give_no_key_holds(client: httpx.AsyncClient, permission: str) -> None:
    assert fields(await make_key(client, {}, permission)) == {"permissions"}


async def test_a_key_makes_no_key_that_is_wider_or_lasts_longer_than_itself(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    until = (clock.now() + timedelta(days=2)).isoformat()
    first = await make_key(
        anonymous_client, bearer(person), "plant.read", "identity.change_self", "identity.read_self", expires_at=until
    )
    key = {"X-API-Key": first.json()["key"]}
    problem(await make_key(anonymous_client, key, "plant.record"), 403)
    second = await make_key(anonymous_client, key)
    assert second.json()["expires_at"] == first.json()["expires_at"]
    later = (clock.now() + timedelta(days=300)).isoformat()
    assert (await make_key(anonymous_client, key, expires_at=later)).json()["expires_at"] == until.replace(
        "+00:00", "Z"
    )


async def test_a_key_does_what_programs_do_and_nothing_that_people_do(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    administrator = somebody(database_url, password_hash, "demo", role="administrator")
    other = somebody(database_url, password_hash, "demo")
    key = await given_key(anonymous_client, bearer(administrator), "identity.*", "plant.*", "live.*", "events.*")
    users, own = f"/api/v1/users/{other.id}", f"/api/v1/users/{administrator.id}"
    passwords = {"current_password": PASSWORD, "new_password": "three words unlike each other"}
    for method, path, body in (
        ("POST", "/api/v1/auth/password/change", passwords),
        ("PUT", f"{users}/roles", {"roles": ["viewer"]}),
        ("PUT", f"{users}/scope", {"sites": None, "teams": []}),
        ("POST", f"{users}/reset-second-factor", None),
        ("POST", f"{users}/send-password-reset", None),
        ("PATCH", users, {"email": "x@evil.test"}),
        ("PATCH", own, {"email": "x@evil.test", "current_password": PASSWORD}),
        ("DELETE", own, None),
        ("POST", "/api/v1/invitations", {"email": "x@evil.test", "roles": ["viewer"]}),
        ("POST", "/api/v1/roles", {"name": "evil", "permissions": ["plant.read"]}),
        ("POST", "/api/v1/service-accounts", {"name": "evil", "roles": ["viewer"]}),
    ):
        answer = await anonymous_client.request(method, path, json=body, headers=key)
        assert problem(answer, 403)["code"] == "identity.key_may_not", path
    assert (await anonymous_client.get("/api/v1/users", headers=key)).status_code == 200


async def test_a_revoked_key_is_refused_at_the_next_request_and_its_streams_are_told(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    made = await make_key(anonymous_client, bearer(person))
    key, address = {"X-API-Key": made.json()["key"]}, made.headers["location"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("LISTEN foodflow_access")
        assert (await anonymous_client.delete(address, headers=bearer(person))).status_code == 204
        heard = [each.payload for each in connection.notifies(timeout=5, stop_after=1)]
    assert f"key:{made.json()['id']}" in heard[0]
    problem(await anonymous_client.get(LINES, headers=key), 401)
    problem(await anonymous_client.get(address, headers=bearer(person)), 404)
    problem(await anonymous_client.delete(address, headers=bearer(person)), 404)


async def test_people_see_and_end_their_own_keys_and_administrators_all(
    client: httpx.AsyncClient,
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    password_hash: str,
    person: Person,
) -> None:
    address = (await make_key(anonymous_client, bearer(person))).headers["location"]
    other = somebody(database_url, password_hash, "demo", role="manager")
    problem(await anonymous_client.get(address, headers=bearer(other)), 404)
    problem(await anonymous_client.delete(address, headers=bearer(other)), 404)
    assert (await anonymous_client.get(KEYS, headers=bearer(other))).json()["count"] == 0
    listed = await client.get(KEYS, params={"owner_id": person.id})
    assert [f"{KEYS}/{each['id']}" for each in listed.json()["results"]] == [address]
    assert (await client.delete(address)).status_code == 204


@pytest.mark.parametrize("end", [timedelta(seconds=-1), timedelta(days=5 * 365 + 1)])
async def test_a_key_ends_within_five_years(client: httpx.AsyncClient, end: timedelta) -> None:
    until = (clock.now() + end).isoformat()
    assert fields(await make_key(client, {}, expires_at=until)) == {"expires_at"}


async def test_a_key_ends_after_a_year_by_itself_and_is_refused_then(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    made = (await make_key(anonymous_client, bearer(person))).json()
    with psycopg.connect(database_url) as connection:
        query = "SELECT expires_at - created_at FROM platform.api_keys WHERE id = %s"
        assert connection.execute(query, [made["id"]]).fetchone() == (timedelta(days=365),)
        connection.execute("UPDATE platform.api_keys SET expires_at = now() WHERE id = %s", [made["id"]])
    problem(await anonymous_client.get(LINES, headers={"X-API-Key": made["key"]}), 401)


async def test_a_key_is_for_the_sites_of_its_owner_and_ends_with_their_place(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    key = await given_key(anonymous_client, bearer(person))
    set_place(database_url, person, roles=["integration"])
    assert (await anonymous_client.get(LINES, headers=key)).status_code == 200
    assert (await client.post(f"/api/v1/users/{person.id}/deactivate")).status_code == 200
    problem(await anonymous_client.get(LINES, headers=key), 401)


async def test_only_who_manages_keys_makes_one_for_a_program(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    account = (await client.post("/api/v1/service-accounts", json={"name": "G", "roles": ["viewer"]})).json()
    problem(await make_key(anonymous_client, bearer(person), service_account_id=account["id"]), 403)
    wider = await make_key(client, {}, "plant.record", service_account_id=account["id"])
    assert problem(wider, 403)["code"] == "identity.raises_rights"
