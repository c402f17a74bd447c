"""What companies had recorded of batches before these could be held stays, and is part of the new records."""

import shutil
from pathlib import Path

import psycopg

from foodflow.kernel.embedded import EmbeddedPostgres
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.revisions import migrations_path
from tests import make
from tests.migrations.make import tree

OLD = """
SET search_path = t_demo;
INSERT INTO production_lines (id, line_number, name, description, plant_name, location, is_active, created_at,
        updated_at)
    VALUES (gen_random_uuid(), 'L', 'Line', '', '', '', true, now(), now());
INSERT INTO production_batches (id, batch_number, work_order_number, product_code, product_name, line_id, status,
        actual_start_time, actual_end_time, target_quantity, good_quantity, scrap_quantity, operator_name, shift, notes,
        created_at, updated_at)
    SELECT gen_random_uuid(), number, '', 'P', 'P', line.id, old.status, began::timestamptz, ended::timestamptz, 10,
        5, 1, '', '', '', now(), now()
    FROM production_lines AS line CROSS JOIN (VALUES
        ('planned', 'planned', NULL, NULL),
        ('made', 'completed', '2026-01-01 06:00Z', '2026-01-01 08:00Z'),
        ('making', 'in_progress', '2026-01-02 06:00Z', NULL)
    ) AS old (number, status, began, ended);
INSERT INTO production_counts (id, line_id, batch_id, at, good, scrap, scrap_reason, recorded_by)
    SELECT gen_random_uuid(), line_id, id, '2026-01-01 07:00Z', 5, 1, '', 'user:1'
    FROM production_batches WHERE batch_number = 'made';
"""
RUNS = """
SELECT b.batch_number, r.start_time = b.actual_start_time, r.end_time IS NOT DISTINCT FROM b.actual_end_time,
    (SELECT array_agg(m.to_status ORDER BY m.number) FROM t_demo.batch_moves AS m WHERE m.batch_id = b.id),
    b.rework_quantity
FROM t_demo.production_batches AS b JOIN t_demo.batch_runs AS r ON r.batch_id = b.id ORDER BY b.batch_number
"""


def add_revisions(root: Path, *, before: str = "9") -> None:
    for file in (migrations_path() / "tenant").glob("*.py"):
        if file.name < before:
            shutil.copy(file, root / "tenant" / file.name)


def test_batches_that_were_begun_before_have_had_their_line(
    empty_database_url: str, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    add_revisions(root, before="2026_11_26")
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    migrator.create_tenant("demo", "Demo")
    address = make.url_of(make.name_of(empty_database_url), postgres.superuser_url)
    with psycopg.connect(address, autocommit=True) as superuser:
        superuser.execute(OLD)
        add_revisions(root)
        migrator = Migrator(empty_database_url, path=root)
        migrator.migrate_platform()
        report = migrator.migrate_tenants()
        assert (report.migrated, report.failures) == (["demo"], [])
        rows = superuser.execute(RUNS).fetchall()
    assert rows == [("made", True, True, ["in_progress", "completed"], 0), ("making", True, True, ["in_progress"], 0)]
