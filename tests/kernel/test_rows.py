"""Rows as columns: what is written is what was given, whatever it holds, and another company's row does not exist."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import func, select

from foodflow.kernel import rows
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.plant.tables.alarms import AlarmFlood
from tests.make import everything

SAYS = [
    "plain",
    "",
    'it\'s "said"',
    "back\\slash \\x41",
    "{a,NULL}",
    "Größe 麦 🥖",
    "a\tb\nc",
    "null",
    ":rows %(rows)s",
]
MOMENT = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)


def floods(says: Sequence[str]) -> dict[str, list[Any]]:
    """A flood for each text, as columns."""
    count = len(says)
    return {
        "id": [uuid4() for _ in says],
        "line_id": [uuid4() for _ in says],
        "line_number": list(says),
        "site": list(says),
        "began_at": [MOMENT] * count,
        "ended_at": [None, *[MOMENT] * (count - 1)],
        "alarms": [2**31 - 1] * count,
        "origin_id": [uuid4() for _ in says],
        "origin_sensor_code": list(says),
        "origin_rule": ["gap"] * count,
    }


async def kept(database: Database, actor: Actor, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """The same columns as the database has them."""
    async with tenant_transaction(database, actor) as session:
        found = {each.id: each for each in await session.scalars(select(AlarmFlood))}
        return {name: [getattr(found[id], name) for id in columns["id"]] for name in columns}


async def test_rows_are_kept_as_they_were_given(database: Database, demo: Actor) -> None:
    columns = floods(SAYS)
    async with tenant_transaction(database, demo) as session:
        await rows.put(session, AlarmFlood, columns)
    assert await kept(database, demo, columns) == columns


async def test_rows_that_are_there_are_changed_and_new_ones_join_them(database: Database, demo: Actor) -> None:
    before, new = floods(["a", "b"]), floods(["c"])
    async with tenant_transaction(database, demo) as session:
        await rows.put(session, AlarmFlood, before)
    columns = {name: [*before[name], *new[name]] for name in before} | {"alarms": [1, 2, 3]}
    async with tenant_transaction(database, demo) as session:
        await rows.put(session, AlarmFlood, columns)
    assert await kept(database, demo, columns) == columns


async def test_a_change_touches_the_given_columns_of_rows_that_are_there(database: Database, demo: Actor) -> None:
    columns, stranger = floods(["a", "b"]), uuid4()
    async with tenant_transaction(database, demo) as session:
        await rows.put(session, AlarmFlood, columns)
        await rows.change(session, AlarmFlood, {"id": [columns["id"][1], stranger], "site": SAYS[2:4]})
        assert await session.get(AlarmFlood, stranger) is None
    assert await kept(database, demo, columns) == {**columns, "site": ["a", SAYS[2]]}


async def test_nothing_is_nothing(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        before = await session.scalar(select(func.count()).select_from(AlarmFlood))
        await rows.put(session, AlarmFlood, floods([]) | {"ended_at": []})
        await rows.change(session, AlarmFlood, {"id": [], "site": []})
        assert await session.scalar(select(func.count()).select_from(AlarmFlood)) == before


async def test_a_row_of_another_company_is_not_there_to_be_changed(database: Database, demo: Actor) -> None:
    columns = floods(["a"])
    async with tenant_transaction(database, demo) as session:
        await rows.put(session, AlarmFlood, columns)
    async with tenant_transaction(database, everything("akron")) as session:
        await rows.change(session, AlarmFlood, {"id": columns["id"], "site": ["theirs"]})
    assert await kept(database, demo, columns) == columns


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
async def test_a_number_that_is_none_stores_nothing(database: Database, demo: Actor, number: float) -> None:
    columns = floods(["a", "b"]) | {"alarms": [1, number]}
    with pytest.raises(psycopg.Error):
        async with tenant_transaction(database, demo) as session:
            await rows.put(session, AlarmFlood, columns)
    async with tenant_transaction(database, demo) as session:
        assert await session.get(AlarmFlood, columns["id"][0]) is None
