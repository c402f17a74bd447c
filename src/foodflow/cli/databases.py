"""The database that a command works on: the configured one, the running one, or the embedded one meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from foodflow import composition, preparation
from foodflow.kernel import lifeline
from foodflow.kernel.db import Database
from foodflow.kernel.embedded import EmbeddedPostgres
from foodflow.settings import Settings, load_settings
from foodflow.supervisor import say


@contextmanager
def reachable_database() -> Iterator[str]:
    """The URL of the database of this installation, prepared; an embedded one that is not running runs meanwhile."""
    settings = load_settings()
    if settings.database_url is not None:
        yield settings.database_url
        return
    lock = lifeline.lock_of(settings.home)
    if lifeline.holder(lock) is not None:
        yield EmbeddedPostgres(settings.home).url
        return
    with lifeline.hold(lock, address="a command"):
        postgres = EmbeddedPostgres(settings.home)
        postgres.start()
        try:
            _prepare(settings, postgres.url)
            yield postgres.url
        finally:
            postgres.stop()


def _prepare(settings: Settings, url: str) -> None:
    for line in preparation.prepare(settings.model_copy(update={"database_url": url})):
        say(line)


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
