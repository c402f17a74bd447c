"""Set points and actuals over HTTP, what deviates, and how one batch compares with another."""

from typing import Any

import httpx
import pytest

from foodflow.kernel.db import Database
from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

BATCHES = f"{PLANT}/batches"


@pytest.fixture
async def batch(client: httpx.AsyncClient, line: Json) -> Json:
    """A planned batch."""
    return await make.batch(client, line["id"])


async def recipe(client: httpx.AsyncClient, batch: Json, *parameters: Json) -> Any:  # noqa: ANN401 - a list of parameters
    return good(await client.put(f"{BATCHES}/{batch['id']}/parameters", json={"parameters": parameters}))


async def test_a_recipe_is_written_as_a_whole(client: httpx.AsyncClient, batch: Json) -> None:
    oven = {"code": "T-1", "name": "Oven", "unit": "Cel", "set_point": 180, "low": 175, "high": 185}
    await recipe(client, batch, {"code": "GONE"}, oven)
    [found] = await recipe(client, batch, oven | {"set_point": 181.5})
    assert found.items() >= (oven | {"set_point": 181.5, "values": 0, "mean": None, "deviates": None}).items()
    assert good(await client.get(f"{BATCHES}/{batch['batch_number']}/parameters")) == [found]


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("parameters.1.code", [{"code": "A"}, {"code": "A"}]),
        ("parameters.0.low", [{"code": "A", "low": 2, "high": 1}]),
        ("parameters.0.unit", [{"code": "A", "unit": "ä"}]),
        ("parameters", [{"code": str(number)} for number in range(201)]),
    ],
    ids=["twice", "limits", "unit", "many"],
)
async def test_a_wrong_recipe_is_refused_and_named(
    client: httpx.AsyncClient, batch: Json, field: str, parameters: list[Json]
) -> None:
    answer = await client.put(f"{BATCHES}/{batch['id']}/parameters", json={"parameters": parameters})
    assert fields_of(refusal(answer, 422)) == [field]


async def test_a_parameter_is_measured_by_a_sensor_of_the_batch_s_own_line(
    client: httpx.AsyncClient, batch: Json
) -> None:
    other = await make.sensor(client)
    for id, status in ((other["id"], 409), (NOWHERE, 404)):
        body = {"parameters": [{"code": "A", "sensor_id": id}]}
        refusal(await client.put(f"{BATCHES}/{batch['id']}/parameters", json=body), status)


async def test_typed_values_are_held_against_their_limits(
    client: httpx.AsyncClient, client_of: ClientOf, batch: Json
) -> None:
    address = f"{BATCHES}/{batch['id']}"
    await recipe(client, batch, {"code": "pH", "low": 4, "high": 4.6}, {"code": "SALT", "set_point": 2})
    early = await client.post(f"{address}/actuals", json={"code": "pH", "value": 4.2})
    assert refusal(early, 409)["code"] == "plant.batch.not_started"
    good(await make.run(client, batch["id"], "start", make.at()))
    for minute, value in enumerate((4.2, 4.4, 4.7), start=1):
        good(
            await client.post(f"{address}/actuals", json={"code": "pH", "value": value, "at": make.at(minutes=minute)})
        )
    unknown = await client.post(f"{address}/actuals", json={"code": "X", "value": 1})
    assert refusal(unknown, 404)["code"] == "plant.parameter.not_found"
    [acid] = [each for each in good(await client.get(f"{address}/parameters")) if each["code"] == "pH"]
    assert (acid["values"], acid["minimum"], acid["maximum"]) == (3, 4.2, 4.7)
    assert (acid["mean"], acid["outside"], acid["deviates"]) == (pytest.approx(13.3 / 3), pytest.approx(1 / 3), True)
    assert {each["code"] for each in good(await client.get(f"{address}/deviations"))} == {"pH", "SALT"}
    good(await client.post(f"{address}/actuals", json={"code": "SALT", "value": 2}))
    assert [each["code"] for each in good(await client.get(f"{address}/deviations"))] == ["pH"]
    left_out = await client.put(f"{address}/parameters", json={"parameters": []})
    assert refusal(left_out, 409)["code"] == "plant.parameter.in_use"
    good(await make.run(client, batch["id"], "complete"))
    late = {"code": "pH", "value": 4.3, "at": make.at(minutes=5)}
    assert refusal(await client_of("operator").post(f"{address}/actuals", json=late), 403)
    good(await client.post(f"{address}/actuals", json=late))


