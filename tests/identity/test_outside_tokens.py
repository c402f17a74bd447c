"""Tokens of outside issuers: they prove who somebody is there; what that opens here, our directory alone decides."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from pydantic import SecretStr

from foodflow.identity.public.outside import holder_of_outside_token
from foodflow.identity.usecases.credentials import Holder, actor_of
from foodflow.kernel import outside_sites
from foodflow.kernel.outside_sites import AFTER_FAILURE, FRESH, PAUSE, STALE, Sites
from foodflow.kernel.outside_tokens import Issuer, OutsideTokens, issuers_of
from foodflow.settings import Settings
from tests.conftest import ClientOf
from tests.identity import provider as providers
from tests.identity.make import claims as own_claims
from tests.identity.make import signed, somebody, user
from tests.identity.provider import Provider, ec_key, public_jwk, rsa_key, sealed_with, unsigned
from tests.kernel.http.make import problem
from tests.make import Person

SECRET = "the secret that the outside issuer shares"
KEYS = "/auth/v1/.well-known/jwks.json"
OWN = "/api/v1/auth/external-identities"
AUDIENCE = "authenticated"


@pytest.fixture(scope="module")
def issuer_server() -> Iterator[Provider]:
    """An outside issuer that answers at a real address."""
    provider, server = providers.start()
    provider.issuer += "/auth/v1"
    yield provider
    provider.held.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def issuer(issuer_server: Provider, settings: Settings, app: FastAPI) -> Provider:
    """The issuer, behaving well and not known to the application yet."""
    issuer_server.reset()
    app.state.outside_tokens = OutsideTokens(issuers_of(settings), Sites(private=True))
    return issuer_server


@pytest.fixture(scope="module")
def settings(settings: Settings, issuer_server: Provider) -> Settings:
    """The issuer is the installation's Supabase project."""
    project = {"supabase_url": issuer_server.issuer.removesuffix("/auth/v1"), "supabase_jwt_secret": SecretStr(SECRET)}
    return settings.model_copy(update=project)


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo")


@pytest.fixture
def subject(database_url: str, person: Person, issuer: Provider) -> str:
    """Who the person is at the issuer."""
    return link(database_url, issuer, person.id)


@pytest.fixture
def later(app: FastAPI, issuer: Provider) -> Callable[[float], None]:
    """Lets time pass for what is remembered of the issuer's keys."""
    published = app.state.outside_tokens._keys[issuer.issuer].published
    passed = [0.0]
    published._now = lambda: time.monotonic() + passed[0]

    def pass_by(seconds: float) -> None:
        passed[0] += seconds

    return pass_by


def link(url: str, issuer: Provider, user_id: int, *companies: str, subject: str = "") -> str:
    subject = subject or uuid4().hex
    with psycopg.connect(url) as connection:
        for company in companies or ("demo",):
            connection.execute(
                "INSERT INTO platform.external_identities (id, issuer, subject, user_id, tenant, created_at)"
                " VALUES (gen_random_uuid(), %s, %s, %s, %s, now())",
                [issuer.issuer, subject, user_id, company],
            )
    return subject


def claims(issuer: Provider, subject: str, **others: object) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": issuer.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 3600, **others}
    return {name: value for name, value in said.items() if value is not None}


def shared(issuer: Provider, subject: str, **others: object) -> str:
    """A token as Supabase seals it with the shared secret."""
    return jwt.encode(claims(issuer, subject, **others), SECRET, "HS256")


def published(issuer: Provider, subject: str, **others: object) -> str:
    """A token of the key that the issuer published last."""
    return issuer.token(**claims(issuer, subject, **others))


async def test_who_is_linked_comes_in_with_the_shared_secret_or_a_published_key(
    anonymous_client: httpx.AsyncClient, issuer: Provider, person: Person, subject: str
) -> None:
    issuer.keys["second"] = ec_key("second")
    tokens = [shared(issuer, subject), published(issuer, subject)]
    del issuer.keys["second"]
    tokens.append(published(issuer, subject))
    issuer.keys["second"] = ec_key("second")
    assert [jwt.get_unverified_header(token)["alg"] for token in tokens] == ["HS256", "ES256", "RS256"]
    for token in tokens:
        shown = await user(anonymous_client, token)
        assert (shown.status_code, shown.json()["username"]) == (200, person.username)


