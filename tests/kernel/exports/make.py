"""Makes books and reads them back."""

import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile

from pydantic import BaseModel, JsonValue

from foodflow.kernel.exports import Book
from foodflow.kernel.exports.books import columns_of, values_of
from foodflow.kernel.exports.lists import Writer
from foodflow.kernel.wire import Instant, Number, Out

AT = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


class CellsOut(Out):
    """One field of each kind."""

    name: str = ""
    whole: int = 0
    amount: Number = Decimal(0)
    share: float | None = None
    is_it: bool = False
    at: Instant = AT
    day: date = date(2001, 2, 3)
    data: JsonValue = None


class Cells(BaseModel):
    """A row that comes from nowhere."""

    name: str = ""
    whole: int = 0
    amount: Decimal = Decimal(0)
    share: float | None = None
    is_it: bool = False
    at: datetime = AT
    day: date = date(2001, 2, 3)
    data: JsonValue = None


File = SpooledTemporaryFile[bytes]


def book(title: str = "Leaves", *, facts: Sequence[tuple[str, str]] = ()) -> Book:
    return Book("leaves", title, "Demo Mühle", AT, [], facts)


def write(writer: Writer, *sheets: tuple[str, Iterable[Sequence[object]]]) -> None:
    """Write sheets of cells, each with rows in parts, and close."""
    columns = columns_of(CellsOut)
    for title, parts in sheets:
        writer.begin(title, columns)
        for part in parts:
            writer.add(values_of(part, CellsOut, columns))
    writer.close()


def content(file: File) -> io.BytesIO:
    file.seek(0)
    return io.BytesIO(file.read())


async def in_parts(*parts: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    for part in parts:
        yield part
