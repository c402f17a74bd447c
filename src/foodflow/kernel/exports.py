"""Exports: all rows of a list as one CSV file (RFC 4180), however many, in little memory.

A file is whole before its first byte is sent. So a failure is answered as one and never looks like a short list, and
a slow reader keeps no connection from the others. It is UTF-8 with a byte order mark, by which spreadsheets know it.
"""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import Any, Final, TypeVar

from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import StreamingResponse

from foodflow.kernel.errors import Unavailable
from foodflow.kernel.paging import Wanted, fetch, page_of
from foodflow.kernel.wire import Out, OutT, PageOf

RowT = TypeVar("RowT")
Parts = AsyncIterator[Sequence[object]]
AT_ONCE: Final = 3
"""How many exports a company makes at the same time: each holds a connection until its file is whole."""
ROWS_AT_ONCE: Final = 500
_IN_MEMORY: Final = 1_000_000
_CHUNK: Final = 65_536
_SLOT = text(
    "SELECT 1 FROM generate_series(1, :slots) AS slot"
    " WHERE pg_try_advisory_xact_lock(hashtext('export ' || current_schema()), slot) LIMIT 1"
)
# What spreadsheets take for the beginning of a formula (OWASP, CSV Injection), in full width too.
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")

_File = SpooledTemporaryFile[bytes]


async def listed(
    session: AsyncSession, statement: Select[RowT], wanted: Wanted, *, shape: type[OutT], request: Request
) -> PageOf[OutT] | StreamingResponse:
    """A list as its caller wants it: a page, or the whole of it as a file."""
    if wanted.export:
        return await csv_file(session, _parts(session, wanted.of(statement)), shape, name=wanted.export)
    return page_of(request, wanted, await fetch(session, statement, wanted), shape)


async def _parts(session: AsyncSession, statement: Select[RowT]) -> Parts:
    rows = await session.stream_scalars(statement.execution_options(yield_per=ROWS_AT_ONCE))
    async for part in rows.partitions():
        yield part


async def csv_file(session: AsyncSession, parts: Parts, shape: type[Out], *, name: str) -> StreamingResponse:
    """Rows, which come in parts, as the file `<name>.csv` with a column for each field of the shape."""
    pieces = _pieces(parts, shape)
    return await whole_file(session, pieces, media_type="text/csv; charset=utf-8; header=present", name=f"{name}.csv")


async def whole_file(
    session: AsyncSession, pieces: AsyncIterator[bytes], *, media_type: str, name: str
) -> StreamingResponse:
    """A file that is whole before its first byte is sent, of pieces that come one after the other."""
    if await session.scalar(_SLOT, {"slots": AT_ONCE}) is None:
        raise Unavailable("other exports of this company are being made; try again in a moment")
    with ExitStack() as unless_whole:
        file: _File = unless_whole.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)  # a large file is on disk
        unless_whole.pop_all()
    size = file.tell()
    file.seek(0)
    headers = {"Content-Disposition": disposition(name), "Content-Length": str(size)}
    return StreamingResponse(
        _content(file), media_type=media_type, headers=headers | {"X-Content-Type-Options": "nosniff"}
    )


def disposition(name: str) -> str:
    """`Content-Disposition` of a file to keep; whatever could end the name or the header becomes an underscore."""
    return f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")}"'


async def _pieces(parts: Parts, shape: type[Out]) -> AsyncIterator[bytes]:
    columns = columns_of(shape)
    yield "\ufeff".encode() + _lines([columns])
    async for part in parts:
        # Off the event loop: the rows of a part take milliseconds.
        yield await asyncio.to_thread(_written, part, shape, columns)


def _written(rows: Sequence[object], shape: type[Out], columns: Sequence[str]) -> bytes:
    dumped = (shape.model_validate(row).model_dump(mode="json") for row in rows)
    return _lines([cell(row[column]) for column in columns] for row in dumped)


def columns_of(shape: type[Out]) -> list[str]:
    """The names of the fields that a shape shows, which are the header."""
    shown = [name for name, field in shape.model_fields.items() if not field.exclude]
    return [*shown, *shape.model_computed_fields]


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    # Texts in quotation marks and numbers without, so that who reads it can tell a code like 007 from a number.
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode(errors="replace")


def cell(value: Any) -> str | float:  # noqa: ANN401 - whatever JSON holds
    """A JSON value as a cell: a text that a spreadsheet would take for a formula begins with an apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def _content(file: _File) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