async def test_what_the_token_says_of_roles_and_companies_is_not_looked_at(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str
) -> None:
    boasts = {"role": "service_role", "tenant": "akron", "user_metadata": {"role": "administrator", "tenant": "akron"}}
    token = shared(issuer, subject, app_metadata={"roles": ["administrator"]}, **boasts)
    shown = (await user(anonymous_client, token)).json()
    assert (shown["company"]["slug"], shown["roles"]) == ("demo", ["viewer"])
    line = {"line_number": "L", "name": "Filling"}
    headers = {"Authorization": f"Bearer {token}"}
    problem(await anonymous_client.post("/api/v1/plant-ops/lines", json=line, headers=headers), 403)


async def test_a_good_token_of_somebody_who_is_not_linked_says_what_to_do(
    anonymous_client: httpx.AsyncClient, issuer: Provider
) -> None:
    refused = await user(anonymous_client, shared(issuer, "stranger"))
    told = problem(refused, 401)
    assert told["code"] == "identity.not_linked"
    assert OWN in told["detail"]
    assert refused.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"iss": "https://another.example/auth/v1"},
        {"iss": ["authenticated"]},
        {"iss": None},
        {"aud": None},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
        {"exp": "never"},
        {"exp": 1e300},
        {"exp": float("inf")},
    ],
    ids=str,
)
@pytest.mark.parametrize("by", [shared, published])
async def test_a_token_that_does_not_hold_is_refused(
    anonymous_client: httpx.AsyncClient,
    issuer: Provider,
    subject: str,
    change: dict[str, object],
    by: Callable[..., str],
) -> None:
    said = claims(issuer, subject) | change
    said = {name: value for name, value in said.items() if value is not None}
    if by is shared:
        token = sealed_with(SECRET.encode(), said)
    else:
        token = jwt.api_jws.encode(str_of(said), rsa_key("first"), "RS256", headers={"kid": "first"})
    assert problem(await user(anonymous_client, token), 401)["code"] == "identity.bad_token"


