"""Migrations: two trees of revisions, one for what companies share and one for what each company owns.

The revision that a schema has reached is written in the same transaction as the change itself, and the revisions of
all companies stand in one table, so one query tells who is behind. Each schema migrates by itself, under a lock, and
a failure in one leaves it as it was and does not hold up the others.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Engine, NullPool, text

from foodflow.kernel import founding, jobs_schema, lifeline
from foodflow.kernel.cloning import Clone
from foodflow.kernel.founding import TENANTS_GROUP, CompanyUnknown, acting_as, make_role
from foodflow.kernel.revisions import PLATFORM, Tree, migrations_path
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA, TenantName, schema_name

_LOCK_TIMEOUT = "5s"


@dataclass(frozen=True, slots=True)
class Failure:
    """A company whose schema could not be migrated, and why."""

    tenant: str
    reason: str


@dataclass(slots=True)
class Report:
    """What a migration of all companies did."""

    head: str
    up_to_date: int = 0
    migrated: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


class Migrator:
    """Brings a database to the present revision, and gives it new companies."""

    def __init__(self, url: str, *, path: Path | None = None) -> None:
        root = path or migrations_path()
        self.platform = Tree(root / "platform")
        self.tenant = Tree(root / "tenant")
        self._url, self._path = url, path
        self._clones: dict[str, Clone] = {}
        self._engine: Engine = sqlalchemy.create_engine(
            sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool
        )

    def migrate_platform(self) -> bool:
        """Bring what companies share, and the template schema, to the head; true when anything was done."""
        with self._transaction() as connection:
            _prepare(connection)
            before = founding.revisions(connection)
            queue_changed = jobs_schema.migrate(connection)
            connection.execute(text("SELECT set_config('search_path', 'platform', true)"))
            _run(connection, self.platform, before.get(PLATFORM))
            _remember(connection, PLATFORM, self.platform.head)
            _make_template(connection)
            with acting_as(connection, TEMPLATE_SCHEMA):
                _run(connection, self.tenant, before.get(TEMPLATE_SCHEMA))
                connection.execute(text(f"GRANT USAGE ON SCHEMA {TEMPLATE_SCHEMA} TO {TENANTS_GROUP}"))
                connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA {TEMPLATE_SCHEMA} TO {TENANTS_GROUP}"))
            _remember(connection, TEMPLATE_SCHEMA, self.tenant.head)
        heads = {PLATFORM: self.platform.head, TEMPLATE_SCHEMA: self.tenant.head}
        return queue_changed or not heads.items() <= before.items()

    def create_tenant(self, slug: str, name: str) -> TenantName:
        """Give a company its role, its schema (cloned from the template) and its place in the directory."""
        with self._transaction(locked=False) as connection:
            return founding.create(connection, slug, name, known=self._clones)

    def migrate_tenants(self, *, at_once: int = 4, progress: Callable[[str], None] = lambda _: None) -> Report:
        """Migrate every company that is behind, several at once; goes on after a failure, and can simply be run
        again.
        """
        report = Report(head=self.tenant.head)
        with self._transaction(locked=False) as connection:
            rows = connection.execute(text("SELECT slug, schema_revision FROM platform.tenants ORDER BY slug")).all()
        behind = [row.slug for row in rows if row.schema_revision != self.tenant.head]
        report.up_to_date = len(rows) - len(behind)
        for slug, failure in zip(behind, self._migrate_each(behind, at_once), strict=True):
            if failure is None:
                report.migrated.append(slug)
            else:
                report.failures.append(failure)
            progress(slug)
        return report

    def tenants(self) -> Sequence[sqlalchemy.Row[tuple[str, str, str, bool]]]:
        """Every company: slug, name, revision of its schema, and whether it is suspended."""
        with self._transaction(locked=False) as connection:
            columns = "slug, name, schema_revision, suspended_at IS NOT NULL AS is_suspended"
            query = text(f"SELECT {columns} FROM platform.tenants ORDER BY slug")  # noqa: S608 - the program's own words
            return connection.execute(query).all()

    def require_tenant(self, slug: str) -> TenantName:
        """The company of this slug, or a refusal that names it."""
        if slug not in {row.slug for row in self.tenants()}:
            message = f"there is no company {slug}"
            raise CompanyUnknown(message)
        return TenantName(slug)

    def _migrate_each(self, slugs: list[str], at_once: int) -> Iterator[Failure | None]:
        """Processes, not threads: Alembic hands its operations to migration files through one proxy per process."""
        if len(slugs) <= at_once:
            yield from map(self.try_migrating, slugs)
            return
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(at_once, spawn, _start_worker, (self._url, self._path)) as pool:
            yield from pool.map(_work, slugs)

    def try_migrating(self, slug: str) -> Failure | None:
        """Migrate one company; what goes wrong is returned, so that the others go on."""
        try:
            self._migrate_tenant(TenantName(slug))
        except Exception as error:  # noqa: BLE001 - whatever a migration raises is this company's failure alone
            return Failure(slug, (str(error).strip() or repr(error)).splitlines()[0])
        return None

    def _migrate_tenant(self, tenant: TenantName) -> None:
        query = text("SELECT schema_revision FROM platform.tenants WHERE slug = :slug FOR NO KEY UPDATE")
        with self._transaction(locked=False) as connection:
            revision = connection.scalar(query, {"slug": tenant})
            with acting_as(connection, schema_name(tenant)):
                _run(connection, self.tenant, revision)
            connection.execute(
                text("UPDATE platform.tenants SET schema_revision = :head WHERE slug = :slug"),
                {"head": self.tenant.head, "slug": tenant},
            )

    @contextmanager
    def _transaction(self, *, locked: bool = True) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            if locked:
                founding.lock(connection)
            connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": _LOCK_TIMEOUT})
            yield connection


def _run(connection: Connection, tree: Tree, revision: str | None) -> None:
    """Run what is still to run of a tree, in the connection's transaction, role and search path."""
    for file in tree.after(revision):
        # Alembic is loaded where there is something to run: most starts have nothing.
        from alembic.migration import MigrationContext  # noqa: PLC0415
        from alembic.operations import Operations  # noqa: PLC0415

        spec = spec_from_file_location(f"foodflow_migration_{file.stem}", file)
        assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - a file of Python has both
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        with Operations.context(MigrationContext.configure(connection)):
            module.upgrade()


