"""Bulk writing: what PostgreSQL reads is what the columns held, once for each key."""

import asyncio
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.bulk import (
    POSTGRES_EPOCH,
    binary_rows,
    copy_in,
    delete_rows,
    fetch,
    fetch_each,
    postgres_times,
    update_rows,
)
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.epoch import to_micros

NAMES = ("key", "big", "small", "value")


@pytest.fixture
async def table(session: AsyncSession) -> str:
    await session.execute(
        text(
            "CREATE TABLE things (key integer, big bigint, small smallint, value double precision,"
            " PRIMARY KEY (key, big))"
        )
    )
    return "things"


def columns(*rows: tuple[int, int, int, float]) -> list[NDArray[Any]]:
    kinds = (np.int32, np.int64, np.int16, np.float64)
    return [np.array([row[place] for row in rows], kind) for place, kind in enumerate(kinds)]


async def rows_of(session: AsyncSession, table: str) -> list[tuple[int, int, int, float]]:
    found = await session.execute(text(f"SELECT key, big, small, value FROM {table} ORDER BY key, big"))
    return [(key, big, small, value) for key, big, small, value in found]


@given(st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.floats(allow_nan=False)), max_size=20))
def test_rows_are_laid_out_as_the_format_says(rows: list[tuple[int, float]]) -> None:
    numbers, values = np.array([row[0] for row in rows], np.int32), np.array([row[1] for row in rows], np.float64)
    wanted = b"".join(struct.pack(">hiiid", 2, 4, number, 8, value) for number, value in rows)
    assert binary_rows([numbers, values]) == wanted


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([-(2**31), 0, 2**31 - 1], np.int32), "integer"),
        (np.array([-(2**63), 0, 2**63 - 1], np.int64), "bigint"),
        (np.array([5e-324, -0.0, 0.1, 1.7976931348623157e308, np.inf, np.nan]), "double precision"),
        (np.arange(1000, dtype=np.int64)[::7], "bigint"),
        (np.empty(0, np.float64), "double precision"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value[:2]),
)
async def test_an_array_of_numbers_is_sent_as_it_is(session: AsyncSession, values: NDArray[Any], kind: str) -> None:
    statement = "SELECT pg_typeof(%(values)s)::text, n, place FROM unnest(%(values)s) WITH ORDINALITY AS u (n, place)"
    found = await fetch(session, statement, {"values": values})
    assert [row[2] for row in found] == list(range(1, len(values) + 1))
    assert {row[0] for row in found} <= {f"{kind}[]"}
    assert np.array([row[1] for row in found], values.dtype).tobytes() == values.tobytes()
    [[count]] = await fetch(session, "SELECT cardinality(%(values)s)", {"values": values})
    assert count == len(values)


async def test_an_array_of_something_else_is_refused(session: AsyncSession) -> None:
    with pytest.raises(KeyError):
        await fetch(session, "SELECT %(values)s", {"values": np.array(["a"])})


async def test_statements_that_are_sent_together_are_done_one_after_the_other(
    session: AsyncSession, table: str
) -> None:
    counting = f"SELECT count(*) FROM {table} WHERE key < %(most)s"
    adding = f"INSERT INTO {table} (key, big) VALUES (%(key)s, 1) RETURNING key, big"
    found = await fetch_each(session, (counting, {"most": 9}), (adding, {"key": 5}), (counting, {"most": 9}))
    assert found == [[(0,)], [(5, 1)], [(1,)]]
    assert await fetch_each(session) == []


async def test_statements_that_are_sent_together_see_what_was_committed_while_the_first_of_them_waited(
    database: Database, demo: Actor
) -> None:
    locking = ("SELECT count(pg_advisory_xact_lock(%(key)s))", {"key": 8127})
    counting: tuple[str, dict[str, object]] = ("SELECT count(*) FROM seen", {})
    waits = text("SELECT bool_or(NOT granted) FROM pg_locks WHERE locktype = 'advisory' AND objid = 8127")

    async def waiting() -> list[list[tuple[Any, ...]]]:
        async with tenant_transaction(database, demo) as session:
            return await fetch_each(session, locking, counting)

    async with tenant_transaction(database, demo) as session:
        await session.execute(text("CREATE TABLE seen (key integer)"))
    try:
        async with tenant_transaction(database, demo) as holder:
            await fetch(holder, *locking)
            found = asyncio.create_task(waiting())
            async with asyncio.timeout(30):
                while not await holder.scalar(waits):  # noqa: ASYNC110 - it happens in the database
                    await asyncio.sleep(0.01)
            await holder.execute(text("INSERT INTO seen VALUES (1)"))
        assert await found == [[(1,)], [(1,)]]
    finally:
        async with tenant_transaction(database, demo) as session:
            await session.execute(text("DROP TABLE seen"))


