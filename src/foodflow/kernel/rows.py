"""Rows as columns of values, written with one statement however many there are."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import TenantTable, driver_connection

Columns = Mapping[str, Sequence[Any]]
"""Equally long columns by name: of numbers that are finite, texts, moments, bytes, ids and what else JSON can say."""


async def put(session: AsyncSession, kind: type[TenantTable], columns: Columns) -> None:
    """Insert rows, or change those whose primary key is there. Who calls this has locked what it changes: the last of
    two who write the same row wins.
    """
    await _write(session, _putting(kind, tuple(columns)), columns)


async def change(session: AsyncSession, kind: type[TenantTable], columns: Columns) -> None:
    """Change the given columns of rows that are there; those of their primary key say which."""
    await _write(session, _changing(kind, tuple(columns)), columns)


async def _write(session: AsyncSession, statement: str, columns: Columns) -> None:
    """Rows go as JSON, which takes the driver and the database a fraction of what dozens of arrays take them."""
    sayable = (_sayable(values) for values in columns.values())
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*sayable, strict=True)]
    if rows:
        connection = await driver_connection(session)
        await connection.execute(statement, {"rows": msgspec.json.encode(rows).decode()})


def _sayable(values: Sequence[Any]) -> Sequence[Any]:
    """Bytes as PostgreSQL writes them, all else as it is."""
    if bytes not in set(map(type, values)):
        return values
    return [f"\\x{value.hex()}" if isinstance(value, bytes) else value for value in values]


@lru_cache
def _putting(kind: type[TenantTable], names: tuple[str, ...]) -> str:
    keys = _keys(kind)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    return (
        f'INSERT INTO "{kind.__tablename__}" ({_listed(names)}) SELECT {_listed(names)} FROM {_given(kind)}'  # noqa: S608 - names of our own
        f" ON CONFLICT ({_listed(keys)}) DO UPDATE SET {changes}"
    )


@lru_cache
def _changing(kind: type[TenantTable], names: tuple[str, ...]) -> str:
    keys = _keys(kind)
    changes = ", ".join(f'"{name}" = n."{name}"' for name in names if name not in keys)
    same = " AND ".join(f't."{name}" = n."{name}"' for name in keys)
    return f'UPDATE "{kind.__tablename__}" AS t SET {changes} FROM {_given(kind)} WHERE {same}'  # noqa: S608 - the same


def _given(kind: type[TenantTable]) -> str:
    return f'json_populate_recordset(CAST(NULL AS "{kind.__tablename__}"), CAST(%(rows)s AS json)) AS n'


def _keys(kind: type[TenantTable]) -> list[str]:
    return [column.name for column in TenantTable.metadata.tables[kind.__tablename__].primary_key]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
