"""Rows as they are in memory, written with one statement however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, text
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import TenantTable

_DIALECT: Dialect = registry.load("postgresql")()


async def put(session: AsyncSession, kind: type[TenantTable], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, each with the same columns (none of them an array) and its own primary key.

    Who calls this has locked what it changes: the last of two who write the same row wins.
    """
    if not rows:
        return
    table = TenantTable.metadata.tables[kind.__tablename__]
    names = list(rows[0])
    keys = [column.name for column in table.primary_key]
    columns = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(_DIALECT)}[])" for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    await session.execute(
        text(
            f'INSERT INTO "{table.name}" ({listed}) SELECT * FROM unnest({columns})'  # noqa: S608 - names of our tables
            f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
        ),
        {name: [row[name] for row in rows] for name in names},
    )


async def change(session: AsyncSession, kind: type[TenantTable], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change the named columns (none of them an array) of rows that there are; each names its primary key."""
    if not rows:
        return
    table = TenantTable.metadata.tables[kind.__tablename__]
    names = list(rows[0])
    keys = [column.name for column in table.primary_key]
    columns = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(_DIALECT)}[])" for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = n."{name}"' for name in names if name not in keys)
    same = " AND ".join(f't."{name}" = n."{name}"' for name in keys)
    await session.execute(
        text(f'UPDATE "{table.name}" AS t SET {changes} FROM unnest({columns}) AS n ({listed}) WHERE {same}'),  # noqa: S608 - the same
        {name: [row[name] for row in rows] for name in names},
    )
