"""Bulk writing: what PostgreSQL reads is what the columns held, once for each key."""

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
from foodflow.kernel.bulk import POSTGRES_EPOCH, binary_rows, copy_in, insert_new, postgres_times
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
    assert (await insert_new(session, table, NAMES, columns(), key=("key", "big"))).tolist() == []
    assert await rows_of(session, table) == []


async def test_a_key_that_is_there_already_fails_the_copy(session: AsyncSession, table: str) -> None:
    row = (1, 1, 1, 1.0)
    with pytest.raises(UniqueViolation):
        await copy_in(session, table, NAMES, columns(row, row))


async def test_of_rows_that_are_there_only_the_new_ones_are_added_and_told(session: AsyncSession, table: str) -> None:
    await copy_in(session, table, NAMES, columns((1, 1, 0, 1.0), (2, 1, 0, 2.0)))
    given_rows = columns((2, 1, 0, 9.0), (1, 2, 0, 3.0), (1, 1, 0, 9.0), (0, 0, 0, 4.0))
    assert (await insert_new(session, table, NAMES, given_rows, key=("key", "big"))).tolist() == [1, 3]
    assert [row[3] for row in await rows_of(session, table)] == [4.0, 1.0, 3.0, 2.0]


async def test_all_given_rows_stay_readable_with_their_places_until_the_transaction_ends(
    session: AsyncSession, table: str
) -> None:
    for turn in range(2):  # the second call of a transaction begins anew
        await insert_new(session, table, NAMES, columns((1, turn, 0, 5.0), (1, 9, 0, 6.0)), key=("key", "big"))
    incoming = await session.execute(text(f"SELECT place, big, value FROM incoming_{table} ORDER BY place"))
    assert [tuple(row) for row in incoming] == [(0, 1, 5.0), (1, 9, 6.0)]


async def test_times_are_those_that_postgresql_means(session: AsyncSession) -> None:
    moments = np.array([to_micros(clock.now()), POSTGRES_EPOCH, -1], np.int64)
    await session.execute(text("CREATE TABLE moments (at timestamptz)"))
    await copy_in(session, "moments", ["at"], [postgres_times(moments)])
    read = await session.scalars(
        text("SELECT (extract(epoch FROM at) * 1000000)::bigint FROM moments ORDER BY at DESC")
    )
    assert sorted(read.all()) == sorted(moments.tolist())
