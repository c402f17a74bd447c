"""Imports beside each other and beside those who send: all of each is stored, nobody waits for ever."""

import asyncio
from datetime import UTC

import httpx
import pytest

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.delimited.layout import Choices
from foodflow.plant.rules.shared import Taken
from foodflow.plant.usecases import imports, lines, replaying
from foodflow.plant.usecases.imports import NewSensors, Read
from tests.make import CHANCE
from tests.plant import make
from tests.plant.make import PLANT, Json, good

COLUMNS = ("a", "b", "c", "d")


def wide(columns: list[str], *, months_back: int, rows: int = 20) -> str:
    cells = [f"{make.at(second, days=-31 * months_back)},{','.join(['1'] * len(columns))}" for second in range(rows)]
    return "\n".join((f"time,{','.join(columns)}", *cells))


def read(text: str) -> Read:
    return imports.read(text.splitlines(keepends=True), Choices(), time_zone=UTC)


async def readings_of(client: httpx.AsyncClient, line: Json) -> int:
    own = good(await client.get(f"{PLANT}/sensors", params={"line_id": line["id"]}))["results"]
    return sum([len(await make.stored(client, sensor["id"])) for sensor in own])


async def test_imports_and_senders_of_the_same_sensors_at_once_all_come_through(client: httpx.AsyncClient) -> None:
    """Each begins months of its own and writes the same sensors in another order."""
    line = await make.line(client)
    good(await make.upload(client, line["id"], wide(list(COLUMNS), months_back=30)))
    own = good(await client.get(f"{PLANT}/sensors", params={"line_id": line["id"]}))["results"]
    calls = []
    for number in range(4):
        columns = CHANCE.sample(COLUMNS, len(COLUMNS))
        calls.append(make.upload(client, line["id"], wide(columns, months_back=31 + number)))
        rows = [make.reading(each["id"], -86_400 * 31 * (36 + number), 1) for each in own]
        calls.append(make.send(client, rows[::-1]))
    for answer in await asyncio.gather(*calls):
        good(answer)
    assert await readings_of(client, line) == 4 * 20 * 5 + 4 * 4


async def test_of_imports_that_bring_the_same_new_sensors_at_once_none_is_half_done(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    texts = [wide(CHANCE.sample(COLUMNS, len(COLUMNS)), months_back=number) for number in range(4)]
    answers = await asyncio.gather(*(make.upload(client, line["id"], text) for text in texts))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if not answer.is_success} <= {Taken.code}
    came_through = sum(answer.is_success for answer in answers)
    assert came_through >= 1
    assert await readings_of(client, line) == came_through * 20 * 4


async def test_a_line_that_many_name_first_at_once_is_set_up_once(database: Database, demo: Actor) -> None:
    number = make.name("NEW")

    async def find() -> object:
        async with tenant_transaction(database, demo) as session:
            return (await lines.find_or_create(session, demo, number)).id

    assert len(set(await asyncio.gather(*(find() for _ in range(5))))) == 1


@pytest.mark.parametrize("replayed", [False, True])
async def test_a_replayed_text_is_stored_as_one_that_is_not(
    client: httpx.AsyncClient, database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch, *, replayed: bool
) -> None:
    monkeypatch.setattr(replaying, "STEP_SECONDS", 0.001)
    rows = [f"{make.at(second)},{second},{'' if second < 5 else second / 2}" for second in (4, 3, 9, 9, 0, 40, 7, 12)]
    text, said = read("\n".join(("time,a,b", *rows))), list[str]()
    number = make.name("REPLAY")
    if replayed:
        new = NewSensors(max_value=8)
        await replaying.replay(database, demo, number, text, new=new, speed=3000, tell=said.append)
    else:
        async with tenant_transaction(database, demo) as session:
            line = await lines.find_or_create(session, demo, number)
            await imports.store(session, demo, line, text, new=NewSensors(max_value=8))
    line_id = good(await client.get(f"{PLANT}/lines/by-number/{number}"))["id"]
    a, b = good(await client.get(f"{PLANT}/sensors", params={"line_id": line_id}))["results"]
    assert await make.stored(client, a["id"]) == [(make.at(each), each) for each in (0, 3, 4, 7, 9, 12, 40)]
    assert await make.stored(client, b["id"]) == [(make.at(each), each / 2) for each in (7, 9, 12, 40)]
    assert (a["breach"], b["breach"]) == ("above", "above")
    if replayed:
        assert said[-1].startswith(f"{text.rows} of {text.rows} readings")
        assert len(said) > 4


async def test_a_replay_says_which_readings_it_leaves_out(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "STEP_SECONDS", 0.001)
    said: list[str] = []
    text = read(f"time,a\n{make.at()},5\n{make.at()},6\n{make.at(1)},7\n")
    new = NewSensors(code=make.name("R"))
    await replaying.replay(database, demo, make.name("REPLAY"), text, new=new, speed=10_000, tell=said.append)
    assert said == ["3 of 3 readings, 0 of the last 3 outside limits, 1 left out for another value"]
