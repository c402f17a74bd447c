"""`foodflow tenant`: companies renamed, suspended, exported, imported and removed."""

import io
import os
import stat
import sys
import zipfile
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from sqlalchemy import text

from foodflow.kernel.actor import system_actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.tenancy import TenantName
from tests.cli.make import foodflow

pytestmark = pytest.mark.usefixtures("on_database")


@pytest.fixture
async def company() -> str:
    """The slug of a company that has just been made."""
    slug = f"mill-{uuid4().hex[:8]}"
    assert (await foodflow("tenant", "create", slug, "--administrator", f"boss-{slug}")).code == 0
    return slug


async def listed(slug: str) -> str:
    return next(line for line in (await foodflow("tenant", "list")).out.splitlines() if line.startswith(f"{slug} "))


async def test_a_company_is_renamed_suspended_and_goes_on(company: str, database: Database) -> None:
    assert (await foodflow("tenant", "rename", company, "Old Mill")).out == f"Company {company} is now Old Mill\n"
    assert "suspended" not in await listed(company)
    assert (await foodflow("tenant", "suspend", company, "--reason", "unpaid")).code == 0
    assert (await listed(company)).endswith("Old Mill  (up to date, suspended)")
    assert (await foodflow("tenant", "resume", company)).code == 0
    assert "suspended" not in await listed(company)
    async with tenant_transaction(database, system_actor(TenantName(company), "test")) as session:
        trail = (await session.execute(text("SELECT action, actor FROM audit_entries ORDER BY sequence"))).all()
    assert [tuple(row) for row in trail] == [
        (f"company.{deed}", "system:command") for deed in ("renamed", "suspended", "resumed")
    ]


@pytest.mark.parametrize("deed", ["suspend", "resume", "remove", "export"])
async def test_a_company_that_is_not_there_is_refused_in_one_line(deed: str, tmp_path: Path) -> None:
    more: list[object] = {"remove": ["--yes"], "export": [tmp_path / "x.zip"]}.get(deed, [])  # type: ignore[assignment]
    assert "there is no company nowhere" in (await foodflow("tenant", deed, "nowhere", *more)).refusal
    assert [name for name in os.listdir(tmp_path) if name.endswith(".zip")] == []  # noqa: PTH208 - the same call


async def test_a_company_goes_out_as_a_file_and_comes_back_under_another_name(
    company: str, database: Database, tmp_path: Path
) -> None:
    source, file = system_actor(TenantName(company), "test"), tmp_path / "mill.zip"
    async with tenant_transaction(database, source) as session:
        await session.execute(
            text(
                "INSERT INTO production_lines (id, line_number, name, description, plant_name, location, is_active,"
                " created_at, updated_at) VALUES (gen_random_uuid(), 'L1', '', '', '', '', true, now(), now())"
            )
        )
    said = await foodflow("tenant", "export", company, file)
    assert said.code == 0, said.err
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116 - the same call, and no wait to speak of
    assert zipfile.is_zipfile(file)
    copy = f"copy-{uuid4().hex[:8]}"
    back = await foodflow("tenant", "import", file, "--slug", copy, "--name", "Copy", "--administrator", f"boss-{copy}")
    assert back.code == 0, back.err
    assert f"Administrator boss-{copy} created; password (shown this once): " in back.out
    assert "  Copy  (up to date)" in await listed(copy)
    async with tenant_transaction(database, system_actor(TenantName(copy), "test")) as session:
        assert (await session.scalars(text("SELECT line_number FROM production_lines"))).all() == ["L1"]
    assert "exists already" in (await foodflow("tenant", "import", file, "--slug", company)).refusal


async def test_a_file_that_is_there_is_not_written_over_and_one_that_is_no_archive_makes_no_company(
    company: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.zip"
    file.write_text("mine", encoding="utf-8")
    assert "cannot be made" in (await foodflow("tenant", "export", company, file)).err
    assert file.read_text(encoding="utf-8") == "mine"
    assert "no ZIP file" in (await foodflow("tenant", "import", file, "--slug", "never-made")).refusal
    assert "1 to 40 characters" in (await foodflow("tenant", "import", file, "--slug", "Not a slug")).refusal
    assert "never-made" not in (await foodflow("tenant", "list")).out


async def test_a_company_is_removed_when_it_is_suspended_and_its_name_was_typed(
    company: str, database: Database
) -> None:
    assert "suspend it first" in (await foodflow("tenant", "remove", company, "--yes")).refusal
    await foodflow("tenant", "suspend", company)
    with patch.object(sys, "stdin", io.StringIO("yes\n")):
        assert (await foodflow("tenant", "remove", company)).code == 1
    assert company in await listed(company)
    assert (await foodflow("tenant", "remove", company, "--yes")).out == f"Company {company} is gone\n"
    assert company not in (await foodflow("tenant", "list")).out
    async with platform_transaction(database) as session:
        names = (await session.scalars(text("SELECT username FROM platform.users"))).all()
    assert f"boss-{company}" not in names
