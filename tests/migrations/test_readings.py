"""Readings from before there were blocks come through the migration, each with its value, time and breach."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.revisions import migrations_path
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.packing import extents
from tests import make

LAST_BEFORE = "2026_11_20_answers"
BEGIN = datetime(2024, 1, 31, 20, tzinfo=UTC)
_LINE = """
INSERT INTO production_lines
    (id, line_number, name, description, plant_name, location, is_active, created_at, updated_at)
VALUES (gen_random_uuid(), 'L', 'L', '', '', '', true, now(), now()) RETURNING id
"""
_SENSOR = """
INSERT INTO sensors (id, line_id, sensor_code, name, sensor_type, location, position, unit_of_measure, is_active,
                     last_reading_time, last_reading_value, last_breach, created_at, updated_at)
VALUES (gen_random_uuid(), %s, 'S', 'S', 't', '', '', 'Cel', true, '2024-02-02', 1, 0, now(), now()) RETURNING key
"""
_MONTH = """
CREATE TABLE readings_{month} (LIKE readings INCLUDING ALL);
ALTER TABLE readings ATTACH PARTITION readings_{month} FOR VALUES FROM ('{start} UTC') TO ('{end} UTC')
"""


def before(tmp_path: Path) -> Path:
    """The migrations as they were before readings lay in blocks."""
    root = tmp_path / "migrations"
    shutil.copytree(migrations_path(), root)
    for file in (root / "tenant").glob("2026_11_*.py"):
        if file.stem > LAST_BEFORE and not file.stem.startswith("2026_11_20"):
            file.unlink()
    return root


def rows_of(sensor_key: int) -> list[tuple[int, datetime, float, int]]:
    """Ten thousand a second apart across the end of a month, and some that are not evenly apart, in another month."""
    even = [(sensor_key, BEGIN + timedelta(seconds=n), n / 7, (n > 100) - (n > 200)) for n in range(20_000)]
    odd = [(sensor_key, BEGIN + timedelta(days=40, microseconds=n**3), -0.0 if n else 1e-300, -1) for n in range(50)]
    return even + odd


async def test_readings_are_kept_to_the_last_bit(empty_database_url: str, tmp_path: Path) -> None:
    old = Migrator(empty_database_url, path=before(tmp_path))
    old.migrate_platform()
    tenant = old.create_tenant("old", "Old")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("SELECT set_config('role', 't_old', true), set_config('search_path', 't_old', true)")
        line = connection.execute(_LINE).fetchone()
        assert line is not None
        found = connection.execute(_SENSOR, line).fetchone()
        assert found is not None
        for number, month in enumerate(("2024_01", "2024_02", "2024_03"), start=1):
            bounds = {"start": f"2024-{number:02}-01", "end": f"2024-{number + 1:02}-01"}
            connection.execute(_MONTH.format(month=month, **bounds))
        rows = rows_of(found[0])
        with connection.cursor() as cursor, cursor.copy("COPY readings FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    now = Migrator(empty_database_url)
    now.migrate_platform()
    assert now.migrate_tenants().failures == []
    database = Database(empty_database_url)
    async with tenant_transaction(database, make.everything(tenant)) as session:
        kept = await queries.readings(session, found[0], start=None, end=None, descending=False, limit=100_000)
        assert [(each.time, repr(each.value), each.breach) for each in kept] == [
            (time, repr(value), breach) for _, time, value, breach in rows
        ]
        assert {(each.status, each.received, each.late) for each in kept} == {(0, None, False)}
        assert [each.count for each in await extents(session, found[0], BEGIN.replace(hour=0))] == [4096] * 3 + [2112]
    await database.close()
