"""Readings over HTTP: taken in, refused by row, and read back."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from tests.make import until
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, YESTERDAY, Json, fields_of, good, refusal, wire

SENSORS = f"{PLANT}/sensors"


async def send_raw(client: httpx.AsyncClient, body: str | bytes, kind: str = "application/json") -> httpx.Response:
    return await client.post(f"{SENSORS}/readings/bulk", content=body, headers={"content-type": kind})


async def one(client: httpx.AsyncClient, sensor: Json, value: float, seconds: float = 0) -> httpx.Response:
    body = {"timestamp": make.at(seconds), "value": value}
    return await client.post(f"{SENSORS}/{sensor['id']}/readings", json=body)


@pytest.mark.parametrize(("value", "breach"), [(99, "above"), (-1, "below"), (0, None), (5, None), (2.5, None)])
async def test_zero_is_a_limit_like_any_other_and_a_value_on_a_limit_lies_within(
    client: httpx.AsyncClient, sensor: Json, value: float, breach: str | None
) -> None:
    answer = await one(client, sensor, value)
    assert (answer.status_code, answer.json()["breach"]) == (201, breach)
    assert good(await client.get(f"{SENSORS}/{sensor['id']}"))["breach"] == breach
    page = good(await client.get(f"{SENSORS}/{sensor['id']}/readings"))
    (row,) = page["results"]
    assert YESTERDAY < datetime.fromisoformat(row.pop("server_timestamp")) <= datetime.now(UTC)
    assert row == {"timestamp": make.at(), "value": value, "status_code": 0, "breach": breach, "late": False}
    assert row.items() <= answer.json().items()


@pytest.mark.parametrize(
    ("limits", "outside"),
    [
        ({"min_value": 0}, [-1]),
        ({"max_value": 0}, [1e300]),
        ({"min_value": 0, "max_value": 0}, [-1, 1e300]),
        ({}, []),
        ({"min_value": -5, "max_value": -1}, [0, 1e300]),
    ],
)
async def test_either_limit_may_be_alone(client: httpx.AsyncClient, limits: Json, outside: list[float]) -> None:
    sensor = await make.sensor(client, **limits)
    stored = await make.store(client, sensor["id"], {0: -1, 1: 0, 2: 1e300})
    assert stored["outside_limits"] == len(outside)
    page = good(await client.get(f"{SENSORS}/{sensor['id']}/readings"))
    assert [row["value"] for row in page["results"] if row["breach"]] == outside


async def test_new_limits_hold_from_then_on(client: httpx.AsyncClient, sensor: Json) -> None:
    await make.store(client, sensor["id"], {0: 4})
    good(await client.patch(f"{SENSORS}/{sensor['id']}", json={"max_value": 3}))
    await make.store(client, sensor["id"], {1: 4})
    page = good(await client.get(f"{SENSORS}/{sensor['id']}/readings"))
    assert [row["breach"] for row in page["results"]] == [None, "above"]


async def test_one_reading_again_is_harmless_and_another_value_is_refused(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    good(await one(client, sensor, 9))
    assert (await one(client, sensor, 9)).json()["breach"] == "above"
    problem = refusal(await one(client, sensor, 8), 409)
    assert (problem["code"], "9" in problem["detail"]) == ("plant.reading.contradicted", True)
    assert await make.stored(client, sensor["id"]) == [(make.at(), 9)]


async def test_one_reading_is_of_the_sensor_of_its_address(client: httpx.AsyncClient, sensor: Json) -> None:
    address, body = f"{SENSORS}/{sensor['id']}/readings", {"timestamp": make.at(), "value": 1}
    good(await client.post(address, json=body | {"sensor_id": sensor["id"]}))
    assert fields_of(refusal(await client.post(address, json=body | {"sensor_id": NOWHERE}), 422)) == ["sensor_id"]
    refusal(await client.post(f"{SENSORS}/{NOWHERE}/readings", json=body), 404)
    flagged = await client.post(address, json=body | {"is_anomaly": False})
    assert fields_of(refusal(flagged, 422)) == ["is_anomaly"]


async def test_an_inactive_sensor_takes_nothing_and_is_named(client: httpx.AsyncClient, sensor: Json) -> None:
    good(await client.patch(f"{SENSORS}/{sensor['id']}", json={"is_active": False}))
    other = await make.sensor(client)
    rows = [make.reading(other["id"], 0, 1), make.reading(sensor["id"], 0, 1)]
    for answer in (await make.send(client, rows), await one(client, sensor, 1)):
        problem = refusal(answer, 409)
        assert (problem["code"], sensor["sensor_code"] in problem["detail"]) == ("plant.sensor.inactive", True)
    assert await make.stored(client, other["id"]) == []


async def test_an_unknown_sensor_refuses_the_whole_call_and_is_named_with_its_row(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    rows = [make.reading(sensor["id"], 0, 1), make.reading(NOWHERE, 0, 1), make.reading(NOWHERE, 1, 1)]
    problem = refusal(await make.send(client, rows), 422)
    assert (problem["code"], fields_of(problem)) == ("plant.readings.unknown_sensor", ["readings.1.sensor_id"])
    assert NOWHERE in problem["errors"][0]["message"]
    assert await make.stored(client, sensor["id"]) == []


async def test_another_company_s_sensor_is_unknown(akron_client: httpx.AsyncClient, sensor: Json) -> None:
    problem = refusal(await make.send(akron_client, [make.reading(sensor["id"], 0, 1)]), 422)
    assert problem["code"] == "plant.readings.unknown_sensor"


BAD_CELLS = [
    ("value", "NaN"),
    ("value", "Infinity"),
    ("value", "-1e999"),
    ("value", "1" * 400),
    ("value", '"1"'),
    ("value", "null"),
    ("value", "true"),
    ("value", "[1]"),
    ("timestamp", '"2024-01-01T00:00:00"'),
    ("timestamp", '"2024-01-01"'),
    ("timestamp", '"yesterday"'),
    ("timestamp", "null"),
    ("timestamp", '"1999-12-31T23:59:59.999999Z"'),
    ("timestamp", '"0001-01-01T00:00:00+14:00"'),
    ("timestamp", '"2999-01-01T00:00:00Z"'),
    ("sensor_id", '"7"'),
    ("sensor_id", "null"),
]


@pytest.mark.parametrize(("field", "text"), BAD_CELLS, ids=lambda value: value[:30])
async def test_a_wrong_cell_is_refused_by_the_number_of_its_row_and_nothing_is_stored(
    client: httpx.AsyncClient, sensor: Json, field: str, text: str
) -> None:
    rows = [json.dumps(make.reading(sensor["id"], second, 1)) for second in range(3)]
    cells = {name: json.dumps(value) for name, value in make.reading(sensor["id"], 1, 1).items()} | {field: text}
    rows[1] = "{" + ", ".join(f'"{name}": {cell}' for name, cell in cells.items()) + "}"
    problem = refusal(await send_raw(client, f'{{"readings": [{", ".join(rows)}]}}'), 422)
    assert fields_of(problem) == [f"readings.1.{field}"]
    assert await make.stored(client, sensor["id"]) == []


@pytest.mark.parametrize(
    ("status", "body"), [(400, b"{"), (400, b""), (400, b"\xff"), (422, b"[]"), (422, b"{}"), (422, b'{"readings": 7}')]
)
async def test_a_body_that_is_no_call_is_refused(client: httpx.AsyncClient, status: int, body: bytes) -> None:
    refusal(await send_raw(client, body), status)


async def test_readings_come_as_json(client: httpx.AsyncClient) -> None:
    assert refusal(await send_raw(client, "{}", "text/plain"), 415)["code"] == "wrong_content_type"
    assert good(await send_raw(client, '{"readings": []}', "application/json; charset=utf-8"))["stored"] == 0


async def test_of_very_many_faults_the_first_are_named_and_the_rest_counted(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    wrong = [make.reading(sensor["id"], second, 1) | {"value": None} for second in range(500)]
    old = [{"sensor_id": sensor["id"], "timestamp": "1999-01-01T00:00:00Z", "value": 1}] * 500
    for rows in (wrong, old):
        problem = refusal(await make.send(client, rows), 422)
        assert len(problem["errors"]) == 21
        assert "480 more" in problem["errors"][-1]["message"]


async def test_fifty_thousand_readings_go_in_one_call_and_one_more_does_not(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    rows = [make.reading(sensor["id"], -second, second) for second in range(50_001)]
    assert fields_of(refusal(await make.send(client, rows), 422)) == ["readings"]
    assert good(await make.send(client, rows[:-1])) == {
        "stored": 50_000,
        "repeated": 0,
        "outside_limits": 50_000 - 6,
        "conflicting": [],
    }
    found = await make.stored(client, sensor["id"])
    assert found == [(make.at(-second), second) for second in range(49_999, -1, -1)]


async def test_values_and_times_come_back_to_the_last_bit_and_microsecond(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client)
    values = [0.1, -0.0, 5e-324, 1.7976931348623157e308, math.pi, 1 / 3, 1e22, -123456789.123456789]
    values += np.frombuffer(np.random.default_rng(7).bytes(1600)).tolist()
    values = [value for value in values if math.isfinite(value)]
    moments = [wire(YESTERDAY + timedelta(microseconds=333_333 * place + 1)) for place in range(len(values))]
    rows = [
        {"sensor_id": sensor["id"], "timestamp": moment, "value": value}
        for moment, value in zip(moments, values, strict=True)
    ]
    good(await make.send(client, rows))
    found = await make.stored(client, sensor["id"])
    assert [moment for moment, _ in found] == moments
    assert [value.hex() for _, value in found] == [value.hex() for value in values]


async def test_times_of_any_zone_are_the_same_moment(client: httpx.AsyncClient, sensor: Json) -> None:
    moment = YESTERDAY.isoformat().replace("+00:00", "")
    shifted = (YESTERDAY + timedelta(hours=5, minutes=45)).isoformat().replace("+00:00", "+05:45")
    body = {
        "readings": [{"sensor_id": sensor["id"], "timestamp": text, "value": 1} for text in (f"{moment}Z", shifted)]
    }
    assert good(await client.post(f"{SENSORS}/readings/bulk", json=body))["repeated"] == 1
    assert await make.stored(client, sensor["id"]) == [(make.at(), 1)]


async def test_a_range_is_read_from_its_start_with_to_its_end_without(client: httpx.AsyncClient, sensor: Json) -> None:
    await make.store(client, sensor["id"], {second: second for second in range(6)})
    found = await make.stored(client, sensor["id"], start_time=make.at(1), end_time=make.at(4))
    assert [value for _, value in found] == [1, 2, 3]
    assert await make.stored(client, sensor["id"], start_time=make.at(4), end_time=make.at(4)) == []


@pytest.mark.parametrize("size", [1, 3, 7, 20])
@pytest.mark.parametrize("ordering", ["timestamp", "-timestamp"])
async def test_pages_follow_each_other_both_ways_without_gap_or_repetition(
    client: httpx.AsyncClient, sensor: Json, ordering: str, size: int
) -> None:
    await make.store(client, sensor["id"], {second / 1_000_000: second for second in range(14)})
    found = await make.stored(client, sensor["id"], ordering=ordering, page_size=size, start_time=make.at())
    values = list(range(14))
    assert [value for _, value in found] == (values if ordering == "timestamp" else values[::-1])


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("page_size", {"page_size": "0"}),
        ("page_size", {"page_size": "10001"}),
        ("ordering", {"ordering": "value"}),
        ("start_time", {"start_time": "2024-01-01T00:00:00"}),
        ("page", {"page": "2"}),
        ("since", {"since": make.at()}),
    ],
)
async def test_a_wrong_parameter_is_named(
    client: httpx.AsyncClient, sensor: Json, field: str, wanted: dict[str, str]
) -> None:
    answer = await client.get(f"{SENSORS}/{sensor['id']}/readings", params=wanted)
    assert fields_of(refusal(answer, 422)) == [field]


async def test_who_is_slow_to_send_keeps_no_connection_from_the_others(
    app: FastAPI, client: httpx.AsyncClient, sensor: Json
) -> None:
    """More callers than there are connections have sent half their body, and somebody else is answered."""
    pool, half_sent, goes_on = app.state.database.engine.pool, [], asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"readings": '
        half_sent.append(1)
        await goes_on.wait()
        yield b"[]}"

    headers = {"content-type": "application/json"}
    address = f"{SENSORS}/readings/bulk"
    calls = [asyncio.create_task(client.post(address, content=body(), headers=headers)) for _ in range(pool.size() + 1)]
    await until(lambda: len(half_sent) == len(calls))
    assert pool.checkedout() == 0
    good(await client.get(f"{SENSORS}/{sensor['id']}"))
    goes_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*calls)} == {201}
