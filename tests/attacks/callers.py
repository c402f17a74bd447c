"""Everybody who may knock: each kind of credential, what is held by it, and what a guard must answer to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

import jwt
import psycopg
from fastapi import FastAPI

from foodflow.identity.public.people import OPERATORS, ROLES
from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.identity.rules.roles import PERMISSIONS, WHO_AM_I, covers
from foodflow.kernel import clock, credentials
from foodflow.kernel.db import Database
from foodflow.kernel.migrations import Migrator
from tests import make
from tests.attacks.make import ask
from tests.identity.make import browser, claims, signed
from tests.make import Person

LET_IN: Final = 0
DEACTIVATED: Final = "deactivated in the company"
ORIGIN: Final = "http://foodflow.test"
CSRF: Final = "/api/v1/csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "WS"})
PLATFORM: Final = "platform"
EVERYTHING: Final = frozenset({"*"})
COMPANY_SUSPENDED: Final = (403, "identity.company_suspended")
OTHER_COMPANY: Final = (403, "identity.other_company")
BAD_CSRF_TOKEN: Final = (403, "identity.bad_csrf_token")

RUNS_THE_INSTALLATION: Final = "UPDATE platform.users SET is_operator = true WHERE id = %s"

OF_EVERY_KEY: Final = frozenset({WHO_AM_I})
"""Every key may ask whom it acts for."""

Held = tuple[frozenset[str], ...]
"""Sets of permissions that must each hold a right: a key may what its owner and the key itself may."""


def may(held: frozenset[str], permission: str) -> bool:
    """The rule of rights, said once more: nothing but the permission itself opens what is above the companies."""
    return permission in held if permission.partition(".")[0] == PLATFORM else covers(held, permission)


def given(permissions: frozenset[str]) -> frozenset[str]:
    """What a company can give of these: nothing of what is above it."""
    return frozenset(each for each in permissions if each.partition(".")[0] != PLATFORM)


@dataclass(frozen=True)
class Caller:
    """Somebody with a credential: what they hold by it (None: they are not known), or why they are refused."""

    name: str
    headers: dict[str, str]
    held: Held | None
    refused: tuple[int, str] | None = None
    is_like_others: bool = False

    def expected(self, permission: str | None, *, guests: bool = False) -> tuple[int, str]:
        """The status and code that a guard for this permission must answer, or `LET_IN`; where guests are let in, so is
        whoever does not say on purpose who they are.
        """
        says_who = {"Authorization", "X-API-Key"} & self.headers.keys()
        if permission is None or (guests and not says_who):
            return LET_IN, ""
        if self.refused is not None:
            return self.refused
        if self.held is None:
            return 401, ""
        return (LET_IN, "") if all(may(each, permission) for each in self.held) else (403, "forbidden")


@dataclass(frozen=True)
class Csrf:
    """The token against forged calls, and the cookie that it belongs to."""

    token: str
    cookie: str

    @classmethod
    async def fetched(cls, app: FastAPI) -> "Csrf":
        """As a page of our own gets it."""
        answer = await ask(app, "GET", CSRF)
        return cls(answer.json()["csrfToken"], answer.headers["set-cookie"].partition(";")[0])

    def beside(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers of a browser that has fetched it."""
        cookies = [headers["Cookie"]] if "Cookie" in headers else []
        return headers | {"Cookie": "; ".join([*cookies, self.cookie]), "X-CSRFToken": self.token}


