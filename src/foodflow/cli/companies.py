"""Companies: making them, listing them, and bringing their schemas to the present revision."""

import asyncio
import re
import secrets
from typing import Annotated

import typer

from foodflow.cli.databases import reachable_database
from foodflow.cli.progress import bar_of
from foodflow.identity.public import people
from foodflow.kernel.db import Database
from foodflow.kernel.migrations import Migrator

tenant = typer.Typer(no_args_is_help=True, help="Companies (tenants) of this installation.")


def install(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(tenant, name="tenant")


@tenant.command()
def create(
    slug: Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, hyphens")],
    name: Annotated[str, typer.Option(help="Full name; the slug if left out")] = "",
    administrator: Annotated[str, typer.Option(help="User name of its administrator, who is made if need be")] = "",
) -> None:
    """Create a company and, if named, its administrator."""
    if administrator and not re.fullmatch(r"\S{1,150}", administrator):
        raise typer.BadParameter("a user name has 1 to 150 characters and no spaces", param_hint="--administrator")

    async def ensure(url: str, password: str) -> bool:
        database = Database(url, pool_size=1)
        try:
            return await people.ensure_administrator(database, tenant=slug, username=administrator, password=password)
        finally:
            await database.close()

    with reachable_database() as url:
        Migrator(url).create_tenant(slug, name or slug)
        typer.echo(f"Company {slug} created")
        password = secrets.token_urlsafe(12)
        if administrator and asyncio.run(ensure(url, password)):
            typer.echo(f"Administrator {administrator} created; password (shown this once): {password}")
        elif administrator:
            typer.echo(f"{administrator} is now an administrator of {slug} too")


@tenant.command(name="list")
def list_companies() -> None:
    """List the companies and the revisions of their schemas."""
    with reachable_database() as url:
        migrator = Migrator(url)
        rows = migrator.tenants()
    width = max([len(row.slug) for row in rows], default=0)
    for row in rows:
        state = "up to date" if row.schema_revision == migrator.tenant.head else f"behind, at {row.schema_revision}"
        typer.echo(f"{row.slug:<{width}}  {row.name}  ({state})")
    if not rows:
        typer.echo("No companies yet; `foodflow tenant create SLUG` makes one")


@tenant.command()
def migrate(
    at_once: Annotated[int, typer.Option(min=1, max=32, help="How many schemas to migrate at the same time")] = 2,
) -> None:
    """Migrate every company whose schema is behind; may be stopped and run again. Exit code 1 if any failed."""
    with reachable_database() as url, bar_of(transient=True) as bar:
        migrator = Migrator(url)
        migrator.migrate_platform()
        behind = sum(row.schema_revision != migrator.tenant.head for row in migrator.tenants())
        task = bar.add_task("Migrating", total=behind)
        report = migrator.migrate_tenants(at_once=at_once, progress=lambda _: bar.advance(task))
    typer.echo(f"{len(report.migrated)} migrated to {report.head}, {report.up_to_date} were up to date")
    for failure in report.failures:
        typer.echo(f"{failure.tenant} failed and stays as it was: {failure.reason}", err=True)
    if report.failures:
        raise typer.Exit(1)
