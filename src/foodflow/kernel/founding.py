"""Founding a company and ending one: its role, its schema and its place in the directory, within one transaction of
the login role that whoever calls has opened.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from foodflow.kernel import clock
from foodflow.kernel.cloning import Clone, clone_statements
from foodflow.kernel.errors import Conflict, NotFound
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA, TenantName, schema_name, tenant_name

TENANTS_GROUP = "foodflow_tenants"
_LOCK_KEY = 0x464F_4F44
_ENTER_DIRECTORY = text(
    "INSERT INTO platform.tenants (slug, schema_name, name, schema_revision, created_at)"
    " VALUES (:slug, :schema, :name, :revision, :now)"
)
# A job that is being done finds its company gone and ends.
_FORGET = (
    text("DELETE FROM platform.outbox WHERE tenant = :slug"),
    text("DELETE FROM procrastinate_jobs WHERE args ->> 'tenant' = :slug AND status <> 'doing'"),
    text("DELETE FROM platform.tenants WHERE slug = :slug"),
)


class CompanyExists(Conflict):
    """A company of this slug exists."""

    code = "company.exists"


class CompanyUnknown(NotFound):
    """There is no company of this slug."""

    code = "company.unknown"


def create(connection: Connection, slug: str, name: str, *, known: dict[str, Clone] | None = None) -> TenantName:
    """Found a company; `known` keeps what was read of the template for the next one."""
    tenant, clone = found(connection, slug, name, known=known)
    with acting_as(connection, schema_name(tenant)):
        run(connection, [*clone.rows, *clone.rest])
    return tenant


def found(
    connection: Connection, slug: str, name: str, *, known: dict[str, Clone] | None = None
) -> tuple[TenantName, Clone]:
    """Found a company whose tables are empty and without constraints; the rest of the clone is the caller's to run."""
    tenant = tenant_name(slug)
    schema = schema_name(tenant)
    lock(connection)
    if connection.scalar(text("SELECT true FROM platform.tenants WHERE slug = :slug"), {"slug": tenant}):
        message = f"the company {tenant} exists already"
        raise CompanyExists(message)
    make_role(connection, schema)
    connection.execute(text(f'CREATE SCHEMA "{schema}" AUTHORIZATION "{schema}"'))
    revision = revisions(connection)[TEMPLATE_SCHEMA]
    clone = _clone(connection, revision, {} if known is None else known)
    with acting_as(connection, schema):
        run(connection, clone.tables)
    values = {"slug": tenant, "schema": schema, "name": name, "revision": revision, "now": clock.now()}
    connection.execute(_ENTER_DIRECTORY, values)
    return tenant, clone


def drop(connection: Connection, tenant: TenantName) -> None:
    """End a company: its schema with everything in it, its events and jobs, its place in the directory and its role."""
    lock(connection)
    schema = schema_name(tenant)
    with acting_as(connection, schema):
        connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
    connection.execute(text("SELECT set_config('search_path', 'jobs', true)"))  # the queue's own triggers need it
    for statement in _FORGET:
        connection.execute(statement, {"slug": tenant})
    connection.execute(text(f'DROP ROLE "{schema}"'))


def lock(connection: Connection) -> None:
    """Hold up whoever else changes the template or the list of companies until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})


def revisions(connection: Connection) -> dict[str, str]:
    """What each tree has reached in this database."""
    rows = connection.execute(text("SELECT tree, revision FROM platform.revisions")).all()
    return {row.tree: row.revision for row in rows}


def make_role(connection: Connection, role: str) -> None:
    """Make a role that nobody signs in with, and let the login role take it on without inheriting its rights."""
    if connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role}) is None:
        connection.execute(text(f'CREATE ROLE "{role}" NOLOGIN'))
    if connection.scalar(text("SELECT current_setting('server_version_num')::int >= 160000")):
        connection.execute(text(f'GRANT "{role}" TO CURRENT_USER WITH INHERIT FALSE, SET TRUE'))
    else:
        connection.execute(text(f'GRANT "{role}" TO CURRENT_USER'))
    if role != TENANTS_GROUP:
        connection.execute(text(f'GRANT {TENANTS_GROUP} TO "{role}"'))


@contextmanager
def acting_as(connection: Connection, schema: str) -> Iterator[None]:
    """Take on a schema's role and search path for a part of the transaction."""
    enter = text("SELECT set_config('role', :role, true), set_config('search_path', :path, true)")
    connection.execute(enter, {"role": schema, "path": f'"{schema}"'})
    yield
    connection.execute(enter, {"role": "none", "path": ""})


def run(connection: Connection, statements: list[str]) -> None:
    """Send statements of the program's own in one round trip."""
    connection.exec_driver_sql(";".join(statements), execution_options={"no_parameters": True})


def _clone(connection: Connection, revision: str, known: dict[str, Clone]) -> Clone:
    """What builds a company's schema; read once for each revision of the template."""
    if revision not in known:
        with acting_as(connection, TEMPLATE_SCHEMA):
            known[revision] = clone_statements(connection)
    return known[revision]
