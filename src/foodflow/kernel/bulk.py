"""Bulk writing: columns of numbers go to PostgreSQL as binary COPY, without a Python object for each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import driver_connection

POSTGRES_EPOCH = 946_684_800_000_000
"""2000-01-01 in microseconds since 1970: where PostgreSQL counts its timestamps from."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_CHUNK_ROWS = 50_000


def binary_rows(columns: list[NDArray[Any]]) -> bytes:
    """Rows in the binary format of COPY, from equally long columns of int16, int32, int64 or float64, none of them
    NULL.
    """
    layout: list[tuple[str, str]] = [("width", ">i2")]
    for number, column in enumerate(columns):
        layout += [(f"length{number}", ">i4"), (f"value{number}", column.dtype.newbyteorder(">").str)]
    rows = np.empty(len(columns[0]), dtype=layout)
    rows["width"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"length{number}"] = column.dtype.itemsize
        rows[f"value{number}"] = column
    return rows.tobytes()


async def copy_in(session: AsyncSession, table: str, names: Sequence[str], columns: list[NDArray[Any]]) -> None:
    """Append rows to a table within the session's transaction; its name and its columns' are never a user's input."""
    into = f"{table} ({', '.join(names)})"
    connection = await driver_connection(session)
    async with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
        await copy.write(_HEADER)
        for start in range(0, len(columns[0]), _CHUNK_ROWS):
            await copy.write(binary_rows([column[start : start + _CHUNK_ROWS] for column in columns]))
        await copy.write(_TRAILER)


def postgres_times(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since 1970 as PostgreSQL's timestamps."""
    return microseconds - POSTGRES_EPOCH


async def insert_new(
    session: AsyncSession, table: str, names: Sequence[str], columns: list[NDArray[Any]], *, key: Sequence[str]
) -> NDArray[np.int64]:
    """Append those rows whose key is not in the table yet; returns their places among the given ones.

    All given rows, with their `place`, stay readable in the temporary table `incoming_<table>` until the transaction
    ends.
    """
    incoming, listed, keys = f"incoming_{table}", ", ".join(names), ", ".join(key)
    await session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{incoming}"))
    await session.execute(
        text(
            f"CREATE TEMPORARY TABLE {incoming} ON COMMIT DROP AS"  # noqa: S608 - names come from the program
            f" SELECT 0 AS place, {listed} FROM {table} WITH NO DATA"
        )
    )
    await copy_in(session, incoming, ["place", *names], [np.arange(len(columns[0]), dtype=np.int32), *columns])
    added = await session.scalars(
        text(
            f"WITH added AS (INSERT INTO {table} ({listed}) SELECT {listed} FROM {incoming} ORDER BY place"  # noqa: S608 - the same
            f" ON CONFLICT ({keys}) DO NOTHING RETURNING {keys})"
            f" SELECT i.place FROM {incoming} AS i JOIN added USING ({keys}) ORDER BY i.place"
        )
    )
    return np.array(added.all(), np.int64)
