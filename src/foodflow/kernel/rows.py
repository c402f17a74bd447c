"""Rows as columns of values, written with one statement however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, LargeBinary, text
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import TenantTable

_DIALECT: Dialect = registry.load("postgresql")()

Columns = Mapping[str, Sequence[Any]]
"""Equally long columns by name, none of them of arrays; bytes of one column are of one length."""


async def put(session: AsyncSession, kind: type[TenantTable], columns: Columns) -> None:
    """Insert rows, or change those whose primary key is there. Who calls this has locked what it changes: the last of
    two who write the same row wins.
    """
    keys, given, parameters = _prepared(kind, columns)
    if not parameters:
        return
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in keys)
    statement = (
        f'INSERT INTO "{kind.__tablename__}" ({_listed(columns)}) {given}'
        f" ON CONFLICT ({_listed(keys)}) DO UPDATE SET {changes}"
    )
    await session.execute(text(statement), parameters)


async def change(session: AsyncSession, kind: type[TenantTable], columns: Columns) -> None:
    """Change the given columns of rows that are there; those of their primary key say which."""
    keys, given, parameters = _prepared(kind, columns)
    if not parameters:
        return
    changes = ", ".join(f'"{name}" = n."{name}"' for name in columns if name not in keys)
    same = " AND ".join(f't."{name}" = n."{name}"' for name in keys)
    statement = f'UPDATE "{kind.__tablename__}" AS t SET {changes} FROM ({given}) AS n WHERE {same}'  # noqa: S608 - the same
    await session.execute(text(statement), parameters)


def _prepared(kind: type[TenantTable], columns: Columns) -> tuple[list[str], str, dict[str, Any]]:
    """The names of the primary key, a SELECT that gives the rows, and its parameters; none where there are no rows."""
    table = TenantTable.metadata.tables[kind.__tablename__]
    keys = [column.name for column in table.primary_key]
    count = len(columns[keys[0]])
    if not count:
        return keys, "", {}
    parameters: dict[str, Any] = {}
    shown, arrays = [], []
    for name, values in columns.items():
        if isinstance(table.c[name].type, LargeBinary):
            # In an array of its own each byte would be sent as two or three characters.
            size = len(values[0])
            parameters[name] = b"".join(values)
            shown.append(f"substring(CAST(:{name} AS bytea) FROM CAST({size} * (place - 1) + 1 AS int) FOR {size})")
            continue
        parameters[name] = list(values)
        arrays.append((name, f"CAST(:{name} AS {table.c[name].type.compile(_DIALECT)}[])"))
        shown.append(f'n."{name}"')
    listed = ", ".join(f'{expression} AS "{name}"' for expression, name in zip(shown, columns, strict=True))
    named = _listed([name for name, _ in arrays])
    unnested = ", ".join(array for _, array in arrays)
    return keys, f"SELECT {listed} FROM unnest({unnested}) WITH ORDINALITY AS n ({named}, place)", parameters  # noqa: S608 - the same


def _listed(names: Sequence[str] | Columns) -> str:
    return ", ".join(f'"{name}"' for name in names)
