"""Makes a company with something in every kind of table, its archive, and archives that somebody tampered with."""

import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any, Final

import psycopg

from foodflow.kernel.archives import reading, restoring
from foodflow.kernel.archives.manifest import path_of
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.tenancy import TenantName, schema_name

Json = dict[str, Any]

ODD: Final = "\\.\n\"; DROP TABLE sensors; --\t\\N,''=1+1 ü\x1b"
MONTHS: Final = ("2024_01", "2024_02", "2024_03")

_LINE = """
INSERT INTO production_lines
    (id, line_number, name, description, plant_name, location, is_active, created_at, updated_at)
VALUES (gen_random_uuid(), %(number)s, %(odd)s, '', '\\.', '\\N', true, now(), now()) RETURNING id
"""
_SENSOR = """
INSERT INTO sensors (id, line_id, sensor_code, name, sensor_type, location, position, unit_of_measure, min_value,
                     max_value, is_active, last_breach, created_at, updated_at)
SELECT gen_random_uuid(), %(line)s, 'T' || n, '', 'temperature', '', '', 'Cel', 0.1::float8 + 0.2::float8, 1e300,
       true, 0, now(), now() FROM generate_series(1, 3) AS n
"""
_MONTH = """
CREATE TABLE reading_blocks_{month} (LIKE reading_blocks INCLUDING ALL);
ALTER TABLE reading_blocks ATTACH PARTITION reading_blocks_{month} FOR VALUES FROM ('{start} UTC') TO ('{end} UTC')
"""
_READINGS = """
INSERT INTO reading_blocks (sensor_key, first, last, received, step, count, values)
SELECT 1 + n %% 2, at, at, '-infinity', 0, 1, float8send(sin(n)) FROM generate_series(1, %(count)s) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2024-01-01 00:00:00+00' + n * interval '20 seconds' AS at) AS moment
"""


def fill(url: str, tenant: TenantName, *, readings: int = 1000) -> None:
    """Lines, sensors (of which the last is gone) and readings of three months."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT set_config('role', %s, true), set_config('search_path', %s, true)", [schema_name(tenant)] * 2
        )
        line = connection.execute(_LINE, {"number": "L1", "odd": ODD}).fetchone()
        assert line is not None
        connection.execute(_SENSOR, {"line": line[0]})
        connection.execute("DELETE FROM sensors WHERE key = 3")
        for number, month in enumerate(MONTHS, start=1):
            bounds = {"start": f"2024-{number:02}-01", "end": f"2024-{number + 1:02}-01"}
            connection.execute(_MONTH.format(month=month, **bounds))
        connection.execute(_READINGS, {"count": readings})


def rows_of(url: str, tenant: TenantName) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in order."""
    with psycopg.connect(url) as connection:
        schema = schema_name(tenant)
        connection.execute("SELECT set_config('role', %s, true), set_config('search_path', %s, true)", [schema] * 2)
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        return {name: sorted(connection.execute(f'SELECT t::text FROM "{name}" AS t').fetchall()) for (name,) in names}


async def restore(database: Database, archive: bytes, slug: str) -> TenantName:
    """The company that an archive has become."""
    async with platform_transaction(database) as session:
        tenant, _ = await restoring.restore(session, reading.check(io.BytesIO(archive)), slug, "Copy")
    return tenant


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def files_of(archive: bytes) -> dict[str, bytes]:
    """What a ZIP holds, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as given:
        return {info.filename: given.read(info) for info in given.infolist()}


def manifest_of(archive: bytes) -> Json:
    """What an archive says of itself."""
    manifest: Json = json.loads(files_of(archive)["manifest.json"])
    return manifest


def changed(archive: bytes, name: str, content: bytes, *, said: bool = True) -> bytes:
    """The archive with another file; its manifest says so, unless it is not to."""
    files = files_of(archive) | {name: content}
    if said:
        manifest = manifest_of(archive)
        about = next((each for each in manifest["tables"] if name == path_of(each["name"])), manifest["directory"])
        about |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        files["manifest.json"] = json.dumps(manifest).encode()
    return zipped(files)


def without(archive: bytes, name: str) -> bytes:
    """The archive without a file."""
    return zipped({each: content for each, content in files_of(archive).items() if each != name})


def told(archive: bytes, change: Callable[[Json], object]) -> bytes:
    """The archive with another manifest."""
    manifest = manifest_of(archive)
    change(manifest)
    return changed(archive, "manifest.json", json.dumps(manifest).encode(), said=False)


def table(manifest: Json, name: str) -> Json:
    """What a manifest says of a table."""
    found: Json = next(each for each in manifest["tables"] if each["name"] == name)
    return found


def peak(work: Callable[[], object]) -> int:
    """The most memory, in bytes, that Python held for this work at once."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def xlsx() -> bytes:
    """A spreadsheet whose one sheet would be billions of characters long."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9)
    )
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": bomb + b"]><x>&j;</x>"})