@dataclass(frozen=True)
class World:
    """The application and its directory, in which callers are made."""

    app: FastAPI
    url: str
    database: Database
    people: dict[tuple[str, str], Person]
    password_hash: str
    suspended: str = "closed"

    @classmethod
    def of(cls, app: FastAPI, database: Database, people: dict[tuple[str, str], Person], password_hash: str) -> "World":
        """The world as tests find it, with one company more, in which nobody can act."""
        world = cls(app, database.url, database, people, password_hash)
        Migrator(world.url).create_tenant(world.suspended, "Closed")
        with psycopg.connect(world.url) as connection:
            connection.execute("UPDATE platform.tenants SET suspended_at = now() WHERE slug = %s", [world.suspended])
        return world

    def somebody(self, *roles: str, companies: Sequence[str] = ("demo",), change: str = "") -> Person:
        """Somebody new in these companies, after a change to what the directory says of them."""
        with psycopg.connect(self.url) as connection:
            name = f"p-{uuid4().hex}"
            person = make.person(connection, name, *companies, roles=list(roles), password_hash=self.password_hash)
            if change:
                connection.execute(change.encode(), [person.id])
        return person

    def own_role(self, permissions: frozenset[str]) -> str:
        """A role that the company has made for itself."""
        name = f"own-{uuid4().hex}"
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO platform.roles (tenant, name, description, permissions, created_at)"
                " VALUES ('demo', %s, '', %s, now())",
                [name, sorted(permissions)],
            )
        return name

    def key(self, owner: Person, permissions: frozenset[str], change: str = "") -> dict[str, str]:
        """An API key of somebody, after a change to it."""
        secret, digest = credentials.new_secret()
        id, prefix = clock.new_id(), uuid4().hex[:12]
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO platform.api_keys"
                " (id, tenant, user_id, name, prefix, secret_hash, permissions, created_by, created_at)"
                " VALUES (%s, %s, %s, 'key', %s, %s, %s, 'user:1', now())",
                [id, owner.company, owner.id, prefix, digest, sorted(permissions)],
            )
            if change:
                connection.execute(change.encode(), [id])
        return {"X-API-Key": f"ff_{prefix}_{secret}"}

    async def cookie(self, person: Person) -> dict[str, str]:
        """The cookie of a browser in which somebody has just signed in."""
        secret = await browser(self.database, person, person.company)
        return {"Cookie": f"{SESSION_COOKIE}={secret}", "Origin": ORIGIN}


def token(person: Person, **others: object) -> dict[str, str]:
    """An access token of somebody, with other claims where they are given."""
    return {"Authorization": f"Bearer {signed(claims(person) | others)}"}


def strangers(administrator: Person) -> Iterator[Caller]:
    """Whoever is not known, though the credential names an administrator."""
    said = claims(administrator)
    late = claims(administrator, age=timedelta(minutes=31))
    unsigned = jwt.encode(said, "", algorithm="none")
    yield Caller("nobody", {}, None)
    yield Caller("an expired token", {"Authorization": f"Bearer {signed(late)}"}, None)
    yield Caller("a token for another audience", token(administrator, aud="elsewhere"), None)
    yield Caller("a token of another issuer", token(administrator, iss="elsewhere"), None)
    yield Caller("a token of another key", {"Authorization": f"Bearer {signed(said, 'x' * 40)}"}, None)
    yield Caller("a token without a signature", {"Authorization": f"Bearer {unsigned}"}, None)
    for company, alike in (("akron", False), ("nowhere", True)):
        headers = token(administrator) | {"X-Tenant": company}
        yield Caller(f"a token, for {company}", headers, None, OTHER_COMPANY, alike)


def people_of_roles(world: World) -> Iterator[Caller]:
    """One person of each role, and those who run the installation."""
    for role, permissions in ROLES.items():
        yield Caller(f"role {role}", token(world.people["demo", role]), (permissions,))
    both = world.somebody("administrator", change=RUNS_THE_INSTALLATION)
    alone = world.somebody(change=RUNS_THE_INSTALLATION)
    yield Caller("an administrator who runs the installation", token(both), (EVERYTHING | OPERATORS,))
    yield Caller("whoever runs the installation and has no role", token(alone), (OPERATORS,))


def those_let_go(world: World) -> Iterator[Caller]:
    """Administrators who were, or will be."""
    for name, change in {
        DEACTIVATED: "UPDATE platform.memberships SET is_active = false WHERE user_id = %s",
        "deactivated everywhere": "UPDATE platform.users SET is_active = false WHERE id = %s",
        "invited only": "UPDATE platform.memberships SET accepted_at = NULL WHERE user_id = %s",
        "not of the company any more": "DELETE FROM platform.memberships WHERE user_id = %s",
    }.items():
        person = world.somebody("administrator")
        key = world.key(person, EVERYTHING)
        with psycopg.connect(world.url) as connection:
            connection.execute(change.encode(), [person.id])
        alike = name != DEACTIVATED
        yield Caller(f"{name}, with a token", token(person), None, is_like_others=alike)
        yield Caller(f"{name}, with a key", key, None, is_like_others=True)


