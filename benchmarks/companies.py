"""Companies: making and migrating a thousand of them, against the same ALTER TABLE sent to each schema by hand."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.measuring import Figure
from foodflow.kernel.embedded import temporary_postgres
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.revisions import migrations_path

COMPANIES = 1000
PROMISED_SECONDS = 300
_REVISION = '''"""A column more."""

from alembic import op

revision = "2099_01_01_benchmark"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("ALTER TABLE production_lines ADD COLUMN benchmark text")
    op.execute("CREATE INDEX ix_benchmark ON production_lines (benchmark)")
'''


async def run() -> list[Figure]:
    """Both figures."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    with temporary_postgres(durable=True) as postgres, tempfile.TemporaryDirectory() as folder:
        migrator = Migrator(postgres.url)
        migrator.migrate_platform()
        started = time.perf_counter()
        for number in range(COMPANIES):
            migrator.create_tenant(f"company-{number}", f"Company {number}")
        made = time.perf_counter() - started
        by_hand = _by_hand(postgres.url)
        ahead = _with_one_more_revision(Path(folder), migrator.tenant.head)
        started = time.perf_counter()
        later = Migrator(postgres.url, path=ahead)
        later.migrate_platform()
        report = later.migrate_tenants(at_once=2)
        migrated = time.perf_counter() - started
    assert len(report.migrated) == COMPANIES, report.failures
    return [
        Figure("making a company", COMPANIES / made, COMPANIES / by_hand, "companies/s"),
        Figure(
            f"migrating {COMPANIES} companies",
            migrated,
            by_hand,
            "s",
            promise=f"under {PROMISED_SECONDS} s",
            kept=migrated < PROMISED_SECONDS,
        ),
    ]


def _by_hand(url: str) -> float:
    """The limit: the same statements on the same schemas, each in its own transaction, undone afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        schemas = [row[0] for row in connection.execute("SELECT schema_name FROM platform.tenants")]
        started = time.perf_counter()
        for schema in schemas:
            with connection.transaction():
                connection.execute(f"SET LOCAL ROLE {schema}")
                connection.execute(f"ALTER TABLE {schema}.production_lines ADD COLUMN by_hand text")
                connection.execute(f"CREATE INDEX ix_by_hand ON {schema}.production_lines (by_hand)")
        took = time.perf_counter() - started
        for schema in schemas:
            with connection.transaction():
                connection.execute(f"SET LOCAL ROLE {schema}")
                connection.execute(f"ALTER TABLE {schema}.production_lines DROP COLUMN by_hand")
    return took


def _with_one_more_revision(folder: Path, head: str) -> Path:
    copy = folder / "migrations"
    shutil.copytree(migrations_path(), copy)
    (copy / "tenant" / "2099_01_01_benchmark.py").write_text(_REVISION.format(head=head))
    return copy
