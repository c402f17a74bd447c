"""Roles that a company makes for itself: they hold no more than their maker, and work at the next request."""

import asyncio
from uuid import uuid4

import httpx
import psycopg
import pytest

from foodflow.identity.rules.roles import PERMISSIONS, ROLES, covers, narrow
from tests.identity.make import audited, bearer, set_place, somebody
from tests.kernel.http.make import fields, problem
from tests.make import Person

ROLES_PATH = "/api/v1/roles"
USERS = "/api/v1/users"
LINES = "/api/v1/plant-ops/lines"
LINE = {"line_number": "L-1", "name": "Filling"}


def role_name() -> str:
    return f"r{uuid4().hex}"


async def make_role(client: httpx.AsyncClient, *permissions: str, **more: str) -> httpx.Response:
    return await client.post(ROLES_PATH, json={"name": role_name(), "permissions": list(permissions)} | more)


@pytest.fixture
def maker(database_url: str, password_hash: str, client: httpx.AsyncClient) -> Person:
    """Somebody who may make roles, and little else, as soon as the role `role_makers` is there."""
    person = somebody(database_url, password_hash, "demo")
    set_place(database_url, person, roles=["role_makers"])
    return person


async def test_a_role_of_the_company_works_like_any_other(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    made = await make_role(client, "plant.read", "plant.record", description="Scales")
    assert (made.status_code, made.json()["is_built_in"], made.json()["version"]) == (201, False, 1)
    name = made.json()["name"]
    assert made.headers["location"] == f"{ROLES_PATH}/{name}"
    person = somebody(database_url, password_hash, "demo")
    answer = await client.put(f"{USERS}/{person.id}/roles", json={"roles": [name]})
    assert answer.json()["roles"] == [name]
    problem(await anonymous_client.post(LINES, json=LINE, headers=bearer(person)), 403)
    change = {"permissions": ["plant.*", "identity.read_self"]}
    assert (await client.patch(f"{ROLES_PATH}/{name}", json=change)).json()["version"] == 2
    made_line = await anonymous_client.post(LINES, json=LINE | {"line_number": name}, headers=bearer(person))
    assert made_line.status_code == 201
    assert problem(await client.delete(f"{ROLES_PATH}/{name}"), 409)["code"] == "identity.role_held"
    await client.put(f"{USERS}/{person.id}/roles", json={"roles": ["viewer"]})
    assert (await client.delete(f"{ROLES_PATH}/{name}")).status_code == 204
    problem(await client.get(f"{ROLES_PATH}/{name}"), 404)
    assert audited(database_url, "demo", name) == ["role.created", "role.changed", "role.removed"]


async def test_a_role_is_of_one_company(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    name = (await make_role(client, "plant.read")).json()["name"]
    person = somebody(database_url, password_hash, "akron")
    answer = await akron_client.put(f"{USERS}/{person.id}/roles", json={"roles": [name]})
    assert fields(answer) == {"roles"}
    for method in ("GET", "PATCH", "DELETE"):
        body = {"description": "x"} if method == "PATCH" else None
        problem(await akron_client.request(method, f"{ROLES_PATH}/{name}", json=body), 404)


async def test_nobody_makes_or_changes_a_role_that_holds_more_than_they_do(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, maker: Person
) -> None:
    held = ["identity.manage_roles", "identity.read_self", "plant.read"]
    made = await client.post(ROLES_PATH, json={"name": "role_makers", "permissions": held})
    assert made.status_code == 201
    higher = (await make_role(client, "plant.configure")).json()["name"]
    as_maker = bearer(maker)
    for wider in (["plant.configure"], ["plant.*"], ["identity.*"], ["identity.manage_keys", "plant.read"]):
        body = {"name": role_name(), "permissions": wider}
        refused = await anonymous_client.post(ROLES_PATH, json=body, headers=as_maker)
        assert problem(refused, 403)["code"] == "identity.raises_rights"
        own = await anonymous_client.patch(f"{ROLES_PATH}/role_makers", json={"permissions": wider}, headers=as_maker)
        problem(own, 403)
    narrower = {"permissions": ["plant.read"]}
    problem(await anonymous_client.patch(f"{ROLES_PATH}/{higher}", json=narrower, headers=as_maker), 403)
    problem(await anonymous_client.delete(f"{ROLES_PATH}/{higher}", headers=as_maker), 403)
    made = await anonymous_client.post(ROLES_PATH, json=narrower | {"name": role_name()}, headers=as_maker)
    assert made.status_code == 201


@pytest.mark.parametrize("permission", ["*", "platform.manage_companies", "platform.*", "plant.fly", "*.*", "plant"])
async def test_a_permission_that_no_company_can_give_is_invalid(client: httpx.AsyncClient, permission: str) -> None:
    assert fields(await make_role(client, permission)) == {"permissions"}


@pytest.mark.parametrize("name", ["", "A", "Ärzte", "a b", "a" * 51, "-a"])
async def test_a_name_is_short_and_plain(client: httpx.AsyncClient, name: str) -> None:
    assert fields(await make_role(client, "plant.read", name=name)) == {"name"}


async def test_a_name_is_taken_once_also_by_two_at_once(client: httpx.AsyncClient) -> None:
    assert problem(await make_role(client, "plant.read", name="viewer"), 409)["code"] == "identity.role_name_taken"
    name = role_name()
    answers = await asyncio.gather(*(make_role(client, "plant.read", name=name) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_what_every_company_has_is_shown_and_not_changed(client: httpx.AsyncClient) -> None:
    shown = (await client.get(ROLES_PATH)).json()
    assert [each["name"] for each in shown["results"] if each["is_built_in"]] == list(ROLES)
    assert shown["count"] == len(shown["results"])
    assert (await client.get(f"{ROLES_PATH}/viewer")).json()["is_built_in"] is True
    for method, body in (("PATCH", {"description": "x"}), ("DELETE", None)):
        answer = await client.request(method, f"{ROLES_PATH}/viewer", json=body)
        assert problem(answer, 409)["code"] == "identity.built_in_role"
    assert fields(await client.get(ROLES_PATH, params={"page": "1"})) == {"page"}


async def test_every_permission_is_listed_with_the_roles_that_hold_it(client: httpx.AsyncClient) -> None:
    shown = {each["name"]: each["roles"] for each in (await client.get("/api/v1/permissions")).json()["results"]}
    assert set(shown) == PERMISSIONS
    assert shown["identity.manage_keys"] == ["administrator"]
    assert {"administrator", "viewer"} <= set(shown["plant.read"])


async def test_a_change_is_told_to_all_open_streams_of_the_company(
    client: httpx.AsyncClient, database_url: str
) -> None:
    name = (await make_role(client, "plant.read")).json()["name"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("LISTEN foodflow_access")
        await client.patch(f"{ROLES_PATH}/{name}", json={"permissions": ["plant.record"]})
        heard = [each.payload for each in connection.notifies(timeout=5, stop_after=1)]
    assert heard == ['{"actor": "", "tenant": "demo", "credential": ""}']


def test_a_wildcard_is_covered_by_the_same_or_a_wider_one_and_holds_nothing_of_the_platform() -> None:
    assert covers(frozenset({"plant.*"}), "plant.read")
    assert covers(frozenset({"*"}), "plant.*")
    assert not covers(frozenset({"plant.read"}), "plant.*")
    assert not covers(frozenset({"plant.*"}), "*")
    assert not covers(frozenset({"*", "platform.*"}), "platform.manage_companies")
    assert narrow(frozenset({"*"}), ["plant.read", "platform.manage_companies"]) == {"plant.read"}
