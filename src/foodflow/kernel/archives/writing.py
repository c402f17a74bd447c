"""Making an archive, out of one moment of a company, however long it takes and whoever goes on writing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

import psycopg
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

from foodflow.kernel import clock
from foodflow.kernel.archives.manifest import DIRECTORY, MANIFEST, File, Manifest, TableFile, path_of
from foodflow.kernel.archives.tables import ESTIMATE, LEFT_OUT, READABLE, TABLES, Table
from foodflow.kernel.errors import Conflict
from foodflow.kernel.founding import CompanyUnknown, acting_as
from foodflow.kernel.tenancy import TenantName, schema_name

Progress = Callable[[int, int], None]
"""Told how many rows are done, of about how many."""

_AT_ONCE = 1 << 18
_FASTEST = 1
_COMPANY = text("SELECT name, schema_revision FROM platform.tenants WHERE slug = :slug")
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('archive'), hashtext(:slug))")
_POSITION = text(
    "SELECT coalesce(s.last_value + s.increment_by, s.start_value) FROM pg_sequences AS s"
    " WHERE format('%I.%I', s.schemaname, s.sequencename) = pg_get_serial_sequence(format('%I', CAST(:t AS text)), :c)"
)


class ExportRuns(Conflict):
    """An export of this company is under way already."""

    code = "company.export_runs"


def write(
    url: str, tenant: TenantName, directory: bytes, file: BinaryIO, *, progress: Progress = lambda *_: None
) -> Manifest:
    """Write a company's archive into a file, with a directory that was made before; blocks, in little memory.

    On a connection of its own: a long export takes none of those that requests wait for.
    """
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with (
        _snapshot(engine) as connection,
        ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_FASTEST) as archive,
    ):
        company = connection.execute(_COMPANY, {"slug": tenant}).one_or_none()
        if company is None:
            raise CompanyUnknown(f"there is no company {tenant}")
        if not connection.scalar(_ALONE, {"slug": tenant}):
            raise ExportRuns(f"an export of {tenant} is under way already; try again when it is done")
        held = _add(archive, DIRECTORY, [directory])
        with acting_as(connection, schema_name(tenant)):
            tables = tuple(_tables(connection, tenant, archive, progress))
        manifest = Manifest(
            product=version("foodflow"),
            revision=company.schema_revision,
            slug=tenant,
            name=company.name,
            made_at=clock.now(),
            directory=held,
            tables=tables,
        )
        archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _snapshot(engine: Engine) -> Connection:
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _tables(connection: Connection, tenant: TenantName, archive: ZipFile, progress: Progress) -> Iterator[TableFile]:
    connection.execute(text(READABLE))
    schema = {"schema": schema_name(tenant)}
    about, done = connection.scalar(text(ESTIMATE), schema) or 0, 0
    for table in (Table(*row) for row in connection.execute(text(TABLES), schema).all()):
        if table.name in LEFT_OUT:
            continue
        rows = _Rows(connection, table, partial(_tell, progress, done, about))
        held = _add(archive, path_of(table.name), rows)
        numbers = {column: connection.scalar(_POSITION, {"t": table.name, "c": column}) for column in table.numbered}
        done += rows.count
        shape = {"columns": table.columns, "rows": rows.count, "months": table.months, "numbers": numbers}
        yield TableFile.model_validate({"name": table.name, **held.model_dump(), **shape})


def _tell(progress: Progress, before: int, about: int, count: int) -> None:
    progress(before + count, about)


class _Rows:
    """The rows of a table as pieces of CSV, and afterwards how many there were."""

    def __init__(self, connection: Connection, table: Table, told: Callable[[int], None]) -> None:
        self._connection, self._table, self._told = connection, table, told
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        """A row comes at a time; they are gathered, because each piece costs much more than its bytes."""
        driver: psycopg.Connection[tuple[object, ...]] = self._connection.connection.driver_connection  # type: ignore[assignment]
        gathered, rows = bytearray(), -1  # the header is no row
        with driver.cursor() as cursor, cursor.copy(self._table.copy_out) as copy:
            for row in copy:
                gathered += row
                rows += 1
                if len(gathered) >= _AT_ONCE:
                    yield bytes(gathered)
                    gathered.clear()
                    self._told(rows)
        yield bytes(gathered)
        self.count = rows
        self._told(rows)


def _add(archive: ZipFile, name: str, pieces: Iterable[bytes]) -> File:
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as member:
        for piece in pieces:
            digest.update(piece)
            size += member.write(piece)
    return File(bytes=size, sha256=digest.hexdigest())
