"""The audit trail."""

from typing import Annotated

import typer

from foodflow.cli.databases import with_database
from foodflow.kernel import audit as trail
from foodflow.kernel.actor import system_actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TenantName

audit = typer.Typer(no_args_is_help=True, help="The audit trail of a company.")


def install(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(audit, name="audit")


@audit.command()
def verify(
    company: Annotated[str, typer.Option(help="Only this company; all of them if left out")] = "",
) -> None:
    """Recompute the hash chain of the trail and name its first bad record. Exit code 1 if there is one."""
    bad = []

    async def check(database: Database) -> None:
        migrator = Migrator(database.url)
        names = [migrator.require_tenant(company)] if company else [TenantName(row.slug) for row in migrator.tenants()]
        for name in names:
            async with tenant_transaction(database, system_actor(name, "audit"), statement_timeout="0") as session:
                verdict = await trail.verify(session)
            if verdict.first_bad is None:
                typer.echo(f"{name}: {verdict.entries} records hold; head {verdict.head}")
            else:
                bad.append(name)
                typer.echo(f"{name}: record {verdict.first_bad} is bad: {verdict.reason}", err=True)

    with_database(check)
    if bad:
        raise typer.Exit(1)
