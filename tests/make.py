"""What the tests of every context share: the two companies, their people, and the address of a database by its name."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import Engine, NullPool, create_engine

from foodflow.identity.public.people import ROLES
from foodflow.kernel.actor import Actor
from foodflow.kernel.tenancy import TenantName

SECRET_KEY: Final = "the key of databases that exist for seconds"
PASSWORD: Final = "correct horse battery staple"
COMPANIES: Final = ("demo", "akron")
CHANCE: Final = secrets.SystemRandom()

_INSERT_PERSON = """
WITH person AS (
    INSERT INTO platform.users (username, email, first_name, last_name, password_hash, is_active, created_at)
    VALUES (%(username)s, '', '', '', %(password_hash)s, true, now()) RETURNING id
), places AS (
    INSERT INTO platform.memberships (user_id, tenant, roles, accepted_at, created_at)
    SELECT id, company, %(roles)s::text[], now(), now() FROM person, unnest(%(companies)s::text[]) AS company
)
SELECT id FROM person
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in with `PASSWORD`, and one of their companies."""

    id: int
    username: str
    company: str


def everything(company: str) -> Actor:
    """Somebody who may do everything in a company."""
    return Actor(id=f"user:of-{company}", tenant=TenantName(company), permissions=frozenset({"*"}))


def person(
    connection: psycopg.Connection, username: str, *companies: str, roles: list[str], password_hash: str
) -> Person:
    """Put somebody into the directory; the hash is made once for all people, because making it is meant to be slow."""
    values = {"username": username, "password_hash": password_hash, "roles": roles, "companies": list(companies)}
    row = connection.execute(_INSERT_PERSON, values).fetchone()
    assert row is not None
    return Person(row[0], username, companies[0] if companies else "")


def people(url: str, password_hash: str) -> dict[tuple[str, str], Person]:
    """One person of each role in each company, named `role.company`."""
    with psycopg.connect(url) as connection:
        return {
            (company, role): person(connection, f"{role}.{company}", company, roles=[role], password_hash=password_hash)
            for company in COMPANIES
            for role in ROLES
        }


async def until(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait until something is so that nobody tells us about; fails when it takes too long."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens outside of this event loop
            await asyncio.sleep(0.005)


def engine(url: str) -> Engine:
    """SQLAlchemy's door to a database, for looking at it from outside; it keeps no connection open."""
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


def name_of(url: str) -> str:
    """The name of the database at an address."""
    return urlsplit(url).path.removeprefix("/")


def url_of(database: str, url: str) -> str:
    """The address of another database of the same server, for the same role."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()
