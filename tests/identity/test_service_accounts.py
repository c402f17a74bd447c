"""Service accounts: programs of one company, which call with keys and never sign in."""

import httpx
import pytest

from tests.identity.make import audited, bearer, set_place, sign_in, somebody
from tests.kernel.http.make import fields, problem
from tests.make import Person

ACCOUNTS = "/api/v1/service-accounts"
KEYS = "/api/v1/api-keys"
LINES = "/api/v1/plant-ops/lines"


async def make_account(client: httpx.AsyncClient, *roles: str, **more: object) -> dict[str, object]:
    answer = await client.post(ACCOUNTS, json={"name": "Gateway", "roles": list(roles) or ["integration"]} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    assert answer.headers["location"] == f"{ACCOUNTS}/{made['id']}"
    return made


async def key_of(client: httpx.AsyncClient, account: dict[str, object], *permissions: str) -> dict[str, str]:
    body = {"name": "K", "permissions": list(permissions) or ["plant.read"], "service_account_id": account["id"]}
    answer = await client.post(KEYS, json=body)
    assert answer.status_code == 201, answer.text
    return {"X-API-Key": answer.json()["key"]}


@pytest.fixture
async def keeper(client: httpx.AsyncClient, database_url: str, password_hash: str) -> Person:
    """Somebody who manages keys and reads the plant, and nothing else."""
    await client.post(
        "/api/v1/roles",
        json={"name": "keepers", "permissions": ["identity.manage_keys", "identity.change_self", "plant.read"]},
    )
    person = somebody(database_url, password_hash, "demo")
    set_place(database_url, person, roles=["keepers"])
    return person


async def test_a_program_acts_with_its_key_as_its_roles_allow_until_it_is_deactivated(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    account = await make_account(client)
    key = await key_of(client, account)
    assert (await anonymous_client.get(LINES, headers=key)).status_code == 200
    problem(await anonymous_client.post(LINES, json={"line_number": "L", "name": "L"}, headers=key), 403)
    address = f"{ACCOUNTS}/{account['id']}"
    assert (await client.post(f"{address}/deactivate")).json()["is_active"] is False
    problem(await anonymous_client.get(LINES, headers=key), 401)
    body = {"name": "K", "permissions": ["plant.read"], "service_account_id": account["id"]}
    assert problem(await client.post(KEYS, json=body), 409)["code"] == "identity.service_account_inactive"
    change = {"is_active": True, "name": "Scales", "sites": ["north"]}
    assert (await client.patch(address, json=change)).json()["name"] == "Scales"
    assert (await anonymous_client.get(LINES, headers=key)).status_code == 200


async def test_taking_a_role_from_a_program_narrows_its_keys_at_once(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    account = await make_account(client, "supervisor")
    key = await key_of(client, account, "plant.configure", "plant.read")
    made = await anonymous_client.post(LINES, json={"line_number": "S-1", "name": "L"}, headers=key)
    assert made.status_code == 201
    await client.patch(f"{ACCOUNTS}/{account['id']}", json={"roles": ["viewer"]})
    problem(await anonymous_client.post(LINES, json={"line_number": "S-2", "name": "L"}, headers=key), 403)


async def test_a_removed_service_account_takes_its_keys_along(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str
) -> None:
    account = await make_account(client)
    key = await key_of(client, account)
    assert (await client.delete(f"{ACCOUNTS}/{account['id']}")).status_code == 204
    problem(await anonymous_client.get(LINES, headers=key), 401)
    problem(await client.get(f"{ACCOUNTS}/{account['id']}"), 404)
    told = audited(database_url, "demo", str(account["id"]))
    assert (told[0], told[-1]) == ("service_account.created", "service_account.removed")


async def test_a_program_is_no_person_and_does_not_sign_in(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    account = await make_account(client)
    problem(await client.get(f"/api/v1/users/{account['id']}"), 404)
    problem(await sign_in(anonymous_client, "Gateway"), 401)
    listed = (await client.get(ACCOUNTS, params={"search": "gate", "role": "integration"})).json()
    assert account["id"] in {each["id"] for each in listed["results"]}


async def test_nobody_sets_up_or_manages_a_program_that_holds_more_than_they_do(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, keeper: Person
) -> None:
    wider = await make_account(client, "manager")
    body = {"name": "G", "roles": ["manager"]}
    problem(await anonymous_client.post(ACCOUNTS, json=body, headers=bearer(keeper)), 403)
    for method, path, change in (
        ("PATCH", "", {"name": "X"}),
        ("POST", "/deactivate", None),
        ("DELETE", "", None),
    ):
        address = f"{ACCOUNTS}/{wider['id']}{path}"
        answer = await anonymous_client.request(method, address, json=change, headers=bearer(keeper))
        assert problem(answer, 403)["code"] == "identity.raises_rights"
    key = {"name": "K", "permissions": ["plant.read"], "service_account_id": wider["id"]}
    problem(await anonymous_client.post(KEYS, json=key, headers=bearer(keeper)), 403)


async def test_a_service_account_belongs_to_one_company(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient
) -> None:
    account = await make_account(akron_client)
    for method, path in (("PATCH", ""), ("POST", "/deactivate")):
        problem(await client.request(method, f"{ACCOUNTS}/{account['id']}{path}", json={"name": "X"}), 404)
    body = {"name": "K", "permissions": ["plant.read"], "service_account_id": account["id"]}
    problem(await client.post(KEYS, json=body), 404)
    problem(await client.put(f"/api/v1/users/{account['id']}/roles", json={"roles": ["viewer"]}), 404)


@pytest.mark.parametrize("field", ["kind", "tenant", "permissions", "username"])
async def test_unknown_fields_are_refused(client: httpx.AsyncClient, field: str) -> None:
    body = {"name": "G", "roles": ["viewer"], field: "person"}
    assert fields(await client.post(ACCOUNTS, json=body)) == {field}
