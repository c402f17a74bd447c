"""Fixtures of archives: a company with something in every kind of table, and its archive."""

import io
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.archives import writing
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TenantName, schema_name
from tests import make
from tests.kernel.archives.make import ODD, fill


@pytest.fixture(scope="module")
async def source(database: Database, database_url: str) -> Actor:
    """Somebody of a company with something in every kind of table."""
    tenant = Migrator(database_url).create_tenant(f"source-{uuid4().hex[:8]}", "Source")
    fill(database_url, tenant)
    actor = make.everything(tenant)
    async with tenant_transaction(database, actor) as session:
        for number in range(5):
            audit.record(session, actor, "thing.done", number, odd=ODD, nested={"a": [1.5, None]})
    return actor


@pytest.fixture(scope="module")
def whole(database_url: str, source: Actor) -> bytes:
    """The archive of that company."""
    file = io.BytesIO()
    writing.write(database_url, source.tenant, b'{"members": []}', file)
    return file.getvalue()


@pytest.fixture
async def slug(database_url: str) -> AsyncIterator[str]:
    """The name of a company to be; of what a refused import leaves behind, nothing may be found."""
    name = f"copy-{uuid4().hex[:8]}"
    yield name
    with psycopg.connect(database_url) as connection:
        there = connection.execute("SELECT FROM platform.tenants WHERE slug = %s", [name]).fetchone()
        schema = connection.execute("SELECT to_regnamespace(%s)", [schema_name(TenantName(name))]).fetchone()
        role = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [schema_name(TenantName(name))]).fetchone()
    assert (there is not None) == (schema is not None and schema[0] is not None) == (role is not None)
