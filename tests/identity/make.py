"""Makes people, and tokens that a stranger or another time could have made."""

import json
import re
from base64 import b64decode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg
from sqlalchemy import delete, select

from foodflow.identity.public.signing_in import Caller, SignedIn, begin_browser_session
from foodflow.identity.tables import Failure
from foodflow.kernel import clock
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.sealing import Sealer
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


CSRF = "/api/v1/csrf"
LOGIN = "/api/v1/auth/login"
LOGOUT = "/api/v1/auth/logout"
SESSIONS = "/api/v1/auth/sessions"


class Tab:
    """A page of a React client in one tab of a browser: fetches its CSRF token once, and keeps it."""

    def __init__(self, client: httpx.AsyncClient, token: str = "") -> None:
        self.client = client
        self.token = token

    async def open(self) -> "Tab":
        """Fetch the token."""
        self.token = (await self.client.get(CSRF)).json()["csrfToken"]
        return self

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send JSON with the token that was fetched first."""
        sent = {"Content-Type": "application/json", "X-CSRFToken": self.token} | headers
        return await self.client.post(path, content=json.dumps(body) if body is not None else b"", headers=sent)

    async def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        """What signing in is answered with."""
        return await self.post(LOGIN, {"username": username, "password": password} | more)


async def failures(database: Database) -> dict[bytes, int]:
    """How many failures are counted for each subject."""
    async with platform_transaction(database) as session:
        return {row.subject: row.count for row in await session.scalars(select(Failure))}


async def forget_failures(database: Database) -> None:
    """Open every door again."""
    async with platform_transaction(database) as session:
        await session.execute(delete(Failure))


def audited(url: str, company: str, subject: str) -> list[str]:
    """The actions that the trail of a company tells of a subject, in their order."""
    with psycopg.connect(url) as connection:
        role = f"t_{company}"
        connection.execute(f"SET ROLE {role}".encode())
        query = f"SELECT action FROM {role}.audit_entries WHERE subject = %s ORDER BY sequence".encode()
        return [row[0] for row in connection.execute(query, [subject])]


def mails(url: str, to: str) -> list[dict[str, str]]:
    """The mails that wait for delivery to an address, the oldest first."""
    sealer = Sealer(SECRET_KEY)
    with psycopg.connect(url) as connection:
        query = "SELECT args ->> 'sealed' FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver' ORDER BY id"
        waiting = [row[0] for row in connection.execute(query)]
    letters: list[dict[str, str]] = [json.loads(sealer.open(b64decode(sealed))) for sealed in waiting]
    return [letter for letter in letters if letter["to"] == to]


def link_in(letter: dict[str, str]) -> str:
    """The secret of the link in a mail, which stands behind the # and so in nobody's log."""
    found = re.search(r"^(http\S+)#(\S+)$", letter["text"], re.MULTILINE)
    assert found is not None, letter["text"]
    return found[2]


def bearer(person: Person, company: str = "") -> dict[str, str]:
    """The header of somebody who has signed in with their password."""
    said = claims(person) | {"amr": ["pwd"]} | ({"tenant": company} if company else {})
    return {"Authorization": f"Bearer {signed(said)}"}


def set_user(url: str, id: int, **values: object) -> None:
    """Change what the directory says of an account."""
    columns = ", ".join(f"{name} = %({name})s" for name in values)
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE platform.users SET {columns} WHERE id = %(id)s".encode(), {"id": id} | values)


def set_place(url: str, person: Person, **values: object) -> None:
    """Change what the directory says of somebody's place in their company."""
    columns = ", ".join(f"{name} = %({name})s" for name in values)
    query = f"UPDATE platform.memberships SET {columns} WHERE user_id = %(id)s AND tenant = %(company)s".encode()
    with psycopg.connect(url) as connection:
        connection.execute(query, {"id": person.id, "company": person.company} | values)
