"""A database with one company, on a PostgreSQL that keeps what it acknowledges."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from foodflow import composition
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database
from foodflow.kernel.embedded import EmbeddedPostgres, temporary_postgres
from foodflow.kernel.migrations import Migrator


@dataclass(frozen=True, slots=True)
class Installation:
    """The server, its database, and somebody who may do everything in the company `demo`."""

    postgres: EmbeddedPostgres
    database: Database
    actor: Actor


@asynccontextmanager
async def installation() -> AsyncIterator[Installation]:
    """Durable: every commit is on disk before it is acknowledged, as in production."""
    with temporary_postgres(durable=True) as postgres:
        migrator = Migrator(postgres.url)
        migrator.migrate_platform()
        tenant = migrator.create_tenant("demo", "Demo")
        database = Database(postgres.url, listeners=composition.LISTENERS)
        try:
            yield Installation(postgres, database, system_actor(tenant, "benchmark"))
        finally:
            await database.close()
