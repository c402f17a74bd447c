"""Readings over HTTP in every format, and how they are told in other units and as files."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from foodflow.numerics.epoch import to_micros
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, YESTERDAY, Json, fields_of, good, refusal
from tests.plant.schemas import make as bodies
from tests.plant.schemas.make import Reading

SENSORS = f"{PLANT}/sensors"
BULK = f"{SENSORS}/readings/bulk"
BAD = 0x8000_0000
FORMATS: dict[str, tuple[str, Callable[[Sequence[Reading]], bytes]]] = {
    "rows": ("application/json", bodies.as_rows),
    "columns": ("application/json; charset=utf-8", bodies.as_columns),
    "series": ("application/json", bodies.as_series),
    "ndjson": ("application/x-ndjson", bodies.as_ndjson),
    "csv": ("text/csv; header=present", bodies.as_csv),
    "arrow": ("application/vnd.apache.arrow.stream", bodies.as_arrow),
    "arrow with dictionaries": ("application/vnd.apache.arrow.stream", bodies.as_arrow_of_dictionaries),
}


async def post(client: httpx.AsyncClient, kind: str, body: bytes) -> httpx.Response:
    return await client.post(BULK, content=body, headers={"content-type": kind})


async def send_series(client: httpx.AsyncClient, **series: object) -> httpx.Response:
    return await client.post(BULK, json={"series": [series]})


def some(sensor: str) -> list[Reading]:
    first = to_micros(YESTERDAY)
    return [
        Reading(sensor, first, 4.5, 0),
        Reading(sensor, first + 1_000_000, None, BAD),
        Reading(sensor, first + 2, 6, 0),
    ]


@pytest.mark.parametrize("by", ["id", "sensor_code"])
@pytest.mark.parametrize("name", FORMATS)
async def test_readings_are_stored_from_every_format_by_id_and_by_code(
    client: httpx.AsyncClient, sensor: Json, name: str, by: str
) -> None:
    kind, write = FORMATS[name]
    body = write(some(sensor[by]))
    stored = good(await post(client, kind, body))
    assert (stored["stored"], stored["repeated"], stored["outside_limits"]) == (3, 0, 1)
    page = good(await client.get(f"{SENSORS}/{sensor['id']}/readings"))["results"]
    assert [(row["value"], row["status_code"], row["breach"]) for row in page] == [
        (4.5, 0, None),
        (6, 0, "above"),
        (None, BAD, None),
    ]
    assert good(await post(client, kind, body))["repeated"] == 3


@pytest.mark.parametrize("name", FORMATS)
async def test_unknown_sensors_refuse_a_call_in_every_format_and_are_named(
    client: httpx.AsyncClient, sensor: Json, name: str
) -> None:
    kind, write = FORMATS[name]
    names = [f"NONE-{number}" for number in range(22)]
    rows = [*some(sensor["sensor_code"]), *(Reading(each, to_micros(YESTERDAY), 1, 0) for each in names)]
    problem = refusal(await post(client, kind, write(rows)), 422)
    assert (problem["code"], len(problem["errors"])) == ("plant.readings.unknown_sensor", 20)
    assert all(each in problem["detail"] for each in names[:20])
    assert "and 2 more" in problem["detail"]
    places = {"columns": "columns.sensor_code.3", "series": "series.3.sensor_code"}
    assert problem["errors"][0]["field"] == places.get(name, "readings.3.sensor_code")
    assert await make.stored(client, sensor["id"]) == []


async def test_what_storing_refuses_is_named_by_its_place_in_the_body(client: httpx.AsyncClient, sensor: Json) -> None:
    old = "1999-01-01T00:00:00Z"
    columns = {"sensor_id": [sensor["id"]] * 2, "timestamp": [make.at(), old], "value": [1, 2]}
    problem = refusal(await client.post(BULK, json={"columns": columns}), 422)
    assert fields_of(problem) == ["columns.timestamp.1"]
    assert problem["detail"].startswith("columns.timestamp.1: ")
    series = {"sensor_id": sensor["id"], "timestamps": [make.at(), old], "values": [1, 2]}
    assert fields_of(refusal(await send_series(client, **series), 422)) == ["series.0.timestamps.1"]
    reserved = {"sensor_id": [NOWHERE], "timestamp": [make.at()], "value": [1], "status_code": [0xC000_0000]}
    assert fields_of(refusal(await client.post(BULK, json={"columns": reserved}), 422)) == ["columns.status_code.0"]


async def test_one_sensor_may_be_named_by_id_by_code_and_in_several_series(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    names = [{"sensor_id": sensor["id"]}, {"sensor_code": sensor["sensor_code"]}, {"sensor_id": sensor["id"].upper()}]
    series = [{**each, "timestamps": [make.at(place)], "values": [place]} for place, each in enumerate(names)]
    assert good(await client.post(BULK, json={"series": series}))["stored"] == 3
    assert await make.stored(client, sensor["id"]) == [(make.at(place), place) for place in range(3)]


async def test_what_became_of_a_call_is_counted_and_conflicts_are_named(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {0: 1, 10: 1})
    answer = await make.store(client, sensor["id"], {0: 1, 5: 9, 10: 2, 20: 1})
    (conflict,) = answer.pop("conflicting")
    assert answer == {"stored": 2, "repeated": 1, "late": 1, "outside_limits": 1}
    assert (conflict["row"], conflict["kept"], conflict["given"]) == (2, 1, 2)


async def test_looking_for_codes_costs_one_statement_however_many_there_are(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    line = await make.line(client)
    costs: list[int] = []
    for _ in range(2):
        codes = [(await make.sensor(client, line["id"]))["sensor_code"] for _ in range(1 if not costs else 8)]
        statements.clear()
        good(await post(client, "text/csv", bodies.as_csv([each for code in codes for each in some(code)])))
        costs.append(len(statements))
    assert costs[0] == costs[1]


async def test_values_may_come_in_another_unit(client: httpx.AsyncClient, sensor: Json) -> None:
    series = {"sensor_code": sensor["sensor_code"], "start": make.at(), "step_ms": 1000, "values": [32, 212, -40]}
    assert good(await send_series(client, **series, unit="[degF]"))["outside_limits"] == 2
    assert [value for _, value in await make.stored(client, sensor["id"])] == pytest.approx([0, 100, -40], abs=1e-12)
    for unit, code in (("bar", "plant.unit.incompatible"), ("°F", "plant.unit.unknown")):
        problem = refusal(await send_series(client, **series, unit=unit), 422)
        assert [(each["field"], each["code"]) for each in problem["errors"]] == [("series.0.unit", code)]
    huge = refusal(await send_series(client, **series | {"values": [1, 2, 1.7e308]}, unit="MK"), 422)
    assert fields_of(huge) == ["series.0.values.2"]


async def test_readings_and_series_are_told_in_another_unit(client: httpx.AsyncClient, sensor: Json) -> None:
    await make.store(client, sensor["id"], {0: 0, 1: 100})
    address = f"{SENSORS}/{sensor['id']}"
    assert await make.stored(client, sensor["id"], unit="[degF]") == [(make.at(0), 32), (make.at(1), 212)]
    series = good(await client.get(f"{address}/series", params={"unit": "K"}))
    assert series["values"] == [273.15, 373.15]
    assert [each["extreme"] for each in series["excursions"]] == [373.15]
    for path in ("readings", "series"):
        for unit, code in (("bar", "plant.unit.incompatible"), ("°C", "plant.unit.unknown")):
            problem = refusal(await client.get(f"{address}/{path}", params={"unit": unit}), 422)
            assert [(each["field"], each["code"]) for each in problem["errors"]] == [("unit", code)]


@pytest.mark.parametrize(
    ("unit", "status"), [("°C", 422), ("kg/hr", 422), ("furlong", 422), ("kg/h", 201), ("uS/cm", 201)]
)
async def test_the_unit_of_a_new_sensor_is_a_code(
    client: httpx.AsyncClient, line: Json, unit: str, status: int
) -> None:
    code = make.name("S")
    body = {"line_id": line["id"], "sensor_code": code, "name": code, "sensor_type": "t", "unit_of_measure": unit}
    answer = await client.post(SENSORS, json=body)
    assert answer.status_code == status
    imported = await make.upload(client, line["id"], f"time,{make.name('c')}\n{make.at()},1\n", unit=unit)
    assert imported.status_code == status
    if status == 422:
        assert fields_of(answer.json()) == ["unit_of_measure"]
        assert fields_of(imported.json()) == ["unit"]


async def test_the_unit_of_a_sensor_changes_until_there_are_readings(client: httpx.AsyncClient, sensor: Json) -> None:
    address = f"{SENSORS}/{sensor['id']}"
    assert good(await client.patch(address, json={"unit_of_measure": "[degF]"}))["unit_of_measure"] == "[degF]"
    assert fields_of(refusal(await client.patch(address, json={"unit_of_measure": "°C"}), 422)) == ["unit_of_measure"]
    await make.store(client, sensor["id"], {0: 1})
    assert refusal(await client.patch(address, json={"unit_of_measure": "Cel"}), 409)["code"] == "plant.unit.fixed"
    assert good(await client.patch(address, json={"unit_of_measure": "[degF]", "name": "Same"}))["name"] == "Same"


async def test_one_reading_may_say_how_good_it_is(client: httpx.AsyncClient, sensor: Json) -> None:
    address = f"{SENSORS}/{sensor['id']}/readings"

    async def one(seconds: float, **said: object) -> httpx.Response:
        body = {"timestamp": make.at(seconds), **said}
        return await client.post(address, json=body, params={"check_anomaly": "false"})

    uncertain = good(await one(0, value=4, status_code=0x4090_0000))
    assert (uncertain["value"], uncertain["status_code"]) == (4, 0x4090_0000)
    bad = good(await one(1, value=None, status_code=0x808C_0000))
    assert (bad["value"], bad["status_code"], bad["breach"]) == (None, 0x808C_0000, None)
    assert good(await one(2, value=99, is_valid=False))["status_code"] == BAD
    for said in (
        {"value": None},
        {"value": 1, "is_valid": True, "status_code": BAD},
        {"value": 1, "status_code": 2**32},
    ):
        refusal(await one(3, **said), 422)
    refusal(await client.post(address, json={"timestamp": make.at(), "value": 4}, params={"check_anomaly": "x"}), 422)
    refusal(await client.post(address, json={"timestamp": make.at(), "value": 4}, params={"check": "true"}), 422)


async def test_a_reading_far_from_its_target_and_within_its_limits_is_off_target(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client, min_value=0, max_value=10, target_value=5, tolerance=1)
    for seconds, (value, off) in enumerate([(5, False), (6, False), (6.1, True), (3.9, True), (4, False), (11, False)]):
        await make.store(client, sensor["id"], {seconds: value})
        assert good(await client.get(f"{SENSORS}/{sensor['id']}"))["off_target"] is off
    plain = await make.sensor(client, target_value=5)
    await make.store(client, plain["id"], {0: 100})
    assert good(await client.get(f"{SENSORS}/{plain['id']}"))["off_target"] is False


@pytest.mark.parametrize("ordering", ["timestamp", "-timestamp"])
async def test_all_readings_of_a_window_are_one_file(
    client: httpx.AsyncClient, sensor: Json, ordering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foodflow.plant.usecases.history._PART", 3)
    await make.store(client, sensor["id"], {second: second for second in range(10)})
    wanted = {"format": "csv", "ordering": ordering, "start_time": make.at(1), "end_time": make.at(9), "unit": "K"}
    answer = await client.get(f"{SENSORS}/{sensor['id']}/readings", params=wanted)
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"{sensor['sensor_code']}.csv" in answer.headers["content-disposition"]
    header, *lines = answer.content.decode("utf-8-sig").splitlines()
    assert header.startswith('"timestamp","server_timestamp","value","status_code"')
    values = [float(line.split(",")[2]) for line in lines]
    expected = [second + 273.15 for second in range(1, 9)]
    assert values == (expected if ordering == "timestamp" else expected[::-1])
    monkeypatch.setattr("foodflow.plant.usecases.history.MAX_EXPORTED", 5)
    full = await client.get(f"{SENSORS}/{sensor['id']}/readings", params=wanted)
    assert refusal(full, 422)["errors"][0]["code"] == "plant.window_too_full"


def test_the_document_shows_every_format_with_examples_that_are_taken(app: FastAPI) -> None:
    from foodflow.plant.schemas.incoming.formats import DECODERS  # noqa: PLC0415 - beside what it is held against

    content = app.openapi()["paths"][BULK]["post"]["requestBody"]["content"]
    assert content.keys() == DECODERS.keys()
    assert "$ref" not in json.dumps(content)
    for example in content["application/json"]["examples"].values():
        assert len(DECODERS["application/json"](json.dumps(example["value"]).encode()).times) > 0
    for kind in ("application/x-ndjson", "text/csv"):
        assert len(DECODERS[kind](content[kind]["example"].encode()).times) == 1


async def test_two_hundred_thousand_readings_go_in_one_call_and_one_more_does_not(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    begin = make.wire(YESTERDAY - timedelta(days=3))
    series = {"sensor_id": sensor["id"], "start": begin, "step_ms": 1000, "values": [1] * 200_000}
    assert good(await send_series(client, **series))["stored"] == 200_000
    more = await send_series(client, **series | {"values": [1] * 200_001})
    assert fields_of(refusal(more, 422)) == ["readings"]
