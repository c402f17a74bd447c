"""Each secret opens its own door and no other, and no key signs but the one that is for signing."""

import hashlib
from collections.abc import Mapping
from typing import Final

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI

from foodflow.identity.public.signing_in import SESSION_COOKIE
from tests.attacks.callers import EVERYTHING, Csrf, World
from tests.attacks.make import Answer, ask
from tests.identity.make import REFRESH, TOKEN, USER, claims, signed
from tests.make import PASSWORD, SECRET_KEY

RESET: Final = "/api/v1/auth/password/reset"
ACCEPT: Final = "/api/v1/auth/invitations/accept"
Secrets = Mapping[str, str]


@pytest.fixture(scope="module")
async def secrets(world: World, csrf: Csrf) -> Secrets:
    """Every kind of secret that somebody may hold, by the door that it is for."""
    person = world.somebody("administrator")
    answer = await ask(world.app, "POST", TOKEN, json={"username": person.username, "password": PASSWORD})
    key = world.key(person, EVERYTHING)["X-API-Key"]
    return {
        "bearer": answer.json()["access_token"],
        "refresh": answer.json()["refresh_token"],
        "cookie": (await world.cookie(person))["Cookie"].partition("=")[2],
        "key": key,
        "part of a key": key.rpartition("_")[2],
        "csrf token": csrf.token,
        "csrf cookie": csrf.cookie.partition("=")[2],
    }


async def knock(app: FastAPI, door: str, secret: str) -> Answer:
    match door:
        case "bearer":
            return await ask(app, "GET", USER, {"Authorization": f"Bearer {secret}"})
        case "key":
            return await ask(app, "GET", USER, {"X-API-Key": secret})
        case "cookie":
            return await ask(app, "GET", USER, {"Cookie": f"{SESSION_COOKIE}={secret}"})
        case "refresh":
            return await ask(app, "POST", REFRESH, json={"refresh_token": secret})
        case "reset":
            return await ask(app, "POST", RESET, json={"token": secret, "new_password": "another long enough password"})
        case _:
            return await ask(app, "POST", ACCEPT, json={"token": secret})


@pytest.mark.parametrize("door", ["bearer", "key", "cookie", "refresh", "reset", "invitation"])
async def test_a_secret_of_another_kind_opens_no_door(app: FastAPI, secrets: Secrets, door: str) -> None:
    for kind, secret in secrets.items():
        for given in (secret, f"ff_{secret}", f"ff_x_{secret}"):
            answer = await knock(app, door, given)
            assert (answer.status == 200) == (door == kind and given == secret), (kind, given, answer.body)
            assert answer.status < 500


@pytest.mark.parametrize("purpose", [b"foodflow sealing", b"foodflow csrf", b"foodflow", b""])
async def test_a_token_that_is_signed_with_a_key_derived_for_something_else_is_refused(
    world: World, purpose: bytes
) -> None:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=purpose).derive(SECRET_KEY.encode())
    said = claims(world.people["demo", "administrator"])
    for key in (derived, derived.hex(), hashlib.sha256(SECRET_KEY.encode()).digest()):
        answer = await knock(world.app, "bearer", jwt.encode(said, key, "HS256"))
        assert (answer.status, answer.code) == (401, "identity.bad_token")
    assert (await knock(world.app, "bearer", signed(said))).status == 200


async def test_a_token_that_brings_its_own_key_or_says_where_to_fetch_one_is_refused(world: World) -> None:
    person = world.people["demo", "administrator"]
    for header in (
        {"jwk": {"kty": "oct", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}},
        {"jku": "http://127.0.0.1:9/keys"},
        {"x5u": "http://127.0.0.1:9/certificate"},
        {"kid": "../../dev/null"},
        {"kid": "' UNION SELECT 'x"},
    ):
        token = jwt.encode(claims(person), "x" * 32, "HS256", headers=header)
        assert (await knock(world.app, "bearer", token)).status == 401