def str_of(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()


async def test_clocks_may_differ_by_half_a_minute_and_no_more(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str
) -> None:
    now = int(time.time())
    for name, good, bad in (("exp", -20, -40), ("iat", 20, 40), ("nbf", 20, 40)):
        assert (await user(anonymous_client, shared(issuer, subject, **{name: now + good}))).status_code == 200
        assert (await user(anonymous_client, shared(issuer, subject, **{name: now + bad}))).status_code == 401


async def test_a_public_key_is_never_a_secret_and_no_signature_is_none(
    app: FastAPI, anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str
) -> None:
    said = claims(issuer, subject)
    public = rsa_key("first").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    modulus = public_jwk(rsa_key("first"), None)["n"].encode()
    good = published(issuer, subject)
    forged = [sealed_with(key, said, kid="first") for key in (pem, pem.strip(), der, modulus, b"")]
    forged += [unsigned(said), unsigned(said, kid="first"), unsigned(said, alg="None"), unsigned(said, alg="RS256")]
    forged += [f"{good.rpartition('.')[0]}.", good[:-8] + "AAAAAAAA", good + "." + good]
    forged.append(jwt.encode(said, rsa_key("strange"), "RS256", headers={"kid": "first"}))
    forged.append(jwt.encode(said, rsa_key("first"), "RS512", headers={"kid": "first"}))
    forged.append(jwt.encode(said, rsa_key("first"), "PS256", headers={"kid": "first"}))
    forged.append(jwt.encode(said, rsa_key("first"), "RS256", headers={"kid": "other"}))
    forged.append(jwt.encode(said, SECRET.ljust(64), "HS256"))
    forged.append(jwt.encode(said, SECRET.ljust(64, "x"), "HS512"))
    forged.append(shared(issuer, subject, padding="x" * 20_000))
    keys_alone = Issuer(issuer.issuer, AUDIENCE, None, issuer.issuer + "/.well-known/jwks.json")
    for trusted in (app.state.outside_tokens, OutsideTokens([keys_alone], Sites(private=True))):
        app.state.outside_tokens = trusted
        assert (await user(anonymous_client, good)).status_code == 200
        for token in forged:
            assert problem(await user(anonymous_client, token), 401)["code"] == "identity.bad_token"
    assert (await user(anonymous_client, shared(issuer, subject))).status_code == 401


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_keys_that_no_issuer_should_publish_are_not_used(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str
) -> None:
    weak = rsa_key("weak", 1024)
    private = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("first"), as_dict=True)
    kinds = {
        "weak": public_jwk(weak, "weak"),
        "private": {**private, "kid": "private"},
        "for sealing": {**public_jwk(rsa_key("first"), "for sealing"), "use": "enc"},
        "other": {**public_jwk(rsa_key("first"), "other"), "alg": "RS512"},
        "shared": {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXRoYXQtaXMtcHVibGlzaGVkLWZvci1ldmVyeWJvZHk"},
    }
    good = public_jwk(rsa_key("first"), "good")
    issuer.published[KEYS] = json.dumps({"keys": [*kinds.values(), good, 17, {}]}).encode()
    said = claims(issuer, subject)
    assert (await user(anonymous_client, issuer_token(said, "good"))).status_code == 200
    for kid in kinds:
        key = weak if kid == "weak" else rsa_key("first")
        assert (await user(anonymous_client, issuer_token(said, kid, key))).status_code == 401


def issuer_token(said: dict[str, Any], kid: str, key: RSAPrivateKey | None = None) -> str:
    return jwt.api_jws.encode(str_of(said), key or rsa_key("first"), "RS256", headers={"kid": kid})


async def test_keys_are_fetched_once_for_all_who_call_at_the_same_time(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str, later: Callable[[float], None]
) -> None:
    token = published(issuer, subject)
    answers = await asyncio.gather(*(user(anonymous_client, token) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert issuer.asked[KEYS] == 1
    later(FRESH + 1)
    await user(anonymous_client, token)
    await user(anonymous_client, token)
    assert issuer.asked[KEYS] == 2


async def test_a_new_key_holds_at_once_and_made_up_ones_do_not_have_the_issuer_asked_each_time(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str, later: Callable[[float], None]
) -> None:
    old = published(issuer, subject)
    assert (await user(anonymous_client, old)).status_code == 200
    issuer.keys = {"second": rsa_key("second")}
    renewed = published(issuer, subject)
    answers = await asyncio.gather(*(user(anonymous_client, renewed) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await user(anonymous_client, old)).status_code == 401
    for number in range(5):
        made_up = issuer_token(claims(issuer, subject), f"made up {number}")
        assert (await user(anonymous_client, made_up)).status_code == 401
    assert issuer.asked[KEYS] == 2
    later(PAUSE + 1)
    assert (await user(anonymous_client, old)).status_code == 401
    assert issuer.asked[KEYS] == 3


async def test_while_the_issuer_is_away_its_keys_are_used_for_a_while_longer(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str, later: Callable[[float], None]
) -> None:
    token = published(issuer, subject)
    assert (await user(anonymous_client, token)).status_code == 200
    issuer.status = 500
    later(FRESH + 1)
    for _ in range(3):
        assert (await user(anonymous_client, token)).status_code == 200
    assert issuer.asked[KEYS] == 2
    later(STALE)
    away = await user(anonymous_client, token)
    assert problem(away, 503)["code"] == "outside_tokens.issuer_away"
    assert away.headers["retry-after"]
    assert (await user(anonymous_client, shared(issuer, subject))).status_code == 200
    issuer.status = 200
    later(AFTER_FAILURE + 1)
    assert (await user(anonymous_client, token)).status_code == 200


@pytest.mark.parametrize(
    "fault", ["failing", "elsewhere", "too large", "garbage", "no keys", "slow", "dripping", "nested"]
)
async def test_an_issuer_that_does_not_answer_as_it_should_is_a_503_and_is_left_alone_for_a_moment(
    anonymous_client: httpx.AsyncClient,
    issuer: Provider,
    subject: str,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    token = published(issuer, subject)
    good = json.dumps({**issuer.key_set(), "padding": "x" * outside_sites.MAX_ANSWER}).encode()
    bad = {"too large": good, "garbage": b"<html>", "no keys": b'{"keys": {}}', "nested": b"[" * 60_000}
    issuer.status = 500 if fault == "failing" else 200
    issuer.redirect_to = issuer.issuer + "/elsewhere.json" if fault == "elsewhere" else ""
    issuer.slow, issuer.dripping = fault == "slow", fault == "dripping"
    issuer.published |= {KEYS: bad[fault]} if fault in bad else {}
    monkeypatch.setattr(outside_sites, "SECONDS", 0.3 if fault in {"slow", "dripping"} else outside_sites.SECONDS)
    for _ in range(3):
        assert problem(await user(anonymous_client, token), 503)["code"] == "outside_tokens.issuer_away"
    issuer.held.set()
    assert issuer.asked == {KEYS: 1}


async def test_a_person_of_several_companies_names_one_and_has_their_role_there(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str, issuer: Provider
) -> None:
    person = somebody(database_url, password_hash, "demo", "akron")
    with psycopg.connect(database_url) as connection:
        promote = "UPDATE platform.memberships SET roles = '{operator}' WHERE user_id = %s AND tenant = 'akron'"
        connection.execute(promote, [person.id])
    token = shared(issuer, link(database_url, issuer, person.id, "demo", "akron"))
    one = shared(issuer, link(database_url, issuer, person.id, "demo"))
    assert problem(await user(anonymous_client, token), 409)["code"] == "identity.company_not_named"
    for company, role in (("demo", "viewer"), ("akron", "operator")):
        headers = {"Authorization": f"Bearer {token}", "X-Tenant": company}
        shown = (await anonymous_client.get("/api/v1/auth/user", headers=headers)).json()
        assert (shown["company"]["slug"], shown["roles"]) == (company, [role])
    for given, company in ((token, "nowhere"), (one, "akron")):
        headers = {"Authorization": f"Bearer {given}", "X-Tenant": company}
        other = await anonymous_client.get("/api/v1/auth/user", headers=headers)
        assert problem(other, 403)["code"] == "identity.other_company"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform.users SET is_active = false WHERE id = %s",
        "UPDATE platform.memberships SET is_active = false WHERE user_id = %s",
        "DELETE FROM platform.memberships WHERE user_id = %s",
        "DELETE FROM platform.external_identities WHERE user_id = %s",
    ],
)
async def test_whoever_is_let_go_is_refused_at_the_next_request(
    anonymous_client: httpx.AsyncClient, database_url: str, issuer: Provider, person: Person, subject: str, change: str
) -> None:
    token = shared(issuer, subject)
    assert (await user(anonymous_client, token)).status_code == 200
    with psycopg.connect(database_url) as connection:
        connection.execute(change.encode(), [person.id])
    assert (await user(anonymous_client, token)).status_code == 401


async def test_an_outside_token_makes_nobody_an_operator_of_the_installation(
    database_url: str, app: FastAPI, issuer: Provider, person: Person, subject: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE platform.users SET is_operator = true WHERE id = %s", [person.id])
    holder = await door(app, shared(issuer, subject))
    actor = actor_of(holder)
    assert not actor.may("platform.manage_companies")
    assert actor.credential.startswith("external:")
    assert actor.until is not None


async def door(app: FastAPI, token: str) -> Holder:
    holder = await holder_of_outside_token(app.state.database, app.state.outside_tokens, token, None)
    assert holder is not None
    return holder


async def test_somebody_links_themselves_by_proving_both_and_unlinks(
    anonymous_client: httpx.AsyncClient, client_of: ClientOf, issuer: Provider
) -> None:
    subject = uuid4().hex
    token, operator = shared(issuer, subject), client_of("operator")
    assert (await anonymous_client.post(OWN, json={"token": token})).status_code == 401
    linked = await operator.post(OWN, json={"token": token})
    assert linked.status_code == 201, linked.text
    assert {linked.json()[name] for name in ("issuer", "subject")} == {issuer.issuer, subject}
    assert (await operator.get(linked.headers["location"])).json() == linked.json()
    assert (await user(anonymous_client, token)).json()["roles"] == ["operator"]
    assert subject in {each["subject"] for each in (await operator.get(OWN)).json()["results"]}
    for other in (operator, client_of("viewer")):
        taken = await other.post(OWN, json={"token": token})
        assert problem(taken, 409)["code"] == "identity.external_identity_taken"
    path = linked.headers["location"]
    for stranger in (client_of("viewer"), client_of("administrator", company="akron")):
        problem(await stranger.delete(path), 404)
        problem(await stranger.get(path), 404)
        assert subject not in (await stranger.get(OWN)).text
    assert (await operator.delete(path)).status_code == 204
    assert problem(await user(anonymous_client, token), 401)["code"] == "identity.not_linked"
    entries = (await client_of("administrator").get("/api/v1/audit-entries")).text
    assert "external_identity.linked" in entries
    assert "external_identity.unlinked" in entries


async def test_a_person_of_several_companies_is_linked_in_each_by_itself(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str, issuer: Provider
) -> None:
    person = somebody(database_url, password_hash, "demo", "akron")
    acting = {
        company: {"Authorization": f"Bearer {signed(own_claims(person, tenant=company))}"}
        for company in ("demo", "akron")
    }
    token = shared(issuer, uuid4().hex)
    paths = {}
    for company, headers in acting.items():
        linked = await anonymous_client.post(OWN, json={"token": token}, headers=headers)
        assert linked.status_code == 201
        paths[company] = linked.headers["location"]
    named = {"Authorization": f"Bearer {token}", "X-Tenant": "akron"}
    shown = await anonymous_client.get("/api/v1/auth/user", headers=named)
    assert shown.json()["company"]["slug"] == "akron"
    problem(await anonymous_client.delete(paths["demo"], headers=acting["akron"]), 404)
    assert (await anonymous_client.get(OWN, headers=acting["akron"])).json()["count"] == 1


async def test_the_issuer_is_not_asked_about_what_no_key_of_its_could_have_signed(
    anonymous_client: httpx.AsyncClient, issuer: Provider, subject: str
) -> None:
    said = claims(issuer, subject)
    for token in (unsigned(said), sealed_with(b"x" * 32, said), jwt.encode(said, rsa_key("first"), "RS512")):
        assert (await user(anonymous_client, token)).status_code == 401
    assert not issuer.asked


async def test_whoever_has_yet_to_show_a_second_factor_opens_no_other_door_first(
    anonymous_client: httpx.AsyncClient, database_url: str, issuer: Provider, person: Person
) -> None:
    alone = {"Authorization": f"Bearer {signed(own_claims(person, amr=['pwd']))}"}
    token = shared(issuer, uuid4().hex)
    with psycopg.connect(database_url) as connection:
        connection.execute("""UPDATE platform.tenants SET settings = '{"second_factor": "required"}'""")
    try:
        refused = await anonymous_client.post(OWN, json={"token": token}, headers=alone)
    finally:
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE platform.tenants SET settings = '{}'")
    assert problem(refused, 403)["code"] == "identity.second_factor_required"
    assert (await anonymous_client.post(OWN, json={"token": token}, headers=alone)).status_code == 201


async def test_a_token_that_does_not_hold_is_not_linked(client: httpx.AsyncClient, issuer: Provider) -> None:
    for token in (shared(issuer, "x", aud="another"), unsigned(claims(issuer, "x")), "x"):
        refused = problem(await client.post(OWN, json={"token": token}), 422)
        assert [error["code"] for error in refused["errors"]] == ["identity.bad_outside_token"]


async def test_whoever_manages_people_links_those_who_hold_no_more_than_they_do(
    client: httpx.AsyncClient,
    client_of: ClientOf,
    anonymous_client: httpx.AsyncClient,
    people: dict[tuple[str, str], Person],
    issuer: Provider,
) -> None:
    manager, subject = client_of("manager"), uuid4().hex

    async def linked(by: httpx.AsyncClient, company: str, role: str, **said: str) -> httpx.Response:
        body = {"issuer": issuer.issuer, "subject": subject, **said}
        return await by.post(f"/api/v1/users/{people[company, role].id}/external-identities", json=body)

    problem(await linked(client_of("operator"), "demo", "viewer"), 403)
    assert problem(await linked(manager, "demo", "administrator"), 403)["code"] == "identity.raises_rights"
    problem(await linked(manager, "akron", "viewer"), 404)
    refused = problem(await linked(manager, "demo", "viewer", issuer="https://elsewhere.example"), 422)
    assert [error["code"] for error in refused["errors"]] == ["identity.untrusted_issuer"]
    made = await linked(manager, "demo", "viewer")
    assert made.status_code == 201, made.text
    assert (await user(anonymous_client, shared(issuer, subject))).json()["roles"] == ["viewer"]
    of_viewer = f"/api/v1/users/{people['demo', 'viewer'].id}/external-identities"
    assert subject in (await manager.get(of_viewer)).text
    problem(await client_of("manager", company="akron").get(of_viewer), 404)
    assert (await client.delete(made.headers["location"])).status_code == 204
    assert (await user(anonymous_client, shared(issuer, subject))).status_code == 401