async def test_the_actual_of_a_sensor_is_that_of_the_time_in_progress(
    client: httpx.AsyncClient, line: Json, batch: Json
) -> None:
    """180 for a quarter of an hour, 190 for another, then held at 20, then 180 for half an hour."""
    sensor = await make.sensor(client, line["id"])
    address = f"{BATCHES}/{batch['id']}"
    await recipe(client, batch, {"code": "T", "low": 175, "high": 185, "sensor_id": sensor["id"]})
    good(await make.run(client, batch["id"], "start", make.at()))
    good(await client.post(f"{address}/hold", json={"at": make.at(minutes=30)}))
    good(await client.post(f"{address}/resume", json={"at": make.at(minutes=60)}))
    good(await make.run(client, batch["id"], "complete", make.at(minutes=90)))
    values: dict[float, float] = {-60: 500, 0: 180, 15 * 60: 190, 30 * 60: 20, 60 * 60: 180, 90 * 60: 500}
    await make.store(client, sensor["id"], values)
    [found] = good(await client.get(f"{address}/parameters"))
    assert (found["values"], found["minimum"], found["maximum"]) == (3, 180, 190)
    assert (found["mean"], found["outside"], found["covered_seconds"]) == (182.5, 0.25, 3600)
    assert found["deviates"] is True
    typed = await client.post(f"{address}/actuals", json={"code": "T", "value": 1})
    assert refusal(typed, 409)["code"] == "plant.parameter.measured"


async def test_a_batch_stands_beside_the_golden_one_of_its_product(
    client: httpx.AsyncClient, line: Json, database: Database
) -> None:
    product = make.name("P")
    golden, poor, new = [await make.batch(client, line["id"], product_code=product) for _ in range(3)]
    alone = good(await client.get(f"{BATCHES}/{new['id']}/compare"))
    assert (alone["other"], alone["batch"]["yields"]["produced"]) == (None, 0)
    for number, (batch, made) in enumerate(((golden, 4800), (poor, 2400))):
        await recipe(client, batch, {"code": "T", "set_point": 180})
        good(await make.run(client, batch["id"], "start", make.at(hours=2 * number)))
        good(await make.count(client, line["id"], good=made, at=make.at(hours=2 * number + 1)))
        good(await make.run(client, batch["id"], "complete", make.at(hours=2 * number + 1)))
    await make.work_off(database)
    await recipe(client, new, {"code": "U", "set_point": 1})
    beside = good(await client.get(f"{BATCHES}/{new['id']}/compare"))
    assert (beside["other"]["yields"]["batch_id"], beside["other"]["yields"]["oee"]) == (golden["id"], 1)
    assert [(pair["code"], bool(pair["batch"]), bool(pair["other"])) for pair in beside["parameters"]] == [
        ("T", False, True),
        ("U", True, False),
    ]
    named = good(await client.get(f"{BATCHES}/{new['id']}/compare", params={"with": poor["batch_number"]}))
    assert named["other"]["yields"]["batch_id"] == poor["id"]
    refusal(await client.get(f"{BATCHES}/{new['id']}/compare", params={"with": NOWHERE}), 404)


async def test_the_yields_of_the_published_batch(client: httpx.AsyncClient, line: Json, database: Database) -> None:
    """10000 wanted, 9850 made in six hours at 80 a minute, 9500 good."""
    batch = await make.batch(client, line["id"], nominal_weight=100, filled_weight=959_500, weight_unit="g")
    address = f"{BATCHES}/{batch['id']}"
    good(await make.run(client, batch["id"], "start", make.at()))
    good(await make.count(client, line["id"], good=9500, scrap=350, at=make.at(hours=6)))
    good(await make.run(client, batch["id"], "complete", make.at(hours=6)))
    found = good(await client.get(f"{address}/yields"))
    assert found["performance"] == pytest.approx(0.342, abs=5e-4)
    assert found["quality"] == found["yield_rate"] == pytest.approx(0.964, abs=5e-4)
    assert found["oee"] == pytest.approx(0.330, abs=5e-4)
    assert (found["fulfilment"], found["giveaway"], found["giveaway_rate"]) == (0.95, 9500, 0.01)
    assert (found["in_progress_minutes"], found["on_hold_minutes"]) == (360, 0)
    await make.work_off(database)
    stored = good(await client.get(address))
    assert stored["oee"] == found["oee"]
    assert (stored["planned_downtime_minutes"], stored["unplanned_downtime_minutes"]) == (0, 0)


async def test_downtime_within_a_batch_is_planned_or_not(client: httpx.AsyncClient, line: Json, batch: Json) -> None:
    good(await make.run(client, batch["id"], "start", make.at()))
    for minute, status in ((10, "downtime"), (15, "changeover"), (22, "maintenance"), (25, "running")):
        good(await make.state(client, line["id"], status, make.at(minutes=minute)))
    good(await make.run(client, batch["id"], "complete", make.at(minutes=30)))
    found = good(await client.get(f"{BATCHES}/{batch['id']}/yields"))
    assert (found["planned_downtime_minutes"], found["unplanned_downtime_minutes"]) == (10, 5)
    assert (found["yield_rate"], found["average_speed"]) == (None, 0)