def _prepare(connection: Connection) -> None:
    """What must be there before the first revision can run."""
    make_role(connection, TENANTS_GROUP)
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS platform"))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS jobs"))
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS platform.revisions"
            " (tree text CONSTRAINT pk_revisions PRIMARY KEY, revision text NOT NULL)"
        )
    )


def _make_template(connection: Connection) -> None:
    make_role(connection, TEMPLATE_SCHEMA)
    if connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": TEMPLATE_SCHEMA}) is None:
        connection.execute(text(f"CREATE SCHEMA {TEMPLATE_SCHEMA} AUTHORIZATION {TEMPLATE_SCHEMA}"))


def _remember(connection: Connection, tree: str, revision: str) -> None:
    upsert = (
        "INSERT INTO platform.revisions VALUES (:tree, :revision) ON CONFLICT (tree) DO UPDATE SET revision = :revision"
    )
    connection.execute(text(upsert), {"tree": tree, "revision": revision})


_workers_migrator: Migrator | None = None


def _start_worker(url: str, path: Path | None) -> None:
    global _workers_migrator  # noqa: PLW0603 - one migrator for the life of a worker process
    lifeline.end_with_parent()
    _workers_migrator = Migrator(url, path=path)


def _work(slug: str) -> Failure | None:
    assert _workers_migrator is not None  # noqa: S101 - the pool's initializer ran
    return _workers_migrator.try_migrating(slug)
