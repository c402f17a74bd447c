"""`foodflow tenant`: companies made, listed and migrated."""

import re

import pytest
from sqlalchemy import text

from foodflow.kernel.actor import system_actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TenantName
from tests.cli.make import foodflow

pytestmark = pytest.mark.usefixtures("on_database")


async def test_a_new_company_is_listed_and_can_be_worked_in(database: Database) -> None:
    assert (
        await foodflow("tenant", "create", "north-mill", "--name", "North Mill")
    ).out == "Company north-mill created\n"
    listed = (await foodflow("tenant", "list")).out.splitlines()
    assert "north-mill  North Mill  (up to date)" in listed
    assert [line.split()[0] for line in listed] == sorted(line.split()[0] for line in listed)
    async with tenant_transaction(database, system_actor(TenantName("north-mill"), "test")) as session:
        assert await session.scalar(text("SELECT count(*) FROM production_lines")) == 0


async def test_a_company_s_administrator_is_made_with_it_and_its_password_is_shown_once() -> None:
    said = await foodflow("tenant", "create", "south-mill", "--administrator", "boss")
    assert re.search(r"^Administrator boss created; password \(shown this once\): \S{16}$", said.out, re.MULTILINE)
    again = await foodflow("tenant", "create", "west-mill", "--administrator", "boss")
    assert again.out.splitlines()[1] == "boss is now an administrator of west-mill too"


@pytest.mark.parametrize(
    "slug", ["", "Mill", "mill_1", "1mill", "mill-", "m" * 41, "mill;", "müll", "tenant template", "../mill"]
)
async def test_a_name_that_could_not_be_a_host_and_a_role_is_refused(slug: str) -> None:
    assert "1 to 40 characters" in (await foodflow("tenant", "create", "--", slug)).refusal


async def test_a_company_that_is_there_is_not_made_again() -> None:
    assert "exists already" in (await foodflow("tenant", "create", "demo")).refusal


async def test_an_administrator_whose_name_is_none_is_refused_before_the_company_is_made() -> None:
    assert "no spaces" in (await foodflow("tenant", "create", "east-mill", "--administrator", "a b")).refusal
    assert "east-mill" not in (await foodflow("tenant", "list")).out


async def test_companies_that_are_behind_are_migrated_and_a_failure_holds_nobody_up(
    database: Database, database_url: str
) -> None:
    head = Migrator(database_url).tenant.head
    said = await foodflow("tenant", "migrate")
    assert (said.code, said.out.split()[:3]) == (0, ["0", "migrated", "to"])
    async with platform_transaction(database) as session:
        await session.execute(text("UPDATE platform.tenants SET schema_revision = 'gone' WHERE slug = 'akron'"))
    listed = (await foodflow("tenant", "list")).out
    assert "akron" in listed
    assert "(behind, at gone)" in listed
    failed = await foodflow("tenant", "migrate")
    assert failed.code == 1
    assert failed.err.startswith("akron failed and stays as it was: ")
    async with platform_transaction(database) as session:
        mend = text("UPDATE platform.tenants SET schema_revision = :head WHERE slug = 'akron'")
        await session.execute(mend, {"head": head})
    assert (await foodflow("tenant", "migrate")).code == 0
