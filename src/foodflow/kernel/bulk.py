"""Bulk traffic: columns of numbers go to PostgreSQL as binary COPY, without a Python object for each row, and packed
columns come back as bytes, without a detour by text.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection, AsyncCursor, pq
from psycopg.abc import DumperKey, PyFormat
from psycopg.adapt import Dumper
from psycopg.postgres import types
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import driver_connection

POSTGRES_EPOCH = 946_684_800_000_000
"""2000-01-01 in microseconds since 1970: where PostgreSQL counts its timestamps from."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_CHUNK_ROWS = 50_000
_CHUNK_BYTES = 4_000_000
_NULL = -1
_TYPES: Final[Mapping[type[np.generic], str]] = {np.int32: "int4", np.int64: "int8", np.float64: "float8"}


Column = NDArray[Any] | None
"""A column of rows to write: numbers (n,), or packed ones (n, k): each row a bytea of k numbers; None is all NULL."""


def binary_rows(columns: Sequence[Column]) -> bytes:
    """Rows in the binary format of COPY, from equally long columns of int16, int32, int64 or float64, packed ones also
    of other types; at least one is not NULL.
    """
    layout: list[Any] = [("width", ">i2")]
    for number, column in enumerate(columns):
        layout.append((f"length{number}", ">i4"))
        if column is not None:
            layout.append((f"value{number}", column.dtype.newbyteorder(">").str, column.shape[1:]))
    rows = np.empty(next(len(column) for column in columns if column is not None), dtype=layout)
    rows["width"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"length{number}"] = _NULL if column is None else column.dtype.itemsize * int(np.prod(column.shape[1:]))
        if column is not None:
            rows[f"value{number}"] = column
    return rows.tobytes()


async def copy_in(session: AsyncSession, table: str, names: Sequence[str], *parts: Sequence[Column]) -> None:
    """Append rows to a table within the session's transaction, in parts of equally named columns; the table's name and
    its columns' are never a user's input.
    """
    into = f"{table} ({', '.join(names)})"
    connection = await driver_connection(session)
    async with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
        waiting = [_HEADER]
        for columns in parts:
            length = next(len(column) for column in columns if column is not None)
            for start in range(0, length, _CHUNK_ROWS):
                piece = slice(start, start + _CHUNK_ROWS)
                waiting.append(binary_rows([None if column is None else column[piece] for column in columns]))
            if sum(map(len, waiting)) > _CHUNK_BYTES:
                await copy.write(b"".join(waiting))
                waiting = []
        await copy.write(b"".join([*waiting, _TRAILER]))


async def fetch(session: AsyncSession, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, sent as PostgreSQL holds them: a bytea comes as its bytes, which as text would be twice
    as long. Parameters may be arrays (n,) of int32, int64 or float64.
    """
    cursor = await _executed(await driver_connection(session), statement, parameters)
    return await cursor.fetchall()


async def fetch_each(session: AsyncSession, *statements: tuple[str, Mapping[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """The rows of some statements with their parameters. They are sent together, and done one after the other: each
    sees what is committed by then, and what the ones before it did.
    """
    connection = await driver_connection(session)
    async with connection.pipeline():
        cursors = [await _executed(connection, *each) for each in statements]
        return [await cursor.fetchall() for cursor in cursors]


async def _executed(
    connection: AsyncConnection[tuple[Any, ...]], statement: str, parameters: Mapping[str, Any]
) -> AsyncCursor[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True)
    cursor.adapters.register_dumper(np.ndarray, _ArrayDumper)
    return await cursor.execute(statement.encode(), parameters)


async def update_rows(
    session: AsyncSession,
    table: str,
    key: tuple[str, str, Sequence[Any]],
    changes: Mapping[str, tuple[str, Sequence[Any]]],
) -> None:
    """Give many rows their new values with one statement: `key` is the name, type and values of the column that finds
    them, `changes` the types and new values of others, by name. Names and types are never a user's input.
    """
    columns = {key[0]: key[1:], **changes}
    arrays = ", ".join(f"CAST(%({name})s AS {kind}[])" for name, (kind, _) in columns.items())
    given = ", ".join(f"{name} = u.{name}" for name in changes)
    statement = (
        f"UPDATE {table} AS t SET {given} FROM unnest({arrays}) AS u ({', '.join(columns)})"  # noqa: S608 - names come from the program
        f" WHERE t.{key[0]} = u.{key[0]}"
    )
    connection = await driver_connection(session)
    await connection.execute(statement, {name: array_of(values) for name, (_, values) in columns.items()})


class _ArrayDumper(Dumper):
    """An array of numbers as PostgreSQL holds it: neither side has to write numbers as text, or to read them."""

    format = pq.Format.BINARY

    def get_key(self, obj: NDArray[Any], _format: PyFormat) -> DumperKey:
        """One dumper for each type of numbers."""
        return (self.cls, obj.dtype.type)

    def upgrade(self, obj: NDArray[Any], _format: PyFormat) -> Dumper:
        """The dumper of this type of numbers."""
        dumper = _ArrayDumper(self.cls)
        dumper.oid = types[_TYPES[obj.dtype.type]].array_oid
        return dumper

    def dump(self, obj: NDArray[Any]) -> bytes:
        """How many dimensions, whether any is NULL, of what type, how many from which number on, and each by itself."""
        one = types[_TYPES[obj.dtype.type]].oid
        if not len(obj):
            return np.array([0, 0, one], ">i4").tobytes()
        return np.array([1, 0, one, len(obj), 1], ">i4").tobytes() + _each(obj).tobytes()


def _each(values: NDArray[Any]) -> NDArray[Any]:
    """Each number after its length."""
    each = np.empty(len(values), [("length", ">i4"), ("value", values.dtype.newbyteorder(">"))])
    each["length"], each["value"] = values.itemsize, values
    return each


def array_of(values: Iterable[int | float | datetime | UUID | None]) -> str:
    """The text of a PostgreSQL array of things that need no quotes; the driver looks at each for many times as long."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


async def delete_rows(session: AsyncSession, table: str, of: tuple[str, Any], *, between: tuple[str, Any, Any]) -> None:
    """Delete the rows of which one column has a value and another lies between two (both included)."""
    statement = f"DELETE FROM {table} WHERE {of[0]} = %s AND {between[0]} BETWEEN %s AND %s"  # noqa: S608 - names come from the program
    connection = await driver_connection(session)
    await connection.execute(statement, (of[1], *between[1:]))


def postgres_times(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since 1970 as PostgreSQL's timestamps."""
    return microseconds - POSTGRES_EPOCH
