"""Tables relate within their context, load on demand, and know neither native enums nor the platform's tables."""

import pytest

from tests.tools.checks.make import found
from tools.checks import mapping

TABLES = "src/foodflow/plant/tables.py"
IDENTITY = "src/foodflow/identity/tables.py"
USER = "class User(PlatformTable):\n    pass\n"


def relation(declaration: str) -> dict[str, str]:
    source = f"""\
from sqlalchemy.orm import Mapped, relationship
class Batch: pass
class Line:
    {declaration}
"""
    return {TABLES: source, IDENTITY: USER}


@pytest.mark.parametrize(
    "declaration",
    [
        'user: Mapped[User] = relationship(lazy="raise")',
        'user: Mapped["list[User]"] = relationship(lazy="raise")',
        'user = relationship("User", lazy="raise")',
        'user = relationship(User, lazy="raise")',
        'user = relationship(lambda: User, lazy="raise")',
        'user = relationship("foodflow.identity.tables.User", lazy="raise")',
    ],
)
def test_a_relation_to_another_contexts_table_is_found(declaration: str) -> None:
    assert found(mapping.relationships, relation(declaration)) == [(TABLES, 4)]


@pytest.mark.parametrize(
    "declaration",
    [
        'batches: Mapped[list["Batch"]] = relationship(lazy="raise")',
        'batch: Mapped["Batch | None"] = relationship(lazy="raise")',
        'batch = relationship("Batch", lazy="raise")',
    ],
)
def test_a_relation_within_the_context_that_raises_passes(declaration: str) -> None:
    assert not found(mapping.relationships, relation(declaration))


@pytest.mark.parametrize("loading", ["", 'lazy="selectin"', "lazy=True", 'lazy="raise_on_sql"'])
def test_a_relation_that_loads_by_itself_is_found(loading: str) -> None:
    assert found(mapping.relationships, relation(f'batch: Mapped["Batch"] = relationship({loading})')) == [(TABLES, 4)]


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import Enum\ncolumn(Enum(Status))\n",
        "import sqlalchemy as sa\ncolumn(sa.Enum('a', 'b'))\n",
        "from sqlalchemy.dialects import postgresql\ncolumn(postgresql.ENUM('a'))\n",
        "from sqlalchemy.dialects.postgresql import ENUM\ncolumn(ENUM('a'))\n",
    ],
)
@pytest.mark.parametrize("path", [TABLES, "migrations/tenant/2026_01_01_lines.py"])
def test_a_native_enum_is_found(path: str, source: str) -> None:
    assert found(mapping.native_enums, {path: source}) == [(path, 2)]


def test_an_enum_class_as_the_type_of_a_column_is_found() -> None:
    rules = "from enum import StrEnum\nclass Status(StrEnum):\n    IDLE = 'idle'\n"
    files = {
        "src/foodflow/plant/rules.py": rules,
        TABLES: "class Line:\n    status: Mapped[Status] = mapped_column()\n",
    }
    assert found(mapping.native_enums, files) == [(TABLES, 2)]


def test_texts_and_pythons_own_enums_pass() -> None:
    rules = "from enum import Enum\nclass Status(Enum):\n    IDLE = 'idle'\n"
    tables = (
        "class Line:\n    status: Mapped[str] = mapped_column()\n    kept: Mapped[Status] = mapped_column(StatusText)\n"
    )
    assert not found(mapping.native_enums, {"src/foodflow/plant/rules.py": rules, TABLES: tables})


@pytest.mark.parametrize(
    "column",
    [
        'mapped_column(ForeignKey("platform.users.id"))',
        'mapped_column(ForeignKey("jobs.procrastinate_jobs.id"))',
        "mapped_column(ForeignKey(User.id))",
        'ForeignKeyConstraint(["user_id"], ["platform.users.id"])',
    ],
)
def test_a_companys_table_that_refers_to_the_platform_is_found(column: str) -> None:
    source = (
        f"from sqlalchemy import ForeignKey, ForeignKeyConstraint\nclass Line(TenantTable):\n    user_id = {column}\n"
    )
    assert found(mapping.foreign_keys_to_platform, {TABLES: source, IDENTITY: USER}) == [(TABLES, 3)]


def test_references_within_the_company_and_within_the_platform_pass() -> None:
    key = "from sqlalchemy import ForeignKey\nclass {}:\n    id = mapped_column(ForeignKey({!r}))\n"
    files = {
        TABLES: key.format("Batch(TenantTable)", "lines.id"),
        IDENTITY: key.format("Token(PlatformTable)", "platform.users.id"),
    }
    assert not found(mapping.foreign_keys_to_platform, files)


@pytest.mark.parametrize(
    "statement",
    [
        'op.execute("CREATE TABLE lines (user_id bigint REFERENCES platform.users (id))")',
        """op.execute('ALTER TABLE a ADD FOREIGN KEY (b) references "jobs".c (d)')""",
        'op.create_foreign_key("fk", "lines", "users", ["user_id"], ["id"], referent_schema="platform")',
        'sa.Column("user_id", sa.ForeignKey("platform.users.id"))',
    ],
)
def test_a_companys_migration_that_refers_to_the_platform_is_found(statement: str) -> None:
    path = "migrations/tenant/2026_01_01_lines.py"
    assert found(mapping.foreign_keys_to_platform, {path: statement}) == [(path, 1)]


def test_a_migration_of_the_platform_refers_to_its_own_tables() -> None:
    files = {
        "migrations/platform/2026_01_01_users.py": 'op.execute("CREATE TABLE t (u bigint REFERENCES platform.users)")',
        "migrations/tenant/2026_01_01_lines.py": 'op.execute("CREATE TABLE b (line uuid REFERENCES lines (id))")',
    }
    assert not found(mapping.foreign_keys_to_platform, files)
