"""Migrations stand alone, are named by their day, and put nothing into a company's schema that cannot be cloned."""

import pytest

from tests.tools.checks.make import found
from tools.checks import migration_files

TENANT = "migrations/tenant/2026_03_01_batches.py"
PLATFORM = "migrations/platform/2026_03_01_users.py"


@pytest.mark.parametrize(
    "source",
    [
        "import foodflow.kernel.db",
        "from foodflow.plant import rules",
        "from foodflow import kernel",
        "from . import other",
    ],
)
@pytest.mark.parametrize("path", [TENANT, PLATFORM])
def test_a_migration_that_imports_the_code_is_found(path: str, source: str) -> None:
    assert found(migration_files.imports, {path: source}) == [(path, 1)]


def test_a_migration_that_imports_libraries_passes_and_code_may_import_code() -> None:
    files = {
        TENANT: "import sqlalchemy\nfrom alembic import op\n",
        "src/foodflow/main.py": "import foodflow.kernel.db\n",
    }
    assert not found(migration_files.imports, files)


@pytest.mark.parametrize(
    "name", ["0001_batches", "2026_13_01_batches", "2026_03_01", "2026_3_1_batches", "2026_03_01_Batches"]
)
def test_a_migration_that_is_not_named_by_its_day_is_found(name: str) -> None:
    path = f"migrations/tenant/{name}.py"
    assert found(migration_files.names, {path: ""}) == [(path, 1)]


@pytest.mark.parametrize("path", [TENANT, "migrations/platform/versions/2026_12_31_what_it_adds_2.py"])
def test_a_migration_that_is_named_by_its_day_passes(path: str) -> None:
    assert not found(migration_files.names, {path: ""})


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t BEFORE UPDATE ON lines",
        "create or replace function f() returns int",
        "CREATE TYPE status AS ENUM ('idle')",
        "CREATE TABLE lines (id bigserial)",
    ],
)
def test_what_a_companys_schema_cannot_hold_is_found(statement: str) -> None:
    assert found(migration_files.per_company, {TENANT: f'op.execute("{statement}")'}) == [(TENANT, 1)]


def test_the_platform_may_have_functions_and_a_company_has_tables() -> None:
    files = {
        PLATFORM: 'op.execute("CREATE FUNCTION platform.tell() RETURNS void")',
        TENANT: 'op.execute("CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY, type text, function text)")',
    }
    assert not found(migration_files.per_company, files)