def keys(world: World) -> Iterator[Caller]:
    """API keys that do not hold any more, and one that asks for more than its owner has."""
    administrator, viewer = world.people["demo", "administrator"], world.people["demo", "viewer"]
    for name, change in {
        "a revoked key": "UPDATE platform.api_keys SET revoked_at = now() WHERE id = %s",
        "an expired key": "UPDATE platform.api_keys SET expires_at = now() WHERE id = %s",
    }.items():
        yield Caller(name, world.key(administrator, EVERYTHING, change), None)
    wrong = {"X-API-Key": world.key(administrator, EVERYTHING)["X-API-Key"][:-1] + "!"}
    yield Caller("a key with another secret", wrong, None, is_like_others=True)
    yield Caller(
        "a viewer's key for everything",
        world.key(viewer, EVERYTHING),
        (ROLES["viewer"], EVERYTHING),
        is_like_others=True,
    )
    yield Caller("a key for nothing", world.key(administrator, frozenset()), (OF_EVERY_KEY,), is_like_others=True)


def of_a_suspended_company(world: World) -> Iterator[Caller]:
    """An administrator of a company that is suspended."""
    person = world.somebody("administrator", companies=[world.suspended])
    for name, headers in {"token": token(person), "key": world.key(person, EVERYTHING)}.items():
        yield Caller(f"suspended, with a {name}", headers, None, COMPANY_SUSPENDED, name == "key")


def around(world: World, permission: str) -> list[Caller]:
    """Who holds exactly this permission, and who holds all but it: by a role of the company's own, and by key."""
    administrator = world.people["demo", "administrator"]
    exactly, all_but = frozenset({permission}), (PERMISSIONS | OPERATORS) - {permission}
    callers = []
    for name, permissions in ((f"exactly {permission}", exactly), (f"everything but {permission}", all_but)):
        role = world.somebody(world.own_role(permissions))
        callers.append(Caller(f"a role of the company's own for {name}", token(role), (given(permissions),)))
        key = world.key(administrator, permissions)
        callers.append(Caller(f"a key for {name}", key, (EVERYTHING, permissions | OF_EVERY_KEY)))
    return callers


async def browsers(world: World, method: str, csrf: Csrf) -> list[Caller]:
    """Browsers of administrators: with the token that only our own pages can read, without it, signed out, and of a
    company that is suspended.
    """
    administrator = world.somebody("administrator")
    ended = await world.cookie(administrator)
    with psycopg.connect(world.url) as connection:
        digest = credentials.secret_hash(ended["Cookie"].partition("=")[2])
        connection.execute("UPDATE platform.tokens SET revoked_at = now() WHERE secret_hash = %s", [digest])
    unprotected = None if method in SAFE else BAD_CSRF_TOKEN
    return [
        Caller("a browser that was signed out", csrf.beside(ended), None),
        Caller("a browser without our token", await world.cookie(administrator), (EVERYTHING,), unprotected),
        Caller("a browser with our token", csrf.beside(await world.cookie(administrator)), (EVERYTHING,)),
        Caller("suspended, in a browser", csrf.beside(await suspended_cookie(world)), None, COMPANY_SUSPENDED),
    ]


async def suspended_cookie(world: World) -> dict[str, str]:
    """The cookie of a browser in which somebody had signed in to a company that was suspended later."""
    person = world.somebody("administrator", companies=("demo", world.suspended))
    cookie = await world.cookie(person)
    with psycopg.connect(world.url) as connection:
        connection.execute("UPDATE platform.tokens SET tenant = %s WHERE user_id = %s", [world.suspended, person.id])
    return cookie
