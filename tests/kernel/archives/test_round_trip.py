"""An archive holds all that a company owns, and becomes the same company again."""

import io
import os
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from typing_extensions import Buffer

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.archives import reading, writing
from foodflow.kernel.archives.manifest import Manifest
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.founding import CompanyExists
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import schema_name
from tests import make
from tests.kernel.archives.make import MONTHS, files_of, fill, peak, restore, rows_of, table, told
from tools.catalogue import structure


async def test_a_company_comes_back_row_by_row(
    database: Database, database_url: str, source: Actor, whole: bytes, slug: str
) -> None:
    copy = await restore(database, whole, slug)
    before, after = rows_of(database_url, source.tenant), rows_of(database_url, copy)
    assert {name: len(rows) for name, rows in before.items() if rows} == {
        "retention": 1,
        "stop_reasons": 30,
        "production_lines": 1,
        "sensors": 2,
        "reading_blocks": 1000,
        "reading_blocks_2024_01": 1000,
        "audit_entries": 5,
        "audit_head": 1,
        "event_log_head": 1,
    }
    assert after == before
    async with tenant_transaction(database, source) as session:
        theirs = await audit.verify(session)
    async with tenant_transaction(database, make.everything(copy)) as session:
        assert await audit.verify(session) == theirs
        assert theirs.entries == 5


async def test_what_comes_back_is_built_as_every_company_is(
    database: Database, superuser_url: str, whole: bytes, slug: str
) -> None:
    copy = await restore(database, whole, slug)
    engine = make.engine(superuser_url)
    with engine.connect() as connection:
        built, template = (structure(connection, name) for name in (schema_name(copy), "tenant_template"))
    engine.dispose()
    assert sorted(template - built) == []
    assert all("reading_blocks_2024" in str(each) for each in built - template)


async def test_numbers_go_on_behind_those_that_are_gone(database: Database, whole: bytes, slug: str) -> None:
    copy = await restore(database, whole, slug)
    async with tenant_transaction(database, make.everything(copy)) as session:
        assert await session.scalar(text("SELECT nextval(pg_get_serial_sequence('sensors', 'key'))")) == 4


async def test_a_number_that_is_taken_is_not_given_again_whatever_the_manifest_says(
    database: Database, whole: bytes, slug: str
) -> None:
    forged = told(whole, lambda said: table(said, "sensors").update(numbers={"key": 1}))
    copy = await restore(database, forged, slug)
    async with tenant_transaction(database, make.everything(copy)) as session:
        assert await session.scalar(text("SELECT nextval(pg_get_serial_sequence('sensors', 'key'))")) == 3


async def test_an_archive_is_of_one_moment(database: Database, database_url: str, source: Actor) -> None:
    """What is written after the directory's file was begun, which is the first, is not in it."""
    at_once: list[int] = []

    class Writes(io.BytesIO):
        def write(self, given: Buffer) -> int:
            if not at_once:
                at_once.append(1)
                with psycopg.connect(database_url) as connection:
                    connection.execute("SELECT set_config('role', %s, true)", [schema_name(source.tenant)])
                    connection.execute(
                        f"INSERT INTO {schema_name(source.tenant)}.reading_blocks"
                        " (sensor_key, first, last, received, step, count, values)"
                        " VALUES (1, '2024-03-01 00:00+00', '2024-03-01 00:00+00', now(), 0, 1, float8send(1))"
                    )
            return super().write(given)

    file = Writes()
    manifest = writing.write(database_url, source.tenant, b"{}", file)
    async with tenant_transaction(database, source) as session:
        await session.execute(text("DELETE FROM reading_blocks WHERE first = '2024-03-01 00:00+00'"))
    assert {each.name: each.rows for each in manifest.tables}["reading_blocks"] == 1000


def test_of_two_exports_of_a_company_at_once_the_second_is_refused(database_url: str, source: Actor) -> None:
    refused: list[str] = []

    class Exports(io.BytesIO):
        def write(self, given: Buffer) -> int:
            if not refused:
                with pytest.raises(writing.ExportRuns) as refusal:
                    writing.write(database_url, source.tenant, b"{}", io.BytesIO())
                refused.append(refusal.value.code)
            return super().write(given)

    writing.write(database_url, source.tenant, b"{}", Exports())
    assert refused == ["company.export_runs"]
    writing.write(database_url, source.tenant, b"{}", io.BytesIO())


async def test_a_slug_that_is_taken_is_refused(database: Database, whole: bytes) -> None:
    with pytest.raises(CompanyExists):
        await restore(database, whole, "demo")


def test_memory_does_not_grow_with_the_readings(database_url: str, tmp_path: Path) -> None:
    peaks = []
    for count in (30_000, 90_000):
        tenant = Migrator(database_url).create_tenant(f"size-{uuid4().hex[:8]}", "Size")
        fill(database_url, tenant, readings=count)
        with (tmp_path / str(count)).open("w+b") as file:
            peaks.append(peak(lambda: (writing.write(database_url, tenant, b"{}", file), reading.check(file))))  # noqa: B023
            assert file.seek(0, os.SEEK_END) > count
    assert peaks[1] < 1.5 * peaks[0]


def test_the_manifest_says_what_is_held_and_nothing_that_opens_a_door(whole: bytes) -> None:
    manifest = Manifest.model_validate_json(files_of(whole)["manifest.json"])
    assert (manifest.slug[:7], manifest.name, manifest.revision) == ("source-", "Source", manifest.revision)
    assert "answers" not in {each.name for each in manifest.tables}
    assert {each.name: each.months for each in manifest.tables}["reading_blocks"] == MONTHS
    assert not any(each.startswith("outbox") for each in manifest.files)
