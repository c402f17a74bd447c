"""Migrations against tables: `check` compares what they build with what the code maps, `new` writes the next one."""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, NullPool, text

import foodflow.main  # noqa: F401 - knows every context, so that every table is mapped
from foodflow.kernel import clock
from foodflow.kernel.db import PlatformTable, TenantTable
from foodflow.kernel.embedded import temporary_postgres
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.revisions import migrations_path
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA
from tools.catalogue import contents, structure

NOT_MAPPED = {
    "platform": {
        "broker_cursors": "one row a broker, moved by kernel.brokers with statements of its own",
        "event_carriers": "one row a company, moved by kernel.carrying with statements of its own",
        "outbox": "written by platform.tell and read by the relay, which have statements of their own",
        "relay": "one row, the relay's own",
        "revisions": "made before the first revision, by kernel.migrations",
    },
    "tenant": {
        "answers": "written and read by kernel.answers with statements of its own",
        "audit_entries": "written and read by kernel.audit with statements of its own",
        "audit_head": "the same",
    },
}
"""Tables that migrations build and nothing maps, each with the reason."""

COMPANY = "checked"
_FILE = '''"""{message}."""

{imports}

revision = "{revision}"
down_revision = {down_revision!r}


def upgrade() -> None:
    {body}
'''


@dataclass(frozen=True, slots=True)
class Tree:
    """One of the two trees: the tables that it serves, and the schema in which to look at what it built."""

    name: str
    metadata: MetaData
    schema: str

    @property
    def mapped_schema(self) -> str:
        """Where the tables are built straight from their mapping."""
        return f"mapped_{self.name}"

    def compares(self, name: str | None, kind: str, _parents: object) -> bool:
        """Whether Alembic is to look at something."""
        if kind == "schema":
            return name == self.metadata.schema
        return kind != "table" or name not in NOT_MAPPED[self.name]

    def context(self, connection: Connection) -> MigrationContext:
        """Alembic's view of what the migrations have built."""
        connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": self.schema})
        options = {
            "target_metadata": self.metadata,
            "include_name": self.compares,
            "include_schemas": self.metadata.schema is not None,
            "compare_server_default": True,
        }
        return MigrationContext.configure(connection, opts=options)


TREES = {
    "platform": Tree("platform", PlatformTable.metadata, "platform"),
    "tenant": Tree("tenant", TenantTable.metadata, TEMPLATE_SCHEMA),
}


@contextmanager
def migrated(root: Path) -> Iterator[Connection]:
    """A database that all migrations have run in, with one company, seen by the superuser; gone afterwards."""
    with temporary_postgres() as server:
        migrator = Migrator(server.url, path=root)
        migrator.migrate_platform()
        migrator.create_tenant(COMPANY, "A company to look at")
        url = sqlalchemy.make_url(server.superuser_url).set(drivername="postgresql+psycopg", database="foodflow")
        engine = sqlalchemy.create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            yield connection


def differences(connection: Connection) -> Iterator[str]:
    """What the migrations build otherwise than the tables are mapped, or a new company otherwise than its template."""
    for tree in TREES.values():
        _build_from_mapping(connection, tree)
        built, mapped = structure(connection, tree.schema), structure(connection, tree.mapped_schema)
        apart = {line for line in built ^ mapped if not _is_set_apart(line, tree)}
        yield from (f"{tree.name}: {'migrations' if line in built else 'tables'} say {line}" for line in sorted(apart))
    for view in (structure, contents):
        template, clone = view(connection, TEMPLATE_SCHEMA), view(connection, f"t_{COMPANY}")
        for line in sorted(template ^ clone):
            yield f"clone: {'the template' if line in template else 'a new company'} alone has {line}"


def next_operations(connection: Connection, tree: Tree) -> str:
    """The body of a revision that makes the migrations say what the tables say; empty when they do."""
    context = tree.context(connection)
    operations = produce_migrations(context, tree.metadata).upgrade_ops
    if operations is None or operations.is_empty():
        return ""
    lines = render_python_code(operations, migration_context=context).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("# ###")).strip()


def imports_of(body: str) -> str:
    """The imports that a body needs."""
    needed = {
        "op.": "from alembic import op",
        "sa.": "import sqlalchemy as sa",
        "postgresql.": "from sqlalchemy.dialects import postgresql",
    }
    return "\n".join(line for name, line in needed.items() if re.search(rf"\b{re.escape(name)}", body))


def revision_name(message: str) -> str:
    """`2026_11_20_batches`: the day first, so that sorted by name is sorted by time."""
    words = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    return f"{clock.now():%Y_%m_%d}_{words}"


def check() -> int:
    """Print every difference; 1 if there is any."""
    with migrated(migrations_path()) as connection:
        found = list(differences(connection))
        for line in found:
            print(line)
        for tree in TREES.values():
            if body := next_operations(connection, tree):
                print(f"\npython -m tools.migrations new {tree.name} … would write:\n    {body}")
                found.append(body)
    return 1 if found else 0


def new(tree: Tree, message: str, *, root: Path) -> Path:
    """Write the next revision of a tree, with the operations that Alembic finds wanting, and return its file."""
    with migrated(root) as connection:
        body = next_operations(connection, tree) or "pass"
        query = text("SELECT revision FROM platform.revisions WHERE tree = :tree")
        head = connection.scalar(query, {"tree": tree.schema})
    revision = revision_name(message)
    values = {"message": message.strip().rstrip("."), "revision": revision, "down_revision": head}
    file = root / tree.name / f"{revision}.py"
    with file.open("x", encoding="utf-8") as written:
        written.write(_FILE.format(**values, imports=imports_of(body), body=body))
    return file


def _build_from_mapping(connection: Connection, tree: Tree) -> None:
    connection.execute(text(f"CREATE SCHEMA {tree.mapped_schema}"))
    connection.execute(text("SELECT set_config('search_path', '', true)"))
    translated = connection.execution_options(schema_translate_map={tree.metadata.schema: tree.mapped_schema})
    tree.metadata.create_all(translated, checkfirst=False)
    connection.execution_options(schema_translate_map=None)


def _is_set_apart(line: str, tree: Tree) -> bool:
    """Whether a line of the catalogue is about a table that is not mapped, or about what no mapping can say."""
    what, table, *_ = line.split(" | ")
    return table in NOT_MAPPED[tree.name] or what in {"function", "privileges of the owner"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.migrations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="compare what the migrations build with the mapped tables")
    writing = commands.add_parser("new", help="write the next revision")
    writing.add_argument("tree", choices=TREES)
    writing.add_argument("message", help="what it adds, in a few words")
    given = parser.parse_args()
    if given.command == "check":
        return check()
    print(new(TREES[given.tree], given.message, root=migrations_path()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
