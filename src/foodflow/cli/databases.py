"""The database that a command works on: the configured one, the running one, or the embedded one meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.errors import InvalidSchemaName, UndefinedTable
from sqlalchemy.exc import DBAPIError

from foodflow import composition, preparation
from foodflow.kernel import lifeline
from foodflow.kernel.db import Database
from foodflow.kernel.embedded import EmbeddedPostgres, EmbeddedPostgresError
from foodflow.kernel.errors import Unavailable
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TenantName
from foodflow.settings import Settings, load_settings
from foodflow.supervisor import CannotStartError, say

_PATIENCE = 60.0
_TICK = 0.1


@contextmanager
def reachable_database() -> Iterator[str]:
    """The URL of the database of this installation, prepared; an embedded one that is not running runs meanwhile.

    What keeps the database from doing its work is refused in one line, also when it comes up while the block runs.
    """
    settings = load_settings()
    with _said_in_one_line():
        found = settings.database_url or _join_or_hold(settings.home)
        if isinstance(found, str):
            yield found
            return
        with found:
            postgres = EmbeddedPostgres(settings.home)
            postgres.start()
            try:
                _prepare(settings, postgres.url)
                yield postgres.url
            finally:
                postgres.stop()


def _join_or_hold(home: Path) -> str | lifeline.Hold:
    """The URL of the embedded database that another process runs, or the right to run it."""
    while (url := _running(home)) is None:
        with suppress(lifeline.AlreadyHeldError):  # by somebody who was quicker
            return lifeline.hold(lifeline.lock_of(home), address="a command")
    return url


@contextmanager
def _said_in_one_line() -> Iterator[None]:
    try:
        yield
    except (CannotStartError, EmbeddedPostgresError, lifeline.LifelineError) as error:
        raise Unavailable(str(error)) from error
    except (DBAPIError, psycopg.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(original, (InvalidSchemaName, UndefinedTable)):
            message = "the database is not prepared for this FoodFlow; `foodflow tenant migrate` prepares it"
            raise Unavailable(message) from error
        if isinstance(original, psycopg.OperationalError):
            raise Unavailable(f"the database cannot do this now: {' '.join(str(original).split())}") from error
        raise


def _running(home: Path) -> str | None:
    """The URL of the embedded database that another process runs, once it accepts connections; None if none does."""
    url, lock = EmbeddedPostgres(home).url, lifeline.lock_of(home)
    deadline = time.monotonic() + _PATIENCE
    while lifeline.holder(lock) is not None:
        if _accepts(url) or time.monotonic() > deadline:
            return url
        time.sleep(_TICK)
    return None


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _prepare(settings: Settings, url: str) -> None:
    for line in preparation.prepare(settings.model_copy(update={"database_url": url})):
        say(line)


def company_of(database: Database, named: str) -> TenantName:
    """The company that a command is for: the named one or, like callers who name none, the default one."""
    return Migrator(database.url).require_tenant(named or load_settings().default_tenant)


def with_database(work: Callable[[Database], Awaitable[None]]) -> None:
    """Run asynchronous work on this installation's database."""

    async def run(url: str) -> None:
        database = Database(url, pool_size=4, listeners=composition.LISTENERS)
        try:
            await work(database)
        finally:
            await database.close()

    with reachable_database() as url:
        asyncio.run(run(url))
