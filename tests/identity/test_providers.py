"""Identity providers as a company sets them up."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from foodflow.kernel import credentials
from foodflow.kernel.openid_connect import OpenIdConnect
from foodflow.kernel.outside_sites import is_private_host
from foodflow.settings import Settings
from tests.conftest import ClientOf
from tests.identity import provider as providers
from tests.identity.provider import Provider
from tests.kernel.http.make import fields, problem
from tests.make import Person

PROVIDERS = "/api/v1/identity-providers"
SECRET = "a secret that nobody is shown"


@pytest.fixture(scope="module")
def provider_server() -> Iterator[Provider]:
    provider, server = providers.start()
    yield provider
    server.shutdown()
    server.server_close()


@pytest.fixture
def provider(provider_server: Provider) -> Provider:
    provider_server.reset()
    return provider_server


def said(provider: Provider, **others: object) -> dict[str, object]:
    name = f"Works {uuid4().hex}"
    return {"name": name, "issuer": provider.issuer, "client_id": "foodflow", "client_secret": SECRET, **others}


async def test_an_administrator_sets_up_changes_and_removes_a_provider(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, provider: Provider
) -> None:
    given = said(provider)
    made = await client.post(PROVIDERS, json=given)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    shown = made.json()
    assert (await client.get(path)).json() == shown
    assert {name: shown[name] for name in ("name", "issuer", "client_id")} == {
        name: given[name] for name in ("name", "issuer", "client_id")
    }
    assert (shown["is_active"], shown["has_client_secret"]) == (True, True)
    assert shown["redirect_uri"] == "http://127.0.0.1:8000/api/v1/auth/oidc/callback"
    changed = await client.patch(path, json={"name": shown["name"] + "!", "client_secret": None})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["has_client_secret"], changed.json()["is_active"]) == (False, True)
    assert changed.json()["version"] == shown["version"] + 1
    listed = (await client.get(PROVIDERS, params={"search": shown["name"]})).json()
    assert (listed["count"], listed["results"]) == (1, [changed.json()])
    assert (await akron_client.get(PROVIDERS, params={"search": shown["name"]})).json()["count"] == 0
    assert (await akron_client.patch(path, json={"is_active": False})).status_code == 404
    assert (await client.delete(path)).status_code == 204
    problem(await client.get(path), 404)


async def test_the_secret_is_sealed_and_shown_nowhere(
    client: httpx.AsyncClient, app: FastAPI, database_url: str, provider: Provider
) -> None:
    made = await client.post(PROVIDERS, json=said(provider))
    changed = await client.patch(made.headers["location"], json={"client_secret": SECRET + "!"})
    answers = [made, changed, await client.get(PROVIDERS), await client.get("/api/v1/audit-entries")]
    assert not any(SECRET in answer.text for answer in answers)
    with psycopg.connect(database_url) as connection:
        find = "SELECT sealed_client_secret FROM platform.identity_providers WHERE id = %s"
        row = connection.execute(find, [made.json()["id"]]).fetchone()
    assert row is not None
    assert SECRET.encode() not in row[0]
    assert app.state.sealer.open(row[0]) == f"{SECRET}!".encode()


async def test_only_who_manages_the_company_sees_its_providers(
    client: httpx.AsyncClient, client_of: ClientOf, provider: Provider
) -> None:
    made = await client.post(PROVIDERS, json=said(provider))
    for role in ("manager", "viewer"):
        other = client_of(role)
        problem(await other.get(PROVIDERS), 403)
        problem(await other.post(PROVIDERS, json=said(provider)), 403)
        problem(await other.patch(made.headers["location"], json={"is_active": False}), 403)
        problem(await other.delete(made.headers["location"]), 403)


async def test_a_name_is_taken_once_in_each_company(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, provider: Provider
) -> None:
    given, other = said(provider), said(provider)
    assert (await client.post(PROVIDERS, json=given)).status_code == 201
    assert problem(await client.post(PROVIDERS, json=given), 409)["code"] == "identity.provider_name_taken"
    path = (await client.post(PROVIDERS, json=other)).headers["location"]
    assert (
        problem(await client.patch(path, json={"name": given["name"]}), 409)["code"] == "identity.provider_name_taken"
    )
    assert (await akron_client.post(PROVIDERS, json=given)).status_code == 201


async def test_a_change_of_what_somebody_else_has_changed_is_refused(
    client: httpx.AsyncClient, provider: Provider
) -> None:
    made = await client.post(PROVIDERS, json=said(provider))
    path, seen = made.headers["location"], {"If-Match": made.headers["etag"]}
    assert (await client.patch(path, json={"is_active": False}, headers=seen)).status_code == 200
    problem(await client.patch(path, json={"is_active": True}, headers=seen), 412)
    problem(await client.delete(path, headers=seen), 412)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://login.example"},
        {"issuer": "https://user:password@login.example"},
        {"issuer": "https://login.example?tenant=1"},
        {"issuer": "https://login.example#there"},
        {"issuer": "file:///etc/passwd"},
        {"issuer": "login.example"},
        {"name": ""},
        {"client_id": "with space"},
        {"client_secret": ""},
        {"client_secret": "not a letter of ASCII: é"},
        {"is_active": True},
        {"tenant": "akron"},
    ],
    ids=str,
)
async def test_what_no_provider_can_be_is_refused_by_name(
    client: httpx.AsyncClient, provider: Provider, change: dict[str, object]
) -> None:
    assert fields(await client.post(PROVIDERS, json=said(provider, **change))) == set(change)
    assert not provider.asked


async def test_the_issuer_of_a_provider_stays(client: httpx.AsyncClient, provider: Provider) -> None:
    path = (await client.post(PROVIDERS, json=said(provider))).headers["location"]
    assert fields(await client.patch(path, json={"issuer": "https://login.example"})) == {"issuer"}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"issuer": "https://another.example"}, "another issuer"),
        ({"token_endpoint": None}, "does not say where"),
        ({"jwks_uri": "http://login.example/keys"}, "not https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "not https"),
    ],
    ids=str,
)
async def test_a_provider_that_does_not_answer_as_one_is_not_set_up(
    client: httpx.AsyncClient, provider: Provider, document: dict[str, object], told: str
) -> None:
    provider.discovery |= document
    refused = await client.post(PROVIDERS, json=said(provider))
    assert fields(refused) == {"issuer"}
    assert told in refused.json()["detail"]


async def test_where_nobody_answers_no_provider_is_set_up(client: httpx.AsyncClient, provider: Provider) -> None:
    unused = said(provider, issuer=provider.issuer + "/nobody")
    provider.published["/nobody" + providers.DISCOVERY] = b"<html>"
    nowhere = said(provider, issuer="http://127.0.0.1:9")
    for given in (unused, nowhere):
        assert fields(await client.post(PROVIDERS, json=given)) == {"issuer"}


async def test_an_installation_in_the_public_network_asks_nobody_in_its_own(
    app: FastAPI, client: httpx.AsyncClient, provider: Provider, settings: Settings
) -> None:
    at_home = app.state.openid
    app.state.openid = OpenIdConnect(settings.model_copy(update={"url": "https://foodflow.example"}))
    try:
        refused = await client.post(PROVIDERS, json=said(provider))
    finally:
        app.state.openid = at_home
    assert fields(refused) == {"issuer"}
    assert "not in the public network" in refused.json()["detail"]
    assert not provider.asked


def test_private_is_this_machine_or_an_address_of_a_private_network() -> None:
    private = ["localhost", "127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "fd00::1"]
    public = ["foodflow.example", "8.8.8.8", "localhost.example", "2a00::1", ""]
    assert [host for host in (*private, *public) if is_private_host(host)] == private


async def test_a_program_sets_up_no_providers_and_links_nobody(
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    people: dict[tuple[str, str], Person],
    provider: Provider,
) -> None:
    administrator = people["demo", "administrator"].id
    key = {"X-API-Key": api_key(database_url, administrator)}
    refused = await anonymous_client.post(PROVIDERS, json=said(provider), headers=key)
    assert problem(refused, 403)["code"] == "identity.key_may_not"
    somebody_at = {"issuer": provider.issuer, "subject": "x"}
    path = f"/api/v1/users/{administrator}/external-identities"
    linked = await anonymous_client.post(path, json=somebody_at, headers=key)
    assert problem(linked, 403)["code"] == "identity.key_may_not"


def api_key(url: str, user_id: int) -> str:
    secret, digest = credentials.new_secret()
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO platform.api_keys"
            " (id, tenant, user_id, name, prefix, secret_hash, permissions, created_by, created_at)"
            " VALUES (gen_random_uuid(), 'demo', %s, 'gateway', 'abcdefgh', %s, '{*}', 'user:1', now())",
            [user_id, digest],
        )
    return f"ff_abcdefgh_{secret}"
