"""A whole company as one file, and such a file as a new company, for whoever has a place for the file."""

import asyncio
from typing import BinaryIO

from foodflow.identity.usecases import companies
from foodflow.identity.usecases.companies import Restored
from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.archives import reading, writing
from foodflow.kernel.archives.manifest import Manifest
from foodflow.kernel.archives.writing import Progress
from foodflow.kernel.db import Database, directory_transaction, platform_transaction, tenant_transaction

__all__ = ["Manifest", "Restored", "export", "restore"]


async def export(database: Database, actor: Actor, file: BinaryIO, *, progress: Progress = lambda *_: None) -> Manifest:
    """Write all that the actor's company owns into a file, in a thread, as it is at one moment."""
    async with platform_transaction(database) as session:
        directory = await companies.directory_of(session, actor.tenant)
    text = directory.model_dump_json(indent=1).encode()
    manifest = await asyncio.to_thread(writing.write, database.url, actor.tenant, text, file, progress=progress)
    async with tenant_transaction(database, actor) as session:
        rows = sum(table.rows for table in manifest.tables)
        audit.record(session, actor, "company.exported", actor.tenant, rows=rows)
    return manifest


async def restore(
    database: Database,
    actor: Actor,
    file: BinaryIO,
    slug: str,
    *,
    name: str = "",
    progress: Progress = lambda *_: None,
) -> Restored:
    """Make a company out of an archive, or refuse it and leave nothing behind; without a name it keeps its own."""
    archive = await asyncio.to_thread(reading.check, file)
    async with directory_transaction(database, actor) as session:
        return await companies.restore(session, actor, archive, slug, name=name, progress=progress)
