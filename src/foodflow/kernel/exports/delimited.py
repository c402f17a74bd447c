"""CSV (RFC 4180) in UTF-8 with a byte order mark, by which spreadsheets know it."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from foodflow.kernel.exports.books import Parts, columns_of
from foodflow.kernel.wire import Out

MEDIA_TYPE: Final = "text/csv; charset=utf-8; header=present"
# What spreadsheets take for the beginning of a formula (OWASP, CSV Injection), in full width too.
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


async def pieces(parts: Parts, shape: type[Out]) -> AsyncIterator[bytes]:
    """Rows, which come in parts, as a file with a column for each field of the shape."""
    columns = columns_of(shape)
    yield "\ufeff".encode() + _lines([columns])
    async for part in parts:
        # Off the event loop: the rows of a part take milliseconds.
        yield await asyncio.to_thread(_written, part, shape, columns)


def _written(rows: Sequence[object], shape: type[Out], columns: Sequence[str]) -> bytes:
    dumped = (shape.model_validate(row).model_dump(mode="json") for row in rows)
    return _lines([cell(row[column]) for column in columns] for row in dumped)


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
