"""Provisioning a database: migrations, the default company and its administrator."""

import asyncio
import secrets
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from foodflow.identity.public import people
from foodflow.kernel.db import Database
from foodflow.kernel.errors import Refusal
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import tenant_name
from foodflow.parts import database_url_of
from foodflow.settings import Settings
from foodflow.supervisor import CannotStartError


def provision(settings: Settings) -> list[str]:
    """Bring the database to the present revision and see that somebody can sign in; returns what there is to say."""
    try:
        return list(_provisioned(settings))
    except Refusal as refusal:
        raise CannotStartError(str(refusal)) from refusal
    except DBAPIError as error:
        first_line = str(error.orig).strip().partition("\n")[0]
        raise CannotStartError(f"the database cannot be prepared: {first_line}") from error


def _provisioned(settings: Settings) -> Iterator[str]:
    database_url = database_url_of(settings)
    migrator = Migrator(database_url)
    migrator.migrate_platform()
    tenant = tenant_name(settings.default_tenant)
    companies = {row.slug for row in migrator.tenants()}
    if tenant not in companies:
        migrator.create_tenant(tenant, tenant.replace("-", " ").title())
        yield f"Company {tenant} created"
    report = migrator.migrate_tenants()
    if report.failures:
        failed = "; ".join(f"{failure.tenant}: {failure.reason}" for failure in report.failures)
        raise CannotStartError(f"{len(report.failures)} companies could not be migrated ({failed})")
    if report.migrated:
        yield f"{len(report.migrated)} companies migrated to {report.head}"
    yield from _administrator(database_url, settings)


def _administrator(database_url: str, settings: Settings) -> Iterator[str]:
    given = settings.admin_password
    password = given.get_secret_value() if given is not None else secrets.token_urlsafe(12)
    if not asyncio.run(_ensure(database_url, settings, password)):
        return
    yield f"Administrator {settings.admin_username} created"
    if given is None:
        yield f"Password (shown this once): {password}"
    yield "No data yet? Run `.venv/bin/foodflow simulate` in a second terminal and watch a plant at work"


async def _ensure(database_url: str, settings: Settings, password: str) -> bool:
    database = Database(database_url, pool_size=1)
    try:
        return await people.ensure_administrator(
            database,
            tenant=settings.default_tenant,
            username=settings.admin_username,
            password=password,
            is_operator=True,
        )
    finally:
        await database.close()
