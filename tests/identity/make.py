"""Makes people, and tokens that a stranger or another time could have made."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg

from foodflow.identity.public.signing_in import Caller, SignedIn, begin_browser_session
from foodflow.kernel import clock
from foodflow.kernel.db import Database
from tests import make
from tests.make import PASSWORD, SECRET_KEY, Person

TOKEN = "/api/v1/auth/token"
REFRESH = "/api/v1/auth/token/refresh"
USER = "/api/v1/auth/user"


def somebody(url: str, password_hash: str, *companies: str, role: str = "viewer") -> Person:
    """A new person with `PASSWORD`."""
    with psycopg.connect(url) as connection:
        return make.person(connection, f"p-{uuid4().hex}", *companies, roles=[role], password_hash=password_hash)


async def sign_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    """What signing in is answered with."""
    return await client.post(TOKEN, json={"username": username, "password": password}, headers=headers)


async def refresh(client: httpx.AsyncClient, refresh_token: str) -> httpx.Response:
    """What exchanging a refresh token is answered with."""
    return await client.post(REFRESH, json={"refresh_token": refresh_token})


async def user(client: httpx.AsyncClient, token: str, scheme: str = "Bearer") -> httpx.Response:
    """Who the bearer of a token is."""
    return await client.get(USER, headers={"Authorization": f"{scheme} {token}"})


def claims(person: Person, *, age: timedelta = timedelta(0), **others: object) -> dict[str, Any]:
    """What an access token of this age says."""
    begun = clock.now() - age
    said = {"sub": str(person.id), "tenant": person.company, "aud": "foodflow", "iss": "foodflow"}
    return said | {"iat": begun, "exp": begun + timedelta(minutes=30)} | others


def signed(claims: dict[str, Any], key: str = SECRET_KEY, algorithm: str = "HS256") -> str:
    """A token, however false."""
    return jwt.encode(claims, key, algorithm)


async def browser(database: Database, person: Person, company: str) -> str:
    """The secret of a browser session that has just begun."""
    signed_in = SignedIn(person.id, company, ("pwd",))
    return (await begin_browser_session(database, signed_in, Caller())).secret
