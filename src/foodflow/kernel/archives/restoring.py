"""An archive as a new company, within one transaction: all of it, or nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, founding
from foodflow.kernel.actor import system_actor
from foodflow.kernel.archives.manifest import BadArchive, Manifest, OtherRevision, TableFile
from foodflow.kernel.archives.reading import Archive
from foodflow.kernel.archives.tables import LEFT_OUT, READABLE, TABLES, Table
from foodflow.kernel.archives.writing import Progress
from foodflow.kernel.audit import Verdict
from foodflow.kernel.cloning import Clone
from foodflow.kernel.db import driver_connection, enter_platform, enter_tenant
from foodflow.kernel.partitions import ensure_months
from foodflow.kernel.revisions import trees
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA, TenantName

_AUDIT_PAGE = 500
_NO_LIMIT = "0"


async def restore(
    session: AsyncSession, archive: Archive, slug: str, name: str, *, progress: Progress = lambda *_: None
) -> tuple[TenantName, Verdict]:
    """Found a company out of an archive, in a transaction of the login role; tells what was found of its audit trail.

    What its rows break (a constraint, a type, the chain of the trail) refuses the archive, and the transaction ends.
    """
    tables = await _tables_to_fill(session, archive.manifest)
    tenant, clone = await _found(session, slug, name)
    await enter_tenant(session, system_actor(tenant, "import"), statement_timeout=_NO_LIMIT)
    await session.execute(text(READABLE))
    total, done = sum(said.rows for said in archive.manifest.tables), 0
    for said in archive.manifest.tables:
        progress(done, total)
        async with _violations_refused(said.name):
            await _fill(session, archive, tables[said.name], said)
        done += said.rows
    await _finish(session, clone, archive.manifest, tables)
    verdict = await audit.verify(session, page=_AUDIT_PAGE)
    if verdict.first_bad is not None:
        raise BadArchive(f"its audit trail does not hold: entry {verdict.first_bad}: {verdict.reason}")
    await enter_platform(session)
    progress(total, total)
    return tenant, verdict


async def _tables_to_fill(session: AsyncSession, manifest: Manifest) -> dict[str, Table]:
    head = trees()[TEMPLATE_SCHEMA].head
    if manifest.revision != head:
        raise OtherRevision(
            f"the archive is of FoodFlow {manifest.product} (tables at {manifest.revision}), and this one has its"
            f" tables at {head}; bring both to one version and export it again"
        )
    rows = (await session.execute(text(TABLES), {"schema": TEMPLATE_SCHEMA})).all()
    tables = {row.name: Table(*row) for row in rows if row.name not in LEFT_OUT}
    said = {table.name: sorted(table.columns) for table in manifest.tables}
    if len(said) != len(manifest.tables) or said != {name: sorted(each.columns) for name, each in tables.items()}:
        raise BadArchive("the archive holds other tables or columns than a company of its revision has")
    if any(table.months and not tables[table.name].is_parted for table in manifest.tables):
        raise BadArchive("the archive parts a table into months that is not parted")
    return tables


async def _found(session: AsyncSession, slug: str, name: str) -> tuple[TenantName, Clone]:
    connection = await session.connection()
    return await connection.run_sync(founding.found, slug, name)


async def _fill(session: AsyncSession, archive: Archive, table: Table, said: TableFile) -> None:
    """The database counts the rows, so nothing within the file ends the copying early and unnoticed."""
    await ensure_months(session, table.name, said.months)
    driver: psycopg.AsyncConnection[tuple[object, ...]] = await driver_connection(session)
    pieces = archive.pieces(said.path)
    async with driver.cursor() as cursor:
        async with cursor.copy(table.copy_in(said.columns)) as copy:
            while piece := await asyncio.to_thread(_next, pieces):
                await copy.write(piece)
        if cursor.rowcount != said.rows:
            raise BadArchive(f"{said.path} holds {cursor.rowcount} rows, not {said.rows}")


def _next(pieces: Iterator[bytes]) -> bytes:
    return next(pieces, b"")


async def _finish(session: AsyncSession, clone: Clone, manifest: Manifest, tables: dict[str, Table]) -> None:
    connection = await session.connection()
    async with _violations_refused("the whole"):
        await connection.run_sync(founding.run, clone.rest)
        for said in manifest.tables:
            for column in tables[said.name].numbered:
                await session.execute(text(tables[said.name].go_on(column)), {"next": said.numbers.get(column, 1)})


@asynccontextmanager
async def _violations_refused(what: str) -> AsyncIterator[None]:
    """What PostgreSQL says against the rows is said to whoever sent them; what is wrong with the server is not."""
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise _objection(what, error) from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.DataError | psycopg.IntegrityError):
            raise _objection(what, error.orig) from error
        raise


def _objection(what: str, error: psycopg.Error) -> BadArchive:
    return BadArchive(f"the rows of {what} are not taken: {error.diag.message_primary or 'they cannot be read'}")
