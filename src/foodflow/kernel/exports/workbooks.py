"""Workbooks (XLSX, ISO/IEC 29500): numbers are numbers, moments are moments (of UTC), and a text is never a formula.

Rows go to a temporary file as they come, so that a long list takes little memory.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Final

import xlsxwriter  # type: ignore[import-untyped] # it has annotations, and no marker that says so
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from foodflow.kernel.exports.books import Book, Value
from foodflow.kernel.exports.files import File

MAX_ROWS: Final = 1_048_575
"""Rows of a sheet below its header; what is more goes on the next sheet."""
_MAX_TEXT: Final = 32_767
_EXACT: Final = 10**15
"""Spreadsheets keep fifteen digits of a number; a longer one is a text."""
_FIRST_YEAR: Final = 1900
_WIDEST, _NARROWEST, _SAMPLE = 60, 8, 100
_MAX_NAME: Final = 31
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}


class Workbook:
    """Writes a workbook into a file."""

    def __init__(self, file: File, book: Book, *, max_rows: int = MAX_ROWS) -> None:
        self._folder = TemporaryDirectory(prefix="foodflow-")
        self._book = xlsxwriter.Workbook(file, {**_OPTIONS, "tmpdir": self._folder.name})
        self._book.set_properties({"title": book.title, "company": book.company, "created": book.made_at})
        self._header = self._book.add_format({"bold": True, "bottom": 1})
        self._moment = self._book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss" UTC"'})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._names: set[str] = set()
        self._max_rows = max_rows
        self._title = ""
        self._columns: list[str] = []
        self._widths: list[int] = []
        self._sheet: Worksheet | None = None
        self._row = 0

    def begin(self, title: str, columns: list[str]) -> None:
        """Begin a sheet; its widths wait for the first rows."""
        self._title, self._columns, self._widths = title, columns, [_NARROWEST] * len(columns)
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._end_sheet()
        title, columns, self._row = self._title, self._columns, 0
        self._sheet = self._book.add_worksheet(self._name(title))
        self._sheet.write_row(0, 0, columns, self._header)
        self._sheet.freeze_panes(1, 0)

    def add(self, rows: list[list[Value]]) -> None:
        """Add rows, on a sheet more where this one is full."""
        if self._row == 0:
            self._widths = self._widths_of(rows[:_SAMPLE])
            self._set_widths()
        for row in rows:
            if self._row == self._max_rows:
                self._begin_sheet()
            self._row += 1
            for column, value in enumerate(row):
                self._put(column, value)

    def close(self) -> None:
        """Write the file."""
        self._end_sheet()
        self._book.close()
        self._folder.cleanup()

    def abandon(self) -> None:
        """Close and remove the temporary files of a workbook that will not be whole."""
        self._book.fileclosed = True  # or it would write itself once nobody holds it
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()
        self._folder.cleanup()

    def _end_sheet(self) -> None:
        if self._sheet is not None and self._row:
            self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)

    def _name(self, title: str) -> str:
        name = sheet_name(title, self._names)
        self._names.add(name.casefold())
        return name

    def _widths_of(self, rows: list[list[Value]]) -> list[int]:
        longest = [max(len(str(each)) for each in column) for column in zip(self._columns, *rows, strict=True)]
        return [min(max(each + 2, _NARROWEST), _WIDEST) for each in longest]

    def _set_widths(self) -> None:
        for column, width in enumerate(self._widths):
            self._on_sheet.set_column(column, column, width)

    @property
    def _on_sheet(self) -> Worksheet:
        assert self._sheet is not None  # noqa: S101 - a sheet is begun before rows are added
        return self._sheet

    def _put(self, column: int, value: Value) -> None:
        sheet, row = self._on_sheet, self._row
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, date) and value.year >= _FIRST_YEAR:
            sheet.write_datetime(row, column, value, self._format_of(value))
        elif isinstance(value, int | float | Decimal) and _is_exact(value):
            sheet.write_number(row, column, value)
        else:
            sheet.write_string(row, column, str(value)[:_MAX_TEXT])

    def _format_of(self, value: date) -> Format:
        return self._moment if isinstance(value, datetime) else self._day


def _is_exact(value: float | Decimal) -> bool:
    """Whether a number is one that a spreadsheet keeps as it is, more or less; NaN and infinity are not."""
    return -_EXACT < (value if isinstance(value, int) else float(value)) < _EXACT


def sheet_name(title: str, taken: set[str]) -> str:
    """A name that a sheet may bear: of at most 31 characters, without those that mean something in a formula, and not
    one of those that are taken (in lower case).
    """
    plain = re.sub(r"[\x00-\x1f\[\]:*?/\\]+", " ", title).strip(" '")[:_MAX_NAME].strip(" '") or "Sheet"
    name, number = plain, 1
    while name.casefold() in taken or name.casefold() == "history":
        number += 1
        name = f"{plain[: _MAX_NAME - len(str(number)) - 3]} ({number})"
    return name
