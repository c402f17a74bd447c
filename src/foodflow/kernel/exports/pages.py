"""Pages to print (PDF, ISO 32000): tables under a title, with the company, the moment and the page at the foot.

The paper is as wide as the columns need, from A4 to A2, and texts are broken into lines where it does not suffice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from typing import Final

from reportlab.lib.pagesizes import A2, A3, A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.exports.books import Book, Value
from foodflow.kernel.exports.files import File
from foodflow.kernel.exports.typesetting import Measure, column_widths, lines_of

MAX_ROWS: Final = 5_000
"""Rows of all sheets together: setting them takes about a millisecond each."""
_PAPERS: Final = (A4, landscape(A4), landscape(A3), landscape(A2))
_MARGIN, _SIZE, _LEADING, _GAP = 36.0, 7.5, 9.5, 6.0
_TITLE, _HEADING = 15.0, 10.5
_WIDEST: Final = 220.0
_MAX_LINES, _MAX_LINES_ABOVE = 20, 3
_SAMPLE: Final = 100
_LAST_PAGE: Final = "pages"
_BLACK, _GREY = 0.1, 0.45
_UNKNOWN: Final = "\ufffd"


@cache
def _font() -> TTFont:
    """Open Sans: Latin, Greek and Cyrillic, and the signs of measures."""
    with as_file(files("fontpkg_open_sans") / "files" / "OpenSans[wdth,wght].ttf") as path:
        font = TTFont("FoodFlow", str(path))
    pdfmetrics.registerFont(font)
    return font


@cache
def _measure() -> Measure:
    face = _font().face
    return Measure(face.charWidths, face.defaultWidth)


def refuse_more() -> Invalid:
    """What is said of a list that is too long to be printed."""
    said = f"as PDF a list holds at most {MAX_ROWS} rows; ask for fewer, or for csv or xlsx"
    return Invalid.because(FieldError("format", said, "export.too_long"))


@dataclass(slots=True)
class _Table:
    """The sheet that is being set: its columns, how wide they are, and which hold numbers."""

    title: str
    columns: list[str]
    widths: list[float] = field(default_factory=list)
    numeric: list[bool] = field(default_factory=list)
    is_begun: bool = False


class Pages:
    """Writes pages into a file."""

    def __init__(self, file: File, book: Book) -> None:
        self._book = book
        self._canvas = Canvas(file, pagesize=A4, pageCompression=1, lang="en")
        _font()
        self._canvas.setTitle(book.title)
        self._canvas.setAuthor(book.company)
        self._canvas.setCreator("FoodFlow")
        self._page, self._rows = 0, 0
        self._width, self._height = A4
        self._y = 0.0
        self._table: _Table | None = None

    def begin(self, title: str, columns: list[str]) -> None:
        """Begin a table; what it looks like waits for the first rows."""
        self._end_table()
        self._table = _Table(title, columns)

    def add(self, rows: list[list[Value]]) -> None:
        """Add rows; refuses more than can be printed."""
        self._rows += len(rows)
        if self._rows > MAX_ROWS:
            raise refuse_more()
        if not rows:
            return
        table = self._begun(rows[:_SAMPLE])
        for row in rows:
            self._set(table, [(_drawable(_said(value)), _is_number(value)) for value in row])

    def close(self) -> None:
        """Write the file."""
        self._end_table()
        if not self._page:
            self._turn(A4)
        self._finish_page()
        self._canvas.beginForm(_LAST_PAGE)
        self._write(0, 0, f"{self._page}", shade=_GREY)
        self._canvas.endForm()
        self._canvas.save()

    def abandon(self) -> None:
        """Nothing is held that would have to be let go."""

    def _end_table(self) -> None:
        table = self._table
        if table is not None and not table.is_begun:
            self._begun([])
            self._y -= _LEADING
            self._write(_MARGIN, self._y, "Nothing here.", shade=_GREY)
            self._y -= _LEADING

    def _begun(self, sample: list[list[Value]]) -> _Table:
        """The table, its head set on paper that is wide enough."""
        table = self._table
        assert table is not None  # noqa: S101 - a table is begun before rows are added
        if table.is_begun:
            return table
        columns = [list(column) for column in zip(*sample, strict=True)] or [[] for _ in table.columns]
        table.numeric = [any(map(_is_number, column)) for column in columns]
        natural = [
            min(max(_measure().width(text, _SIZE) for text in [_words(name), *map(_said, column)]), _WIDEST)
            for name, column in zip(table.columns, columns, strict=True)
        ]
        needed = sum(natural) + _GAP * len(natural) + 2 * _MARGIN
        paper = next((each for each in _PAPERS if each[0] >= needed), _PAPERS[-1])
        table.widths = column_widths(natural, paper[0] - 2 * _MARGIN - _GAP * len(natural))
        table.is_begun = True
        if not self._page or paper != (self._width, self._height) or self._y < _MARGIN + 8 * _LEADING:
            self._turn(paper)
        self._y -= 2 * _HEADING
        if table.title != self._book.title:
            [title] = lines_of(_drawable(table.title), self._width - 2 * _MARGIN, _measure(), size=_HEADING, most=1)
            self._write(_MARGIN, self._y, title, size=_HEADING)
            self._y -= _LEADING
        self._head(table)
        return table

    def _head(self, table: _Table) -> None:
        names = zip(table.columns, table.numeric, strict=True)
        self._set(table, [(_words(name), is_numeric) for name, is_numeric in names], shade=_GREY)
        self._canvas.setLineWidth(0.7)
        self._canvas.setStrokeGray(_BLACK)
        self._canvas.line(_MARGIN, self._y, self._width - _MARGIN, self._y)

    def _set(self, table: _Table, row: Sequence[tuple[str, bool]], *, shade: float = _BLACK) -> None:
        """Set one row, on a new page where it does not fit on this one."""
        measure = _measure()
        cells = [
            lines_of(text, width, measure, size=_SIZE, most=_MAX_LINES)
            for (text, _), width in zip(row, table.widths, strict=True)
        ]
        height = max(len(lines) for lines in cells) * _LEADING + 3
        if self._y - height < _MARGIN + _LEADING:
            self._turn((self._width, self._height))
            self._head(table)
        x = _MARGIN
        for lines, (_, is_number), width in zip(cells, row, table.widths, strict=True):
            for place, line in enumerate(lines):
                shift = width - measure.width(line, _SIZE) if is_number else 0.0
                self._write(x + shift, self._y - (place + 1) * _LEADING, line, shade=shade)
            x += width + _GAP
        self._y -= height
        self._canvas.setLineWidth(0.2)
        self._canvas.setStrokeGray(0.8)
        self._canvas.line(_MARGIN, self._y, self._width - _MARGIN, self._y)

    def _turn(self, paper: tuple[float, float]) -> None:
        """Begin a page; the first one bears the title and the facts."""
        if self._page:
            self._finish_page()
        self._page += 1
        self._width, self._height = paper
        self._canvas.setPageSize(paper)
        self._y = self._height - _MARGIN
        if self._page == 1:
            self._y -= _TITLE
            self._lines(self._book.title, _TITLE)
            for name, said in self._book.facts:
                self._lines(f"{name}: {said}", _SIZE)

    def _lines(self, text: str, size: float) -> None:
        for line in lines_of(_drawable(text), self._width - 2 * _MARGIN, _measure(), size=size, most=_MAX_LINES_ABOVE):
            self._write(_MARGIN, self._y, line, size=size)
            self._y -= size * 1.3

    def _finish_page(self) -> None:
        y = _MARGIN - _LEADING
        made = f"{self._book.made_at:%Y-%m-%d %H:%M} UTC"
        foot = _drawable(f"{self._book.company} · {self._book.title} · {made}")
        [line] = lines_of(foot, self._width - 2 * _MARGIN - 90, _measure(), size=_SIZE, most=1)
        self._write(_MARGIN, y, line, shade=_GREY)
        counted = f"Page {self._page} of "
        self._write(self._width - _MARGIN - 60, y, counted, shade=_GREY)
        self._canvas.saveState()
        self._canvas.translate(self._width - _MARGIN - 60 + _measure().width(counted, _SIZE), y)
        self._canvas.doForm(_LAST_PAGE)
        self._canvas.restoreState()
        self._canvas.showPage()

    def _write(self, x: float, y: float, text: str, *, size: float = _SIZE, shade: float = _BLACK) -> None:
        self._canvas.setFont(_font().fontName, size)
        self._canvas.setFillGray(shade)
        self._canvas.drawString(x, y, text)


def _drawable(text: str) -> str:
    """A text with a sign in the place of each letter that the font does not have."""
    known = _font().face.charToGlyph
    if all(ord(letter) in known for letter in text):
        return text
    return "".join(letter if ord(letter) in known or letter.isspace() else _UNKNOWN for letter in text)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _said(value: Value) -> str:
    """A value in words: moments to the second, in UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() and value.adjusted() < 18 else str(value)  # noqa: PLR2004 - digits that fit in a column
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
