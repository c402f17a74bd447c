"""Sensors over HTTP: set up, found, changed, removed."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

SENSORS = f"{PLANT}/sensors"


async def test_a_new_sensor_is_found_where_its_location_says_and_by_its_code(
    client: httpx.AsyncClient, line: Json
) -> None:
    code = f"{make.name('TT')}/1"
    body = {"line_id": line["id"], "sensor_code": code, "name": "Kettle", "sensor_type": "temperature"}
    response = await client.post(SENSORS, json=body | {"unit_of_measure": "Cel", "min_value": 0, "max_value": 5.5})
    made = response.json()
    assert (response.status_code, made["min_value"], made["max_value"]) == (201, 0, 5.5)
    assert (made["last_reading_time"], made["last_reading_value"], made["breach"]) == (None, None, None)
    assert good(await client.get(response.headers["location"])) == made
    assert good(await client.get(f"{SENSORS}/by-code/{code.replace('/', '%2F')}")) == made


BAD_FIELDS: list[tuple[str, Json]] = [
    ("sensor_code", {"sensor_code": ""}),
    ("sensor_code", {"sensor_code": "x" * 101}),
    ("name", {"name": "a\0b"}),
    ("name", {"name": "x" * 10_000}),
    ("unit_of_measure", {"unit_of_measure": ""}),
    ("line_id", {"line_id": "7"}),
    ("line_id", {"line_id": None}),
    ("min_value", {"min_value": 6, "max_value": 5}),
    ("min_value", {"min_value": "cold"}),
    ("tolerance", {"tolerance": 0}),
    ("tolerance", {"tolerance": -1}),
    ("last_reading_value", {"last_reading_value": 4}),
    ("key", {"key": 1}),
    ("is_active", {"is_active": False}),
]


@pytest.mark.parametrize(("field", "fields"), BAD_FIELDS, ids=lambda value: str(value)[:40])
async def test_a_wrong_field_refuses_a_new_sensor_and_is_named(
    client: httpx.AsyncClient, line: Json, field: str, fields: dict[str, Any]
) -> None:
    body = {"line_id": line["id"], "sensor_code": make.name("S"), "name": "S", "sensor_type": "t"}
    response = await client.post(SENSORS, json=body | {"unit_of_measure": "1"} | fields)
    assert fields_of(refusal(response, 422)) == [field]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_a_limit_is_a_finite_number(client: httpx.AsyncClient, sensor: Json, number: str) -> None:
    body = f'{{"max_value": {number}}}'
    response = await client.patch(
        f"{SENSORS}/{sensor['id']}", content=body, headers={"content-type": "application/json"}
    )
    assert fields_of(refusal(response, 422)) == ["max_value"]


async def test_a_code_is_given_once_and_a_line_has_to_be_there(client: httpx.AsyncClient, sensor: Json) -> None:
    body = {"sensor_code": sensor["sensor_code"], "name": "S", "sensor_type": "t", "unit_of_measure": "1"}
    assert refusal(await client.post(SENSORS, json=body | {"line_id": sensor["line_id"]}), 409)["code"] == "plant.taken"
    nowhere = await client.post(SENSORS, json=body | {"line_id": NOWHERE, "sensor_code": make.name("S")})
    assert refusal(nowhere, 404)["code"] == "plant.line.not_found"


async def test_sensors_are_filtered_searched_and_ordered(client: httpx.AsyncClient, line: Json) -> None:
    cold = await make.sensor(client, line["id"], sensor_type="cold", min_value=0, max_value=5, name="Zuletzt")
    warm = await make.sensor(client, line["id"], sensor_type="warm", max_value=5, name="Anfang")
    await make.store(client, cold["id"], {0: -1})
    await make.store(client, warm["id"], {0: 6})
    good(await client.patch(f"{SENSORS}/{warm['id']}", json={"is_active": False}))

    async def found(**wanted: str) -> list[str]:
        listed = good(await client.get(SENSORS, params={"line_id": line["id"]} | wanted))
        return [row["id"] for row in listed["results"]]

    assert await found() == [cold["id"], warm["id"]]
    assert await found(ordering="name") == [warm["id"], cold["id"]]
    assert await found(sensor_type="warm") == [warm["id"]]
    assert await found(is_active="true") == [cold["id"]]
    assert await found(breach="below") == [cold["id"]]
    assert await found(breach="above") == [warm["id"]]
    assert await found(search="zuletzt") == [cold["id"]]
    assert await found(last_reading_time__gt=make.at()) == []
    for name, value in {"breach": "1", "key": "1", "ordering": "value", "line_id": "x"}.items():
        assert fields_of(refusal(await client.get(SENSORS, params={name: value}), 422)) == [name]


async def test_a_list_costs_as_many_statements_for_many_as_for_one(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    line = await make.line(client)
    costs = []
    for _ in range(2):
        await make.sensor(client, line["id"])
        statements.clear()
        good(await client.get(SENSORS, params={"line_id": line["id"]}))
        costs.append(len(statements))
        for _ in range(8):
            await make.sensor(client, line["id"])
    assert costs[0] == costs[1]


async def test_a_change_touches_the_given_fields_only_and_null_clears(client: httpx.AsyncClient, sensor: Json) -> None:
    address = f"{SENSORS}/{sensor['id']}"
    changed = good(await client.patch(address, json={"max_value": None, "location": "Door"}))
    counted = {"updated_at": changed["updated_at"], "version": 2}
    assert changed == sensor | {"max_value": None, "location": "Door"} | counted
    assert fields_of(refusal(await client.patch(address, json={"min_value": 9, "max_value": 8}), 422)) == ["min_value"]
    good(await client.patch(address, json={"max_value": 5}))
    assert fields_of(refusal(await client.patch(address, json={"min_value": 5.1}), 422)) == ["min_value"]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("body", {}),
        ("name", {"name": None}),
        ("line_id", {"line_id": NOWHERE}),
        ("sensor_code", {"sensor_code": "x"}),
        ("id", {"id": NOWHERE}),
        ("last_reading_value", {"last_reading_value": 1}),
        ("status", {"status": "ok"}),
        ("oee", {"oee": 1}),
    ],
    ids=str,
)
async def test_what_readings_decide_cannot_be_changed(
    client: httpx.AsyncClient, sensor: Json, field: str, body: Json
) -> None:
    assert fields_of(refusal(await client.patch(f"{SENSORS}/{sensor['id']}", json=body), 422)) == [field]


async def test_a_sensor_that_never_reported_can_be_removed_and_one_that_did_cannot(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    silent = await make.sensor(client)
    assert (await client.delete(f"{SENSORS}/{silent['id']}")).status_code == 204
    assert refusal(await client.get(f"{SENSORS}/{silent['id']}"), 404)["code"] == "plant.sensor.not_found"
    await make.store(client, sensor["id"], {0: 1})
    assert refusal(await client.delete(f"{SENSORS}/{sensor['id']}"), 409)["code"] == "plant.in_use"
    assert len(await make.stored(client, sensor["id"])) == 1


async def test_a_sensor_removed_while_it_reports_is_gone_or_kept_with_its_readings(client: httpx.AsyncClient) -> None:
    for _ in range(4):
        sensor = await make.sensor(client)
        removed, told = await asyncio.gather(
            client.delete(f"{SENSORS}/{sensor['id']}"), make.send(client, [make.reading(sensor["id"], 0, 1)])
        )
        assert (removed.status_code, told.status_code) in {(204, 422), (409, 201)}


async def test_another_company_cannot_see_change_remove_or_feed_a_sensor(
    akron_client: httpx.AsyncClient, sensor: Json
) -> None:
    address = f"{SENSORS}/{sensor['id']}"
    for answer in (
        await akron_client.get(address),
        await akron_client.patch(address, json={"name": "Mine"}),
        await akron_client.delete(address),
        await akron_client.get(f"{SENSORS}/by-code/{sensor['sensor_code']}"),
        await akron_client.get(f"{address}/readings"),
        await akron_client.get(f"{address}/series"),
        await akron_client.post(f"{address}/readings", json={"timestamp": make.at(), "value": 1}),
    ):
        assert refusal(answer, 404)["code"] == "plant.sensor.not_found"


@pytest.mark.parametrize(
    ("role", "may_configure", "may_record"),
    [("supervisor", True, True), ("operator", False, True), ("integration", False, True), ("quality", False, False)],
)
async def test_each_role_does_what_it_may(
    client_of: ClientOf, sensor: Json, role: str, *, may_configure: bool, may_record: bool
) -> None:
    own, address = client_of(role), f"{SENSORS}/{sensor['id']}"
    good(await own.get(address))
    good(await own.get(f"{address}/readings"))
    body = {"line_id": sensor["line_id"], "sensor_code": make.name("S"), "name": "S", "sensor_type": "t"}
    created = await own.post(SENSORS, json=body | {"unit_of_measure": "1"})
    changed = await own.patch(address, json={"name": role})
    assert (created.status_code, changed.status_code) == ((201, 200) if may_configure else (403, 403))
    assert (await make.send(own, [make.reading(sensor["id"], 0, 1)])).is_success is may_record
    imported = await make.upload(own, sensor["line_id"], f"time,{make.name('c')}\n{make.at()},1\n")
    assert imported.status_code == (201 if may_configure else 403)
