"""Fixtures of all tests: one PostgreSQL for the run, and for each module a database of its own with two companies."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from uuid import uuid4

import httpx
import hypothesis
import psycopg
import pytest
import structlog
from fastapi import FastAPI
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.typing import EventDict

from foodflow import composition
from foodflow.kernel import credentials, events, garbage
from foodflow.kernel.actor import Actor
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import Database, enter_tenant, platform_transaction
from foodflow.kernel.embedded import EmbeddedPostgres, temporary_postgres
from foodflow.kernel.migrations import Migrator
from foodflow.main import create_app
from foodflow.settings import Settings
from tests import make
from tests.make import Person

ClientOf = Callable[..., httpx.AsyncClient]

# Thousands of tests are many objects that stay: what is garbage is looked for less often, and not among them.
garbage.look_less_often()

# How long an example takes says something of the machine alone.
hypothesis.settings.register_profile("foodflow", deadline=None)
hypothesis.settings.load_profile("foodflow")


def _what_went_wrong(_logger: object, method: str, event: EventDict) -> EventDict:
    """Thousands of calls that went well need not be drawn; tests that look at logs capture them before this."""
    if method in {"debug", "info"}:
        raise structlog.DropEvent
    return event


# What goes wrong is told as Python tells it; drawn with every local variable, one traceback takes seconds.
_plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[_what_went_wrong, *structlog.get_config()["processors"][:-1], _plain])


LONGEST = (
    "test_acknowledged_is_kept.py",
    "test_access_matrix.py",
    "test_ending.py",
    "test_interface_by_schema.py",
    "test_live_session_pages.py",
    "test_nothing_is_lost.py",
    "test_votes_survive.py",
)
"""Files whose tests are few and long; begun last, one core would wait for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those with the most tests: the order in which they are handed to the cores."""
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.name not in LONGEST, -size[item.path], item.path))


def pytest_collection_finish() -> None:
    """What is there now stays until the end."""
    garbage.let_stay()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The PostgreSQL of this run."""
    with temporary_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of `make.PASSWORD`, made once."""
    return credentials.hash_password(make.PASSWORD)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres, password_hash: str) -> tuple[str, dict[tuple[str, str], Person]]:
    """A migrated database with both companies and one person of each role, for others to be copied from."""
    migrator = Migrator(postgres.url)
    migrator.migrate_platform()
    for company in make.COMPANIES:
        migrator.create_tenant(company, company.title())
    return "foodflow", make.people(postgres.url, password_hash)


@pytest.fixture(scope="session")
def people(template: tuple[str, dict[tuple[str, str], Person]]) -> dict[tuple[str, str], Person]:
    """Everybody who is in each module's database, by company and role."""
    return template[1]


@contextmanager
def _database(server: EmbeddedPostgres, template: str | None) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER foodflow STRATEGY FILE_COPY")
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template or "template0")))
        yield make.url_of(name, server.url)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def database_url(postgres: EmbeddedPostgres, template: tuple[str, object]) -> Iterator[str]:
    """The address of this module's own migrated database."""
    with _database(postgres, template[0]) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of a database that nothing has been done to, for this test alone."""
    with _database(postgres, None) as url:
        yield url


@pytest.fixture(scope="module")
def superuser_url(postgres: EmbeddedPostgres, database_url: str) -> str:
    """The module's database as PostgreSQL's superuser, for tampering and for looking on."""
    return make.url_of(make.name_of(database_url), postgres.superuser_url)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    """The module's database, with the product's listeners."""
    database = Database(database_url, listeners=composition.LISTENERS)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def demo() -> Actor:
    """Somebody who may do everything in the company `demo`."""
    return make.everything("demo")


@pytest.fixture(scope="session")
def akron() -> Actor:
    """Somebody who may do everything in the company `akron`."""
    return make.everything("akron")


@pytest.fixture
async def session(database: Database, demo: Actor) -> AsyncIterator[AsyncSession]:
    """A transaction in `demo` that is rolled back."""
    async with AsyncSession(database.engine, expire_on_commit=False) as session:
        await enter_tenant(session, demo)
        events.listen(session, database.listeners)
        yield session
        await session.rollback()


@pytest.fixture
async def platform_session(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction on the tables that all companies share, which is rolled back."""
    async with platform_transaction(database) as session:
        yield session
        await session.rollback()


@pytest.fixture(scope="module")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of this module's application."""
    plenty = "1000000/minute"
    return Settings(
        database_url=database_url,
        secret_key=SecretStr(make.SECRET_KEY),
        home=tmp_path_factory.mktemp("home"),
        rate_per_address=plenty,
        rate_per_credential=plenty,
        rate_per_company=plenty,
    )


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application on the module's database, started."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        await app.state.hub.listening.wait()
        yield app


@pytest.fixture
async def client_of(app: FastAPI, people: dict[tuple[str, str], Person]) -> AsyncIterator[ClientOf]:
    """Makes clients: `client_of("viewer")`, `client_of("operator", company="akron")`, `client_of(None)` for nobody."""
    async with AsyncExitStack() as open_clients:

        def client_of(role: str | None, *, company: str = "demo") -> httpx.AsyncClient:
            headers = {}
            if role is not None:
                claims = AccessClaims(people[company, role].id, company)
                headers["Authorization"] = f"Bearer {credentials.sign_access_token(make.SECRET_KEY, claims)}"
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://foodflow.test", headers=headers)
            open_clients.push_async_callback(client.aclose)
            return client

        yield client_of


@pytest.fixture
def client(client_of: ClientOf) -> httpx.AsyncClient:
    """An administrator of `demo`, over HTTP."""
    return client_of("administrator")


@pytest.fixture
def akron_client(client_of: ClientOf) -> httpx.AsyncClient:
    """An administrator of `akron`, over HTTP."""
    return client_of("administrator", company="akron")


@pytest.fixture
def anonymous_client(client_of: ClientOf) -> httpx.AsyncClient:
    """Somebody who is not signed in, over HTTP."""
    return client_of(None)
