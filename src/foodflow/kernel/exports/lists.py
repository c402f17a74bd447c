"""A list as its caller wants it: a page of it, or all of it as a file."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import StreamingResponse

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.exports import delimited
from foodflow.kernel.exports.books import Book, Parts, Sheet, Value, columns_of, values_of
from foodflow.kernel.exports.files import File, filled_file, whole_file
from foodflow.kernel.paging import PDF, XLSX, Wanted, fetch, page_of
from foodflow.kernel.wire import Out, OutT, PageOf

RowT = TypeVar("RowT")
ROWS_AT_ONCE: Final = 500


class Writer(Protocol):
    """Writes a book into a file, in a thread."""

    def begin(self, title: str, columns: list[str]) -> None:
        """Begin a sheet."""

    def add(self, rows: list[list[Value]]) -> None:
        """Add rows to the sheet that was begun last."""

    def close(self) -> None:
        """Make the file whole."""

    def abandon(self) -> None:
        """Let go of what is held, where the file will not be whole."""


def _workbook(file: File, book: Book) -> Writer:
    from foodflow.kernel.exports.workbooks import Workbook  # noqa: PLC0415 - loaded when somebody wants such a file

    return Workbook(file, book)


def _pages(file: File, book: Book) -> Writer:
    from foodflow.kernel.exports.pages import Pages  # noqa: PLC0415 - the same

    return Pages(file, book)


_WRITERS: Final[dict[str, tuple[Callable[[File, Book], Writer], str]]] = {
    "xlsx": (_workbook, XLSX),
    "pdf": (_pages, PDF),
}


async def listed(
    session: AsyncSession, statement: Select[RowT], wanted: Wanted, *, shape: type[OutT], request: Request
) -> PageOf[OutT] | StreamingResponse:
    """A list as its caller wants it: a page, or the whole of it as a file."""
    if wanted.export:
        parts, actor = parts_of(session, wanted.of(statement)), request.state.actor
        return await file_of(session, parts, shape, name=wanted.export, format=wanted.format, actor=actor)
    return page_of(request, wanted, await fetch(session, statement, wanted), shape)


async def parts_of(session: AsyncSession, statement: Select[RowT]) -> Parts:
    """The rows of a statement, some at a time."""
    rows = await session.stream_scalars(statement.execution_options(yield_per=ROWS_AT_ONCE))
    async for part in rows.partitions():
        yield part


async def file_of(
    session: AsyncSession,
    parts: Parts,
    shape: type[Out],
    *,
    name: str,
    format: str,  # noqa: A002 - the parameter's name
    actor: Actor,
) -> StreamingResponse:
    """Rows, which come in parts, as the file `<name>.<format>` with a column for each field of the shape."""
    title = name.replace("-", " ").capitalize()
    book = Book(name, title, actor.company_name or actor.tenant, clock.now(), [Sheet(title, shape, parts)])
    return await book_file(session, book, format)


async def book_file(session: AsyncSession, book: Book, format: str) -> StreamingResponse:  # noqa: A002 - the same
    """A book as the file `<name>.<format>`; CSV holds its first sheet alone."""
    name = f"{book.name}.{format}"
    if format not in _WRITERS:
        first = book.sheets[0]
        return await whole_file(
            session, delimited.pieces(first.parts, first.shape), media_type=delimited.MEDIA_TYPE, name=name
        )
    open_writer, media_type = _WRITERS[format]

    async def fill(file: File) -> None:
        writer = await asyncio.to_thread(open_writer, file, book)
        try:
            await _write(writer, book)
        except BaseException:
            writer.abandon()
            raise

    return await filled_file(session, fill, media_type=media_type, name=name)


async def _write(writer: Writer, book: Book) -> None:
    for sheet in book.sheets:
        columns = columns_of(sheet.shape)
        writer.begin(sheet.title, columns)
        async for part in sheet.parts:
            # Off the event loop: the rows of a part take milliseconds.
            await asyncio.to_thread(_add, writer, sheet.shape, columns, part)
    await asyncio.to_thread(writer.close)


def _add(writer: Writer, shape: type[Out], columns: list[str], part: object) -> None:
    writer.add(values_of(part, shape, columns))  # type: ignore[arg-type]
