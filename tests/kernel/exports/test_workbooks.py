"""Workbooks: what a spreadsheet opens is what was meant, and nothing of it runs."""

import glob
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook import Workbook as Read
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.exports import ROWS_AT_ONCE, Book, Parts, Sheet, book_file
from foodflow.kernel.exports.books import columns_of
from foodflow.kernel.exports.workbooks import Workbook, sheet_name
from tests.kernel.exports.make import AT, Cells, CellsOut, File, book, content, in_parts, write

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil.test";"Click")', "=cmd|' /C calc'!A0"]
COLUMNS = columns_of(CellsOut)


@pytest.fixture
def file() -> Iterator[File]:
    with File(1000) as file:
        yield file


def read(file: File) -> Read:
    return openpyxl.load_workbook(content(file))


def rows(sheet: Worksheet) -> list[dict[str, Any]]:
    header, *found = sheet.iter_rows()
    names = [cell.value for cell in header]
    assert names == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def one(file: File, cells: Cells) -> dict[str, Any]:
    """The cells of a row that was written and read."""
    write(Workbook(file, book()), ("Leaves", [[cells]]))
    [row] = rows(read(file)["Leaves"])
    return row


def test_numbers_are_numbers_and_moments_are_moments(file: File) -> None:
    at = datetime.fromisoformat("2026-01-31T23:30:15.250000-02:00")
    row = one(file, Cells(name="Käse", whole=-7, amount=Decimal("12.50"), share=0.25, is_it=True, at=at))
    assert (row["name"].value, row["name"].data_type) == ("Käse", "s")
    assert (row["whole"].value, row["amount"].value, row["share"].value) == (-7, 12.5, 0.25)
    assert {row[name].data_type for name in ("whole", "amount", "share")} == {"n"}
    assert (row["is_it"].value, row["is_it"].data_type) == (True, "b")
    assert row["at"].value.replace(microsecond=0) == datetime(2026, 2, 1, 1, 30, 15)  # noqa: DTZ001 - as spreadsheets keep it
    assert row["at"].number_format == 'yyyy-mm-dd hh:mm:ss" UTC"'
    assert (row["day"].value, row["day"].number_format) == (datetime(2001, 2, 3), "yyyy-mm-dd")  # noqa: DTZ001 - the same


def test_nothing_is_an_empty_cell_and_what_has_parts_is_json(file: File) -> None:
    row = one(file, Cells(share=None, data={"a": [1, "=2"]}))
    assert row["share"].value is None
    assert row["data"].value == '{"a": [1, "=2"]}'


@pytest.mark.parametrize("text", EVIL, ids=ascii)
def test_no_text_is_a_formula_or_a_link(text: str, file: File) -> None:
    cell = one(file, Cells(name=text))["name"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_what_a_spreadsheet_would_not_keep_is_a_text(file: File) -> None:
    early = datetime(1899, 12, 31, tzinfo=UTC)
    row = one(file, Cells(name="x" * 40_000, whole=2**63 - 1, share=float("nan"), at=early))
    assert row["whole"].value == str(2**63 - 1)
    assert row["share"].value == "nan"
    assert row["at"].value == "1899-12-31 00:00:00"
    assert len(row["name"].value) == 32_767


@pytest.mark.parametrize("text", ["\x01\x1f", " a ", "a\nb", "_x0041_", "\ud800", "</t>&amp;"], ids=ascii)
def test_no_text_breaks_the_file(text: str, file: File) -> None:
    found = one(file, Cells(name=text))["name"].value
    assert isinstance(found, str)
    assert "</t>&amp;" not in text or found == text


def test_a_workbook_has_its_sheets_in_order_and_an_empty_one_its_header(file: File) -> None:
    write(Workbook(file, book()), ("Summary", []), ("Poll: what?", [[Cells(whole=1)], [Cells(whole=2)]]))
    found = read(file)
    assert found.sheetnames == ["Summary", "Poll  what"]
    assert rows(found["Summary"]) == []
    assert [row["whole"].value for row in rows(found["Poll  what"])] == [1, 2]
    assert found["Summary"].freeze_panes == "A2"
    assert found.properties.title == "Leaves"


def test_what_does_not_fit_on_a_sheet_goes_on_the_next(file: File) -> None:
    write(Workbook(file, book(), max_rows=2), ("Leaves", [[Cells(whole=n) for n in range(3)], [Cells(whole=3)]]))
    found = read(file)
    assert {name: [row["whole"].value for row in rows(found[name])] for name in found.sheetnames} == {
        "Leaves": [0, 1],
        "Leaves (2)": [2, 3],
    }


@given(st.lists(st.text(max_size=40), max_size=30))
def test_every_sheet_gets_a_name_that_it_may_bear(titles: list[str]) -> None:
    taken: set[str] = set()
    for title in titles:
        name = sheet_name(title, taken)
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\")
        assert name.casefold() not in taken | {"history"}
        assert name[0] != "'" != name[-1]
        taken.add(name.casefold())


def test_a_long_list_takes_little_memory(file: File) -> None:
    part, length, parts = [Cells(name="x" * 5000)] * ROWS_AT_ONCE, 5000, 6
    tracemalloc.start()
    write(Workbook(file, book()), ("Leaves", [part] * parts))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < parts * ROWS_AT_ONCE * length / 3
    assert openpyxl.load_workbook(content(file), read_only=True)["Leaves"].max_row == parts * ROWS_AT_ONCE + 1


async def test_a_workbook_that_fails_leaves_no_file_behind(
    session: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing() -> Parts:
        yield [Cells()]
        message = "the database is gone"
        raise ConnectionError(message)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ConnectionError):
        await book_file(session, Book("x", "X", "Demo", AT, [Sheet("X", CellsOut, failing())]), "xlsx")
    assert glob.glob(f"{tmp_path}/**") == []  # noqa: PTH207 - the folder as it is, hidden files apart


async def test_csv_holds_the_first_sheet_of_a_book(session: AsyncSession) -> None:
    sheets = [Sheet("A", CellsOut, in_parts([Cells(name="a")])), Sheet("B", CellsOut, in_parts([Cells(name="b")]))]
    answer = await book_file(session, Book("x", "X", "Demo", AT, sheets), "csv")
    text = b"".join([bytes(chunk) async for chunk in answer.body_iterator]).decode()  # type: ignore[arg-type]
    assert '"a"' in text
    assert '"b"' not in text
