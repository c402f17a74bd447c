"""Partitions by month: made when first needed, once, without gap or overlap."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.partitions import ensure_months, months_of
from foodflow.numerics.epoch import from_micros, to_micros

PARTITIONS = text(
    "SELECT c.relname FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid"
    " WHERE inhparent = to_regclass('moments') ORDER BY 1"
)
moments = st.integers(to_micros(datetime(2000, 1, 1, tzinfo=UTC)), to_micros(datetime(2100, 1, 1, tzinfo=UTC)))


async def make_table(session: AsyncSession) -> None:
    statement = "CREATE TABLE moments (at timestamptz PRIMARY KEY) PARTITION BY RANGE (at)"
    await session.execute(text(statement))


async def partitions(session: AsyncSession) -> Sequence[str]:
    return (await session.scalars(PARTITIONS)).all()


@pytest.fixture
async def table(session: AsyncSession) -> None:
    """A table by months of its own, gone with the transaction."""
    await make_table(session)


@given(st.lists(moments, max_size=30))
def test_the_months_of_moments_are_those_of_the_calendar_in_utc(times: list[int]) -> None:
    wanted = {f"{from_micros(time):%Y_%m}" for time in times}
    assert months_of(np.array(times, np.int64)) == sorted(wanted)


@pytest.mark.usefixtures("table")
async def test_around_the_turn_of_each_month_and_year_every_microsecond_has_its_partition(
    session: AsyncSession,
) -> None:
    turns = [datetime(2023 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(26)]
    times = [to_micros(turn + timedelta(microseconds=step)) for turn in turns for step in (-1, 0, 1)]
    months = months_of(np.array(times, np.int64))
    assert len(months) == 27
    await ensure_months(session, "moments", months)
    for time in times:
        await session.execute(text("INSERT INTO moments VALUES (:at)"), {"at": from_micros(time)})
    assert await partitions(session) == [f"moments_{month}" for month in months]
    placed = await session.execute(text("SELECT at, tableoid::regclass::text FROM moments"))
    assert all(table == f"moments_{at.astimezone(UTC):%Y_%m}" for at, table in placed)


@pytest.mark.usefixtures("table")
async def test_what_is_there_is_not_made_again(session: AsyncSession) -> None:
    for months in (["2024_01"], ["2024_01", "2024_03"], ["2024_02", "2024_03"], []):
        await ensure_months(session, "moments", months)
    assert await partitions(session) == ["moments_2024_01", "moments_2024_02", "moments_2024_03"]


@pytest.mark.usefixtures("table")
async def test_a_partition_has_the_table_s_key(session: AsyncSession) -> None:
    await ensure_months(session, "moments", ["2024_01"])
    key = "SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass('moments_2024_01') AND contype = 'p'"
    assert await session.scalar(text(key)) == 1


async def test_months_that_many_need_at_once_are_made_once_and_nobody_blocks_another(
    database: Database, akron: Actor
) -> None:
    async with tenant_transaction(database, akron) as session:
        await make_table(session)
    months = [f"2024_{month:02}" for month in range(1, 7)]

    async def work(wanted: list[str]) -> None:
        async with tenant_transaction(database, akron) as session:
            for month in wanted:
                await ensure_months(session, "moments", [month])

    async with asyncio.timeout(20):
        await asyncio.gather(*(work(months[:: (-1) ** number]) for number in range(8)))
    async with tenant_transaction(database, akron) as session:
        assert await partitions(session) == [f"moments_{month}" for month in months]


async def test_making_a_month_holds_up_nobody_who_writes_to_another(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        await make_table(session)
        await ensure_months(session, "moments", ["2024_01"])
    async with asyncio.timeout(10), tenant_transaction(database, demo) as making:
        await ensure_months(making, "moments", ["2024_02"])
        async with tenant_transaction(database, demo) as writing:
            await writing.execute(text("INSERT INTO moments VALUES ('2024-01-05 12:00 UTC')"))
            assert await writing.scalar(text("SELECT count(*) FROM moments")) == 1


async def test_a_company_s_months_are_its_own(database: Database, demo: Actor, akron: Actor) -> None:
    for actor in (demo, akron):
        async with tenant_transaction(database, actor) as session:
            await ensure_months(session, "reading_blocks", ["2001_02"])
            owner = (
                "SELECT tableowner FROM pg_tables WHERE schemaname = :schema AND tablename = 'reading_blocks_2001_02'"
            )
            assert await session.scalar(text(owner), {"schema": f"t_{actor.tenant}"}) == f"t_{actor.tenant}"
