"""`tools.migrations` sees where migrations and tables differ, and writes the revision that mends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from foodflow.kernel.embedded import EmbeddedPostgres
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA
from tests import make
from tests.migrations.make import revision, tree
from tools.migrations import COMPANY, NOT_MAPPED, TREES, Tree, differences, new, revision_name


@pytest.fixture
def connection(postgres: EmbeddedPostgres, empty_database_url: str) -> Iterator[Connection]:
    """A migrated database with one company, as its superuser."""
    migrator = Migrator(empty_database_url)
    migrator.migrate_platform()
    migrator.create_tenant(COMPANY, "A company to look at")
    with make.engine(make.url_of(make.name_of(empty_database_url), postgres.superuser_url)).connect() as connection:
        yield connection


def test_migrations_and_tables_say_the_same(connection: Connection) -> None:
    assert list(differences(connection)) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE platform.users ADD COLUMN nickname text", "platform: migrations say column | users | nickname"),
        ("ALTER TABLE platform.users DROP COLUMN last_name", "platform: tables say column | users | last_name"),
        (
            "ALTER TABLE platform.users ALTER email TYPE varchar(9)",
            "platform: tables say column | users | email | text",
        ),
        ("DROP INDEX platform.ix_tokens_family", "platform: tables say index | tokens | ix_tokens_family"),
        (
            "ALTER TABLE platform.tokens DROP CONSTRAINT ck_tokens_kind",
            "platform: tables say constraint | tokens | ck_",
        ),
        ("CREATE TABLE platform.extra ()", "platform: migrations say relation | extra"),
        ("CREATE TABLE tenant_template.extra ()", "clone: the template alone has relation | extra"),
        (f"UPDATE t_{COMPANY}.audit_head SET sequence = 7", "clone: a new company alone has row | audit_head | (t,7"),
        (f"CREATE VIEW t_{COMPANY}.extra AS SELECT 1", "clone: a new company alone has relation | extra | v"),
    ],
)
def test_a_difference_is_named(connection: Connection, change: str, found: str) -> None:
    connection.execute(text(change))
    assert any(line.startswith(found) for line in differences(connection))


def test_every_table_that_is_set_apart_exists(connection: Connection) -> None:
    for tree_, tables in NOT_MAPPED.items():
        for table in tables:
            assert connection.scalar(text(f"SELECT to_regclass('{TREES[tree_].schema}.{table}')")) is not None


def test_a_new_revision_follows_the_head_and_makes_the_tables(empty_database_url: str, tmp_path: Path) -> None:
    root = tree(tmp_path)
    revision(root, "2001_01_01_first", "SELECT 1")
    metadata = MetaData()
    Table(
        "things",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("at", TIMESTAMP(timezone=True), nullable=False),
        Column("name", Text, server_default="it's"),
    )
    file = new(Tree("tenant", metadata, TEMPLATE_SCHEMA), "Things, and when.", root=root)
    assert file.name == f"{revision_name('things and when')}.py"
    assert file.read_text().startswith('"""Things, and when."""')
    migrator = Migrator(empty_database_url, path=root)
    assert migrator.tenant.head == file.stem
    migrator.migrate_platform()
    with make.engine(empty_database_url).begin() as connection:
        connection.execute(text("SET LOCAL ROLE tenant_template"))
        columns = {column["name"] for column in sqlalchemy.inspect(connection).get_columns("things", TEMPLATE_SCHEMA)}
    assert columns == {"id", "at", "name"}
