"""Companies: made, listed, migrated, suspended, exported, imported and removed."""

import asyncio
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import Progress, TaskID
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.cli.databases import company_of, reachable_database, with_database
from foodflow.cli.progress import bar_of
from foodflow.identity.public import companies as archives
from foodflow.identity.public import people
from foodflow.identity.usecases import companies
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TenantName, tenant_name

Slug = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, hyphens")]

tenant = typer.Typer(no_args_is_help=True, help="Companies (tenants) of this installation.")


def install(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(tenant, name="tenant")


@tenant.command()
def create(
    slug: Slug,
    name: Annotated[str, typer.Option(help="Full name; the slug if left out")] = "",
    administrator: Annotated[str, typer.Option(help="User name of its administrator, who is made if need be")] = "",
) -> None:
    """Create a company and, if named, its administrator."""
    _require_user_name(administrator)
    with reachable_database() as url:
        Migrator(url).create_tenant(slug, name or slug)
        typer.echo(f"Company {slug} created")
        if administrator:
            asyncio.run(_appoint_at(url, slug, administrator))


@tenant.command()
def rename(slug: Slug, name: Annotated[str, typer.Argument(help="Its new name; the slug stays")]) -> None:
    """Give a company another name."""
    _do(slug, lambda session, actor: companies.rename(session, actor, slug, name))
    typer.echo(f"Company {slug} is now {name}")


@tenant.command()
def suspend(
    slug: Slug, reason: Annotated[str, typer.Option(help="For its audit trail")] = "by the command line"
) -> None:
    """Let nobody act in a company, from their next request on; its data is kept and its jobs wait."""
    _do(slug, lambda session, actor: companies.suspend(session, actor, slug, reason))
    typer.echo(f"Company {slug} is suspended")


@tenant.command()
def resume(slug: Slug) -> None:
    """Let the people of a suspended company act in it again."""
    _do(slug, lambda session, actor: companies.resume(session, actor, slug))
    typer.echo(f"Company {slug} goes on")


@tenant.command()
def remove(
    slug: Slug, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the slug to be typed")] = False
) -> None:
    """Erase a suspended company for good: its data, its people's places in it, and people who have no other."""
    if not yes and typer.prompt(f"All data of {slug} will be gone. Type {slug} to go on") != slug:
        raise typer.Abort

    async def work(database: Database) -> None:
        company_of(database, slug)
        async with platform_transaction(database) as session:
            await companies.remove(session, _by_command(slug), slug)

    with_database(work)
    typer.echo(f"Company {slug} is gone")


@tenant.command()
def export(slug: Slug, file: Annotated[Path, typer.Argument(dir_okay=False, help="The ZIP file to write")]) -> None:
    """Write all that a company owns into a new file, as it is at one moment."""

    async def work(database: Database) -> None:
        company_of(database, slug)
        with bar_of(transient=True) as bar, _new(file) as into:
            task = bar.add_task("Writing", total=None)
            manifest = await archives.export(
                database, _by_command(slug), into, progress=lambda done, about: _advance(bar, task, done, about)
            )
        rows = sum(table.rows for table in manifest.tables)
        typer.echo(f"{file}: {rows} rows of {len(manifest.tables)} tables of {slug}")

    with_database(work)


@tenant.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="What export has written")],
    slug: Annotated[str, typer.Option(help="Short name of the company that is made of it")],
    name: Annotated[str, typer.Option(help="Its full name; the one in the file if left out")] = "",
    administrator: Annotated[str, typer.Option(help="User name of its administrator, who is made if need be")] = "",
) -> None:
    """Make a company out of an exported file: all of it, or nothing. Its people are to be invited anew."""
    _require_user_name(administrator)

    async def work(database: Database) -> None:
        actor = _by_command(tenant_name(slug))
        with bar_of(transient=True) as bar, file.open("rb") as given:
            task = bar.add_task("Reading", total=None)
            restored = await archives.restore(
                database, actor, given, slug, name=name, progress=lambda done, of: _advance(bar, task, done, of)
            )
        trail = restored.trail
        typer.echo(f"Company {slug} created out of {file.name}; its audit trail holds: {trail.entries} entries")
        typer.echo(f"Their head: {trail.head}")
        await _appoint(database, slug, administrator)

    with_database(work)


@tenant.command(name="list")
def list_companies() -> None:
    """List the companies and the revisions of their schemas."""
    with reachable_database() as url:
        migrator = Migrator(url)
        rows = migrator.tenants()
    width = max([len(row.slug) for row in rows], default=0)
    for row in rows:
        state = "up to date" if row.schema_revision == migrator.tenant.head else f"behind, at {row.schema_revision}"
        state += ", suspended" if row.is_suspended else ""
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


def _require_user_name(name: str) -> None:
    if name and not re.fullmatch(r"\S{1,150}", name):
        raise typer.BadParameter("a user name has 1 to 150 characters and no spaces", param_hint="--administrator")


async def _appoint_at(url: str, slug: str, administrator: str) -> None:
    database = Database(url, pool_size=1)
    try:
        await _appoint(database, slug, administrator)
    finally:
        await database.close()


async def _appoint(database: Database, slug: str, administrator: str) -> None:
    """See that a company has this administrator, if one is named; the password of a new one is shown."""
    if not administrator:
        return
    password = secrets.token_urlsafe(12)
    if await people.ensure_administrator(database, tenant=slug, username=administrator, password=password):
        typer.echo(f"Administrator {administrator} created; password (shown this once): {password}")
    else:
        typer.echo(f"{administrator} is now an administrator of {slug} too")


def _do(slug: str, deed: Callable[[AsyncSession, Actor], Awaitable[object]]) -> None:
    """Do something with a company, recorded in its own trail."""

    async def work(database: Database) -> None:
        actor = _by_command(company_of(database, slug))
        async with directory_transaction(database, actor) as session:
            await deed(session, actor)

    with_database(work)


def _by_command(slug: str) -> Actor:
    return system_actor(TenantName(slug), "command")


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """A file that nobody else may read; what was begun and not finished is removed."""
    try:
        into = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be made: {error.strerror}") from None
    try:
        with into:
            yield into
    except BaseException:
        file.unlink()
        raise


def _advance(bar: Progress, task: TaskID, done: int, about: int) -> None:
    bar.update(task, completed=done, total=max(done, about))
