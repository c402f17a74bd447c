"""Storing readings: once each, in whatever order, size and company they come."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from tests.make import CHANCE
from tests.plant import make
from tests.plant.make import PLANT, Json, good

MONTH = 31 * 86_400


async def outcome(client: httpx.AsyncClient, rows: Sequence[Json]) -> tuple[int, int, list[tuple[int, float, float]]]:
    """How many were stored and repeated, and which were conflicting."""
    answer = good(await make.send(client, rows))
    assert answer["stored"] + answer["repeated"] + len(answer["conflicting"]) == len(rows)
    told = [(each["row"], each["kept"], each["given"]) for each in answer["conflicting"]]
    return answer["stored"], answer["repeated"], told


async def sensors(client: httpx.AsyncClient, count: int) -> list[Json]:
    line = await make.line(client)
    return [await make.sensor(client, line["id"]) for _ in range(count)]


async def test_the_same_call_again_stores_nothing_and_is_no_mistake(client: httpx.AsyncClient, sensor: Json) -> None:
    rows = [make.reading(sensor["id"], second, second) for second in range(50)]
    assert await outcome(client, rows) == (50, 0, [])
    assert await outcome(client, rows) == (0, 50, [])
    assert await outcome(client, [*rows[::-1], make.reading(sensor["id"], 50, 0)]) == (1, 50, [])
    assert len(await make.stored(client, sensor["id"])) == 51


async def test_within_a_call_the_first_value_of_a_moment_stands_and_the_others_are_named(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    rows = [make.reading(sensor["id"], second, value) for second, value in ((1, 7), (0, 1), (1, 8), (1, 7), (0, 2))]
    assert await outcome(client, rows) == (2, 1, [(2, 7, 8), (4, 1, 2)])
    assert await make.stored(client, sensor["id"]) == [(make.at(0), 1), (make.at(1), 7)]


async def test_across_calls_the_first_value_of_a_moment_stands_and_the_others_are_named(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {0: 1, 1: 2})
    rows = [make.reading(sensor["id"], second, value) for second, value in ((2, 5), (1, 3), (0, 1), (0, 4))]
    assert await outcome(client, rows) == (1, 1, [(1, 2, 3), (3, 1, 4)])
    assert [value for _, value in await make.stored(client, sensor["id"])] == [1, 2, 5]


async def test_rows_of_one_moment_are_held_against_the_value_that_is_stored_and_not_against_each_other(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {0: 1})
    rows = [make.reading(sensor["id"], 0, value) for value in (2, 2, 1, 3)]
    assert await outcome(client, rows) == (0, 1, [(0, 1, 2), (1, 1, 2), (3, 1, 3)])


async def test_late_readings_find_their_place_and_the_last_one_never_moves_back(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {100: 3})
    await make.store(client, sensor["id"], {-50: 9, 50: 8})
    now = good(await client.get(f"{PLANT}/sensors/{sensor['id']}"))
    assert (now["last_reading_time"], now["last_reading_value"], now["breach"]) == (make.at(100), 3, None)
    assert now["first_reading_time"] == make.at(-50)
    assert [value for _, value in await make.stored(client, sensor["id"])] == [9, 8, 3]


async def test_many_sensors_in_any_order_are_sorted_out(client: httpx.AsyncClient) -> None:
    own = await sensors(client, 5)
    wanted = {
        each["id"]: {second: float(place * 1000 + second) for second in range(100)} for place, each in enumerate(own)
    }
    rows = [make.reading(id, second, value) for id, values in wanted.items() for second, value in values.items()]
    CHANCE.shuffle(rows)
    assert await outcome(client, rows[:250]) == (250, 0, [])
    assert await outcome(client, rows) == (250, 250, [])
    for id, values in wanted.items():
        assert [value for _, value in await make.stored(client, id)] == list(values.values())
        assert good(await client.get(f"{PLANT}/sensors/{id}"))["last_reading_value"] == values[99]


async def test_a_refused_call_stores_nothing_of_any_sensor(client: httpx.AsyncClient) -> None:
    first, second = await sensors(client, 2)
    rows = [make.reading(first["id"], 0, 1), make.reading(second["id"], 86_400 * 2, 1)]
    assert (await make.send(client, rows)).status_code == 422
    assert await make.stored(client, first["id"]) == []


@pytest.mark.parametrize("others", [0, 7], ids=["the same sensor", "different sensors"])
async def test_what_many_send_at_once_is_all_there_and_nothing_twice(client: httpx.AsyncClient, others: int) -> None:
    own = await sensors(client, 1 + others)
    calls = [
        [make.reading(own[number % len(own)]["id"], 1000 * number + second, number) for second in range(200)]
        for number in range(8)
    ]
    answers = await asyncio.gather(*(make.send(client, rows) for rows in calls))
    assert [good(answer)["stored"] for answer in answers] == [200] * 8
    found = [each for sensor in own for each in await make.stored(client, sensor["id"])]
    assert sorted(found) == sorted((row["timestamp"], row["value"]) for rows in calls for row in rows)


async def test_the_same_readings_from_many_at_once_are_stored_once(client: httpx.AsyncClient) -> None:
    own = await sensors(client, 3)
    rows = [make.reading(each["id"], second, second) for each in own for second in range(100)]
    answers = await asyncio.gather(*(make.send(client, CHANCE.sample(rows, len(rows))) for _ in range(8)))
    assert sum(good(answer)["stored"] for answer in answers) == len(rows)
    assert sum(answer.json()["repeated"] for answer in answers) == 7 * len(rows)
    assert sum([len(await make.stored(client, each["id"])) for each in own]) == len(rows)


async def test_new_months_may_be_begun_by_many_at_once(client: httpx.AsyncClient) -> None:
    """Four months each, in orders that cross, of sensors in orders that cross."""
    own = await sensors(client, 8)
    calls = [
        [
            make.reading(own[(number + turn) % 8]["id"], -MONTH * (24 + month), number)
            for turn in range(2)
            for month in range(4)
        ]
        for number in range(8)
    ]
    answers = await asyncio.gather(*(make.send(client, rows[:: CHANCE.choice((1, -1))]) for rows in calls))
    assert {answer.status_code for answer in answers} == {201}
    assert sum([len(await make.stored(client, each["id"])) for each in own]) == 8 * 4


async def test_storing_costs_as_many_statements_for_many_sensors_as_for_few(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    [first] = await sensors(client, 1)
    await outcome(client, [make.reading(first["id"], 0, 1)])  # a month's first readings make room for it
    costs = []
    for count in (2, 20):
        own = await sensors(client, count)
        statements.clear()
        await outcome(client, [make.reading(each["id"], second, 1) for each in own for second in range(3)])
        costs.append(len(statements))
    assert costs[0] == costs[1]
