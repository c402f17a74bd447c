"""Signing in with a company's identity provider, against a real one on this machine that can misbehave."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from foodflow.identity.public import providers as identity
from foodflow.kernel import outside_sites
from foodflow.kernel.openid_connect import OpenIdConnect
from foodflow.settings import Settings
from tests.conftest import ClientOf
from tests.identity import provider as providers
from tests.identity.make import USER, browser, somebody
from tests.identity.openid import CALLBACK, COOKIE, at_provider, change, email_of, links, refused, sign_in, start
from tests.identity.provider import CLIENT_ID, CLIENT_SECRET, Provider, rsa_key, sealed_with, unsigned
from tests.kernel.http.make import problem
from tests.make import Person

PROVIDERS = "/api/v1/identity-providers"


@pytest.fixture(scope="module")
def provider_server() -> Iterator[Provider]:
    """An OpenID provider that answers at a real address."""
    provider, server = providers.start()
    yield provider
    provider.held.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def provider(provider_server: Provider, app: FastAPI, settings: Settings) -> Provider:
    """The provider, behaving well and not known to the application yet."""
    provider_server.reset()
    app.state.openid = OpenIdConnect(settings)
    return provider_server


@pytest.fixture
async def provider_id(client: httpx.AsyncClient, provider: Provider) -> AsyncIterator[str]:
    """The provider as the company `demo` has set it up."""
    said = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    made = await client.post(PROVIDERS, json={"name": uuid4().hex, **said})
    assert made.status_code == 201, made.text
    provider.asked.clear()
    yield made.json()["id"]
    await client.patch(f"{PROVIDERS}/{made.json()['id']}", json={"is_active": False})


@pytest.fixture
def person(database_url: str, password_hash: str, provider: Provider) -> Person:
    """Somebody of `demo` whose address the provider vouches for."""
    person = somebody(database_url, password_hash, "demo")
    provider.claims |= {"sub": uuid4().hex, "email": email_of(person).upper(), "email_verified": True}
    change(database_url, "UPDATE platform.users SET email = %s WHERE id = %s", email_of(person), person.id)
    return person


async def test_whose_verified_address_a_member_has_is_signed_in_and_known_by_subject_from_then_on(
    anonymous_client: httpx.AsyncClient,
    client_of: ClientOf,
    provider: Provider,
    provider_id: str,
    person: Person,
) -> None:
    begun = await start(anonymous_client, provider_id, "/?line=1")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert "openid" in asked["scope"].split()
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, f"http://127.0.0.1:8000{CALLBACK}")
    assert re.search(r"HttpOnly.*; Max-Age=600; Path=/; SameSite=lax", begun.headers["set-cookie"])
    assert not any(asked[name] in begun.headers["set-cookie"] for name in ("state", "nonce"))
    back = await anonymous_client.get(CALLBACK, params=await at_provider(begun))
    assert (back.status_code, back.headers["location"]) == (303, "/?line=1")
    assert back.headers["cache-control"] == "no-store"
    assert "foodflow_sign_in" not in anonymous_client.cookies
    shown = (await anonymous_client.get(USER)).json()
    assert (shown["username"], shown["company"]["slug"]) == (person.username, "demo")
    provider.claims |= {"email": "another@example.test", "email_verified": False}
    again = client_of(None)
    assert (await sign_in(again, provider_id)).status_code == 303
    assert (await again.get(USER)).json()["username"] == person.username


async def test_a_stay_begun_with_one_companys_provider_opens_no_other_company(
    anonymous_client: httpx.AsyncClient, database_url: str, provider: Provider, provider_id: str, person: Person
) -> None:
    place = "INSERT INTO platform.memberships (user_id, tenant, roles, accepted_at, created_at)"
    change(database_url, f"{place} VALUES (%s, 'akron', '{{viewer}}', now(), now())", person.id)
    change(database_url, "UPDATE platform.users SET is_operator = true WHERE id = %s", person.id)
    await sign_in(anonymous_client, provider_id)
    shown = (await anonymous_client.get(USER)).json()
    assert shown["company"]["slug"] == "demo"
    assert not any(each.startswith("platform.") for each in shown["permissions"])
    other = await anonymous_client.get(USER, headers={"X-Tenant": "akron"})
    assert problem(other, 403)["code"] == "identity.other_company"


async def test_whoever_was_invited_accepts_by_signing_in(
    anonymous_client: httpx.AsyncClient, database_url: str, provider_id: str, person: Person
) -> None:
    change(database_url, "UPDATE platform.memberships SET accepted_at = NULL WHERE user_id = %s", person.id)
    change(
        database_url,
        "INSERT INTO platform.tokens (id, kind, family, secret_hash, user_id, tenant, created_at, expires_at)"
        " VALUES (gen_random_uuid(), 'invitation', gen_random_uuid(), %s, %s, 'demo', now(), now() + interval '1 day')",
        uuid4().bytes,
        person.id,
    )
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    assert (await anonymous_client.get(USER)).json()["username"] == person.username
    with psycopg.connect(database_url) as connection:
        found = "SELECT count(*) FROM platform.tokens WHERE user_id = %s AND kind = 'invitation' AND used_at IS NULL"
        assert connection.execute(found, [person.id]).fetchone() == (0,)


def signed_by(key: str, **header: str) -> Callable[[dict[str, Any]], str]:
    return lambda said: jwt.encode(said, rsa_key(key), "RS256", headers={"kid": "first", **header})


def sealed_with_public_key(said: dict[str, Any]) -> str:
    pem = rsa_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return sealed_with(pem, said, kid="first")


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "another audience": {"claims": {"aud": "another"}},
    "several audiences without us being meant": {"claims": {"aud": [CLIENT_ID, "another"]}},
    "another party": {"claims": {"azp": "another"}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "of tomorrow": {"claims": {"iat": 4_000_000_000, "exp": 4_000_000_300}},
    "another issuer": {"claims": {"iss": "https://another.example"}},
    "no subject": {"claims": {"sub": None}},
    "an empty subject": {"claims": {"sub": ""}},
    "another access token's hash": {"claims": {"at_hash": "AAAA"}},
    "unsigned": {"sign": unsigned},
    "sealed with the public key": {"sign": sealed_with_public_key},
    "sealed with the client's secret": {"sign": lambda said: sealed_with(CLIENT_SECRET.encode(), said)},
    "signed by another key": {"sign": signed_by("strange")},
    "no token at all": {"sign": lambda _: None},
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_cannot_be_verified_signs_nobody_in(
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    provider: Provider,
    provider_id: str,
    person: Person,
    lie: str,
) -> None:
    before = links(database_url)
    provider.claims |= LIES[lie].get("claims", {})
    provider.sign = LIES[lie].get("sign")
    refused(await sign_in(anonymous_client, provider_id), 403, "identity.bad_provider_answer")
    assert links(database_url) == before
    provider.sign, provider.claims = None, {"sub": uuid4().hex, "email": email_of(person), "email_verified": True}
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email": "stranger@example.test"},
        {"email": None},
        {"email": ""},
        {"email": ["a@example.test"]},
        {"email": "a\0@example.test"},
    ],
    ids=str,
)
async def test_a_stranger_or_an_address_that_was_not_verified_is_not_a_member(
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    provider: Provider,
    provider_id: str,
    person: Person,
    claims: dict[str, Any],
) -> None:
    before = links(database_url)
    provider.claims |= claims
    refused(await sign_in(anonymous_client, provider_id), 403, "identity.not_a_member")
    assert links(database_url) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE platform.users SET is_active = false WHERE id = %s",
        "UPDATE platform.memberships SET is_active = false WHERE user_id = %s",
        "UPDATE platform.memberships SET tenant = 'akron' WHERE user_id = %s",
    ],
)
@pytest.mark.parametrize("linked", [False, True])
async def test_whoever_is_not_active_in_the_company_is_not_signed_in(
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    provider_id: str,
    person: Person,
    statement: str,
    *,
    linked: bool,
) -> None:
    if linked:
        assert (await sign_in(anonymous_client, provider_id)).status_code == 303
        anonymous_client.cookies.clear()
    change(database_url, statement, person.id)
    refused(await sign_in(anonymous_client, provider_id), 403, "identity.not_a_member")


async def test_an_address_that_was_given_to_somebody_else_later_opens_nothing(
    anonymous_client: httpx.AsyncClient, client_of: ClientOf, provider: Provider, provider_id: str, person: Person
) -> None:
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    provider.claims["sub"] = "somebody new"
    refused(await sign_in(client_of(None), provider_id), 403, "identity.not_a_member")


async def test_only_the_browser_that_began_can_finish_and_only_once(
    anonymous_client: httpx.AsyncClient, client_of: ClientOf, provider: Provider, provider_id: str, person: Person
) -> None:
    provider.codes_hold = True
    other, victim = client_of(None), client_of(None)
    begun = await start(anonymous_client, provider_id)
    kept = dict(anonymous_client.cookies)
    given = await at_provider(begun)
    refused(await victim.get(CALLBACK, params=given), 400, "identity.sign_in_not_begun")
    await start(other, provider_id)
    refused(await other.get(CALLBACK, params=given), 400, "identity.sign_in_not_begun")
    for state in ("", "another", "ü"):
        wrong = await anonymous_client.get(CALLBACK, params=given | {"state": state})
        refused(wrong, 400, "identity.sign_in_not_begun")
    assert (await anonymous_client.get(CALLBACK, params=given)).status_code == 303
    victim.cookies.update(kept)
    refused(await victim.get(CALLBACK, params=given), 400, "identity.sign_in_not_begun")
    victim.cookies.update({"foodflow_sign_in": "made up"})
    refused(await victim.get(CALLBACK, params=given), 400, "identity.sign_in_not_begun")


async def test_a_code_is_taken_once_by_the_provider_and_belongs_to_who_began(
    anonymous_client: httpx.AsyncClient, client_of: ClientOf, provider: Provider, provider_id: str, person: Person
) -> None:
    attacker = client_of(None)
    given = await at_provider(await start(attacker, provider_id))
    own = await at_provider(await start(anonymous_client, provider_id))
    stolen = await anonymous_client.get(CALLBACK, params=own | {"code": given["code"]})
    refused(stolen, 403, "identity.bad_provider_answer")


async def test_an_attempt_ends_after_ten_minutes(
    anonymous_client: httpx.AsyncClient, provider_id: str, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert identity.ATTEMPT_SECONDS == 600
    monkeypatch.setattr(identity, "ATTEMPT_SECONDS", -1)
    given = await at_provider(begun := await start(anonymous_client, provider_id))
    kept = begun.headers["set-cookie"].partition(";")[0]
    late = await anonymous_client.get(CALLBACK, params=given, headers={"Cookie": kept})
    refused(late, 400, "identity.sign_in_not_begun")


async def test_the_answer_of_another_provider_is_refused(
    anonymous_client: httpx.AsyncClient, provider: Provider, provider_id: str, person: Person
) -> None:
    given = await at_provider(await start(anonymous_client, provider_id))
    mixed_up = await anonymous_client.get(CALLBACK, params=given | {"iss": "https://another.example"})
    refused(mixed_up, 403, "identity.bad_provider_answer")


async def test_a_provider_that_promises_to_name_itself_has_to(
    anonymous_client: httpx.AsyncClient, provider: Provider, provider_id: str, person: Person
) -> None:
    provider.discovery["authorization_response_iss_parameter_supported"] = True
    given = await at_provider(await start(anonymous_client, provider_id))
    silent = await anonymous_client.get(CALLBACK, params={name: given[name] for name in ("state", "code")})
    refused(silent, 403, "identity.bad_provider_answer")


async def test_what_a_provider_says_went_wrong_is_not_repeated(
    anonymous_client: httpx.AsyncClient, provider: Provider, provider_id: str
) -> None:
    given = await at_provider(await start(anonymous_client, provider_id))
    said = {"state": given["state"], "error": "<script>alert(1)</script>", "error_description": "call 555-0100"}
    answer = await anonymous_client.get(CALLBACK, params=said)
    refused(answer, 403, "identity.provider_refused")
    for raw in ("script", "555-0100"):
        assert raw not in answer.text


async def test_a_browser_is_told_on_a_page(anonymous_client: httpx.AsyncClient) -> None:
    navigation = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
    answer = await anonymous_client.get(CALLBACK, params={"state": "<b>x"}, headers=navigation)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "begin again" in answer.text
    assert "<b>x" not in answer.text


async def test_a_sign_in_leads_nowhere_else(
    anonymous_client: httpx.AsyncClient, provider_id: str, person: Person
) -> None:
    back = await sign_in(anonymous_client, provider_id, "//evil.example/")
    assert back.headers["location"] == "/"


async def test_whoever_begins_at_another_of_our_addresses_is_led_to_the_one_that_providers_lead_back_to(
    client_of: ClientOf, provider_id: str
) -> None:
    path, visitor = f"/api/v1/auth/oidc/{provider_id}/start", client_of(None)
    led = await visitor.get(path, params={"next": "/?line=1&x=2"}, headers={"Host": "localhost:8000"})
    assert led.headers["location"] == f"http://127.0.0.1:8000{path}?next=%2F%3Fline%3D1%26x%3D2&moved=true"
    assert not visitor.cookies
    there = await visitor.get(path, headers={"Host": "127.0.0.1:8000"})
    assert there.headers["location"].startswith("http://127.0.0.1:")
    assert "/authorize?" in there.headers["location"]


async def test_a_session_that_the_browser_brought_ends_and_a_new_one_begins(
    anonymous_client: httpx.AsyncClient,
    app: FastAPI,
    provider_id: str,
    person: Person,
    people: dict[tuple[str, str], Person],
) -> None:
    brought = await browser(app.state.database, people["demo", "viewer"], "demo")
    anonymous_client.cookies.set(COOKIE, brought, domain="foodflow.test", path="/")
    assert (await anonymous_client.get(USER)).status_code == 200
    back = await sign_in(anonymous_client, provider_id)
    assert back.cookies[COOKIE] != brought
    assert (await anonymous_client.get(USER)).json()["username"] == person.username
    anonymous_client.cookies.clear()
    anonymous_client.cookies.set(COOKIE, brought, domain="foodflow.test", path="/")
    assert (await anonymous_client.get(USER)).status_code == 401


async def test_over_https_the_cookie_can_be_set_by_no_other_host(
    app: FastAPI, provider_id: str, person: Person
) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://foodflow.test") as visitor:
        begun = await start(visitor, provider_id)
        assert re.match(r"__Host-foodflow_sign_in=.*; Path=/; SameSite=lax; Secure$", begun.headers["set-cookie"])
        back = await visitor.get(CALLBACK, params=await at_provider(begun))
        assert back.status_code == 303
        assert "Secure" in next(
            each for each in back.headers.get_list("set-cookie") if each.startswith(f"__Host-{COOKIE}=")
        )


@pytest.mark.parametrize("fault", ["failing", "elsewhere", "garbage", "slow", "another issuer"])
async def test_a_provider_that_does_not_answer_as_it_should_is_a_503_and_nothing_is_stored(
    app: FastAPI,
    anonymous_client: httpx.AsyncClient,
    database_url: str,
    provider: Provider,
    provider_id: str,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    fault: str,
) -> None:
    before = links(database_url)
    given = await at_provider(await start(anonymous_client, provider_id))
    app.state.openid = OpenIdConnect(settings)  # as another process would be, which knows nothing of the provider
    provider.status = 502 if fault == "failing" else 200
    provider.redirect_to = provider.issuer + "/elsewhere" if fault == "elsewhere" else ""
    provider.published |= {providers.DISCOVERY: b"<html>"} if fault == "garbage" else {}
    provider.discovery |= {"issuer": "https://another.example"} if fault == "another issuer" else {}
    provider.slow = fault == "slow"
    monkeypatch.setattr(outside_sites, "SECONDS", 0.3 if fault == "slow" else outside_sites.SECONDS)
    for answer in (await anonymous_client.get(CALLBACK, params=given), await start(anonymous_client, provider_id)):
        refused(answer, 503, "identity.provider_away")
        assert answer.headers["retry-after"]
    provider.held.set()
    assert links(database_url) == before


async def test_a_token_endpoint_that_fails_is_a_503(
    anonymous_client: httpx.AsyncClient, provider: Provider, provider_id: str, person: Person
) -> None:
    given = await at_provider(await start(anonymous_client, provider_id))
    provider.status = 500
    refused(await anonymous_client.get(CALLBACK, params=given), 503, "identity.provider_away")


async def test_keys_may_change_between_two_sign_ins(
    anonymous_client: httpx.AsyncClient, client_of: ClientOf, provider: Provider, provider_id: str, person: Person
) -> None:
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    provider.keys = {"second": rsa_key("second")}
    assert (await sign_in(client_of(None), provider_id)).status_code == 303


async def test_a_client_without_a_secret_and_one_that_sends_it_in_the_form_sign_in_too(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, provider: Provider, provider_id: str, person: Person
) -> None:
    provider.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    assert (await client.patch(f"{PROVIDERS}/{provider_id}", json={"client_secret": None})).status_code == 200
    anonymous_client.cookies.clear()
    refused(await sign_in(anonymous_client, provider_id), 403, "identity.bad_provider_answer")


async def test_nobody_signs_in_to_a_suspended_company(
    anonymous_client: httpx.AsyncClient, database_url: str, provider_id: str, person: Person
) -> None:
    given = await at_provider(await start(anonymous_client, provider_id))
    change(database_url, "UPDATE platform.tenants SET suspended_at = now() WHERE slug = 'demo'")
    try:
        for answer in (await anonymous_client.get(CALLBACK, params=given), await start(anonymous_client, provider_id)):
            refused(answer, 403, "identity.company_suspended")
    finally:
        change(database_url, "UPDATE platform.tenants SET suspended_at = NULL")


async def test_a_provider_that_is_put_out_of_use_signs_nobody_in_and_ends_the_stays_begun_with_it(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, provider_id: str, person: Person
) -> None:
    given = await at_provider(await start(anonymous_client, provider_id))
    assert (await anonymous_client.get(CALLBACK, params=given)).status_code == 303
    assert (await anonymous_client.get(USER)).status_code == 200
    assert (await client.patch(f"{PROVIDERS}/{provider_id}", json={"is_active": False})).status_code == 200
    assert (await anonymous_client.get(USER)).status_code == 401
    refused(await start(anonymous_client, provider_id), 404, "identity.provider_not_found")
    refused(await start(anonymous_client, str(uuid4())), 404, "identity.provider_not_found")


async def test_the_stays_begun_with_a_provider_end_when_it_is_deleted(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, provider_id: str, person: Person
) -> None:
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    assert (await anonymous_client.get(USER)).status_code == 200
    assert (await client.delete(f"{PROVIDERS}/{provider_id}")).status_code == 204
    assert (await anonymous_client.get(USER)).status_code == 401
    refused(await start(anonymous_client, provider_id), 404, "identity.provider_not_found")


async def test_unlinking_ends_the_stays_that_were_begun_with_the_provider(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, provider_id: str, person: Person
) -> None:
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    found = (await client.get(f"/api/v1/users/{person.id}/external-identities")).json()["results"]
    assert len(found) == 1
    assert (await client.delete(f"/api/v1/auth/external-identities/{found[0]['id']}")).status_code == 204
    assert (await anonymous_client.get(USER)).status_code == 401


async def test_the_audit_trail_says_who_was_linked_and_how_the_stay_began(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, provider: Provider, provider_id: str, person: Person
) -> None:
    assert (await sign_in(anonymous_client, provider_id)).status_code == 303
    entries = (await client.get("/api/v1/audit-entries", params={"page_size": 20})).json()["results"]
    own = {each["action"]: each for each in entries if each["actor"] == f"user:{person.id}"}
    assert own["external_identity.linked"]["details"]["subject"] == provider.claims["sub"]
    assert own["session.began"]["details"]["methods"] == ["oidc"]


async def test_the_sign_in_page_learns_the_names_of_the_companys_providers_and_nothing_else(
    anonymous_client: httpx.AsyncClient, provider_id: str
) -> None:
    for query in ({"company": "demo"}, {}):
        shown = (await anonymous_client.get("/api/v1/auth/providers", params=query)).json()
        assert [set(each) for each in shown] == [{"id", "name"}]
        assert shown[0]["id"] == provider_id
    for company in ("akron", "nowhere"):
        assert (await anonymous_client.get("/api/v1/auth/providers", params={"company": company})).json() == []
        assert (await anonymous_client.get("/api/v1/auth/providers", headers={"X-Tenant": company})).json() == []


async def test_two_who_come_back_at_once_for_the_first_time_are_linked_once(
    client_of: ClientOf, database_url: str, provider: Provider, provider_id: str, person: Person
) -> None:
    before = links(database_url)
    visitors = [client_of(None) for _ in range(4)]
    given = [await at_provider(await start(visitor, provider_id)) for visitor in visitors]
    back = await all_back(visitors, given)
    assert {answer.status_code for answer in back} == {303}
    assert links(database_url) == before + 1


async def all_back(visitors: list[httpx.AsyncClient], given: list[dict[str, str]]) -> list[httpx.Response]:
    return await asyncio.gather(*(each.get(CALLBACK, params=said) for each, said in zip(visitors, given, strict=True)))