async def test_of_statements_that_are_sent_together_the_first_that_fails_is_told(
    session: AsyncSession, table: str
) -> None:
    adding = f"INSERT INTO {table} (key, big) VALUES (%(key)s, 1) RETURNING key"
    with pytest.raises(UniqueViolation):
        async with session.begin_nested():
            await fetch_each(session, (adding, {"key": 5}), (adding, {"key": 5}), ("SELECT 1 / %(by)s", {"by": 0}))
    assert await rows_of(session, table) == []
    assert await fetch(session, "SELECT %(one)s", {"one": 1}) == [(1,)]


async def test_the_ends_of_every_type_come_back_to_the_last_bit(session: AsyncSession, table: str) -> None:
    rows = [
        (-(2**31), -(2**63), -(2**15), 5e-324),
        (0, 0, 0, -0.0),
        (7, 1, -1, 0.1),
        (2**31 - 1, 2**63 - 1, 2**15 - 1, 1.7976931348623157e308),
    ]
    await copy_in(session, table, NAMES, columns(*rows))
    found = await rows_of(session, table)
    assert found == rows
    assert [row[3].hex() for row in found] == [row[3].hex() for row in rows]


async def test_more_rows_than_one_piece_holds_are_all_written(
    session: AsyncSession, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foodflow.kernel.bulk._CHUNK_ROWS", 7)
    rows = [(number, number, 0, number / 3) for number in range(50)]
    await copy_in(session, table, NAMES, columns(*rows))
    assert await rows_of(session, table) == rows


async def test_no_rows_write_nothing(session: AsyncSession, table: str) -> None:
    await copy_in(session, table, NAMES, columns())
    assert await rows_of(session, table) == []


async def test_a_key_that_is_there_already_fails_the_copy(session: AsyncSession, table: str) -> None:
    row = (1, 1, 1, 1.0)
    with pytest.raises(UniqueViolation):
        await copy_in(session, table, NAMES, columns(row, row))


async def test_times_are_those_that_postgresql_means(session: AsyncSession) -> None:
    moments = np.array([to_micros(clock.now()), POSTGRES_EPOCH, -1], np.int64)
    await session.execute(text("CREATE TABLE moments (at timestamptz)"))
    await copy_in(session, "moments", ["at"], [postgres_times(moments)])
    read = await session.scalars(
        text("SELECT (extract(epoch FROM at) * 1000000)::bigint FROM moments ORDER BY at DESC")
    )
    assert sorted(read.all()) == sorted(moments.tolist())


@given(st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
def test_packed_columns_are_the_bytes_of_their_numbers_and_absent_ones_are_null(numbers: list[int]) -> None:
    packed = np.array(numbers, np.uint32).reshape(2, 3)
    rows = [struct.pack(">hiiiiIII", 3, 4, place, -1, 12, *packed[place].tolist()) for place in range(2)]
    assert binary_rows([np.arange(2, dtype=np.int32), None, packed]) == b"".join(rows)


async def test_parts_of_a_copy_may_lack_different_columns(session: AsyncSession, table: str) -> None:
    await session.execute(text(f"ALTER TABLE {table} ADD COLUMN packed bytea"))
    rows = columns((1, 1, 0, 1.0), (2, 2, 0, 2.0))
    with_packed = [*(column[:1] for column in rows), np.array([[1, -2]], np.int8)]
    without = [*(column[1:] for column in rows[:3]), None, None]
    await copy_in(session, table, [*NAMES, "packed"], with_packed, without)
    found = await fetch(
        session, f"SELECT key, value, packed FROM {table} WHERE key < %(most)s ORDER BY key", {"most": 9}
    )
    assert found == [(1, 1.0, b"\x01\xfe"), (2, None, None)]


async def test_many_rows_get_their_own_values_with_one_statement(session: AsyncSession, table: str) -> None:
    await copy_in(session, table, NAMES, columns((1, 1, 0, 1.0), (2, 2, 0, 2.0), (3, 3, 0, 3.0)))
    changes: dict[str, tuple[str, list[Any]]] = {"value": ("float8", [30.0, None]), "small": ("smallint", [3, 1])}
    await update_rows(session, table, ("key", "integer", [3, 1]), changes)
    found = await session.execute(text(f"SELECT key, value, small FROM {table} ORDER BY key"))
    assert [tuple(row) for row in found] == [(1, None, 1), (2, 2.0, 0), (3, 30.0, 3)]


async def test_rows_between_two_values_are_deleted_with_both_ends(session: AsyncSession, table: str) -> None:
    await copy_in(session, table, NAMES, columns(*((key, big, 0, 0.0) for key in (1, 2) for big in range(4))))
    await delete_rows(session, table, ("key", 1), between=("big", 1, 2))
    assert [row[:2] for row in await rows_of(session, table)] == [(1, 0), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)]
