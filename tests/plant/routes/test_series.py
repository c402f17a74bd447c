"""A sensor's series over HTTP: few points, every peak, every excursion."""

from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from foodflow.plant import jobs
from foodflow.plant.rules import rollups as rules
from foodflow.plant.usecases import rollups
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal


@pytest.fixture
async def rolled(client: httpx.AsyncClient, database: Database, demo: Actor, sensor: Json) -> Json:
    """A sensor with two days of readings a minute apart, half of them missing on the second, rolled up."""
    values = {minute * 60: 2 + minute % 3 for minute in range(2880) if not 2000 <= minute < 2400}
    await make.store(client, sensor["id"], {at - 3 * 86_400: value for at, value in (values | {60_000: 99}).items()})
    await jobs.roll_up(database, demo)
    return sensor


async def series(client: httpx.AsyncClient, sensor: Json, **wanted: object) -> Json:
    params = {key: str(value) for key, value in wanted.items()}
    answer: Json = good(await client.get(f"{PLANT}/sensors/{sensor['id']}/series", params=params))
    return answer


async def test_few_points_keep_the_peaks_and_every_excursion(client: httpx.AsyncClient, sensor: Json) -> None:
    values: dict[float, float] = {second: 2 + second % 3 for second in range(3000)}
    values |= {1000: 99, 1001: 50, 2000: -7, 2999: 6}
    await make.store(client, sensor["id"], values)
    drawn = await series(client, sensor, points=20)
    assert drawn["readings"] == 3000
    assert len(drawn["timestamps"]) == len(drawn["values"]) <= 22
    assert {99, -7} <= set(drawn["values"])
    assert (drawn["timestamps"][0], drawn["timestamps"][-1]) == (make.at(), make.at(2999))
    assert drawn["excursions"] == [
        {"start": make.at(1000), "end": make.at(1001), "breach": "above", "extreme": 99},
        {"start": make.at(2000), "end": make.at(2000), "breach": "below", "extreme": -7},
        {"start": make.at(2999), "end": make.at(2999), "breach": "above", "extreme": 6},
    ]


async def test_the_last_day_up_to_the_latest_reading_is_drawn_unless_a_window_is_named(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {-90_000: 1, -86_000: 2, 0: 3})
    drawn = await series(client, sensor)
    assert drawn["values"] == [2, 3]
    assert drawn["end_time"] == make.at(0.000001)
    window = {"start_time": make.at(-90_000), "end_time": make.at()}
    assert (await series(client, sensor, **window))["values"] == [1, 2]


async def test_a_window_after_the_latest_reading_is_empty_and_no_mistake(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {0: 3})
    drawn = await series(client, sensor, start_time=make.at(1))
    assert (drawn["readings"], drawn["values"]) == (0, [])
    assert datetime.fromisoformat(drawn["end_time"]) <= datetime.now(UTC)


async def test_a_sensor_that_never_reported_is_drawn_empty(client: httpx.AsyncClient, sensor: Json) -> None:
    drawn = await series(client, sensor)
    assert (drawn["readings"], drawn["timestamps"], drawn["excursions"]) == (0, [], [])


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("points", {"points": "9"}),
        ("points", {"points": "5001"}),
        ("start_time", {"start_time": make.at(), "end_time": make.at()}),
        ("start_time", {"start_time": make.at(days=-3000)}),
        ("end_time", {"end_time": "0001-01-01T00:00:00Z"}),
        ("buckets", {"buckets": "3"}),
    ],
)
async def test_a_wrong_parameter_is_named(
    client: httpx.AsyncClient, sensor: Json, field: str, wanted: dict[str, str]
) -> None:
    answer = await client.get(f"{PLANT}/sensors/{sensor['id']}/series", params=wanted)
    assert fields_of(refusal(answer, 422)) == [field]


async def test_a_window_may_end_ahead_of_now(client: httpx.AsyncClient, sensor: Json) -> None:
    await make.store(client, sensor["id"], {0: 3})
    tomorrow = make.wire(datetime.now(UTC) + timedelta(days=1))
    assert (await series(client, sensor, start_time=make.at(), end_time=tomorrow))["values"] == [3]
    refusal(await client.get(f"{PLANT}/sensors/{NOWHERE}/series"), 404)


WINDOW = {"start_time": make.at(days=-3), "end_time": make.at(days=-1)}


@pytest.mark.parametrize("resolution", ["minute", "hour", "day"])
@pytest.mark.parametrize("method", ["min_max", "lttb"])
async def test_every_resolution_keeps_the_peaks_and_counts_what_is_outside(
    client: httpx.AsyncClient, rolled: Json, resolution: str, method: str
) -> None:
    drawn = await series(client, rolled, **WINDOW, resolution=resolution, method=method, points=100)
    assert (drawn["resolution"], drawn["method"], drawn["complete_from"]) == (resolution, method, None)
    assert drawn["readings"] == 2480
    buckets = drawn["buckets"]
    assert {len(column) for column in buckets.values()} == {len(drawn["timestamps"])}
    assert len(drawn["values"]) <= 102
    assert (min(buckets["lowest"]), max(buckets["highest"])) == (2, 99)
    assert all(
        low <= value <= high
        for low, value, high in zip(buckets["lowest"], drawn["values"], buckets["highest"], strict=True)
    )
    assert drawn["timestamps"] == sorted(drawn["timestamps"])
    if method == "min_max":
        assert (sum(buckets["counts"]), sum(buckets["outside"])) == (2480, 1)
    else:
        assert {2, 99} <= set(drawn["values"])


async def test_where_nothing_was_read_nothing_is_drawn(client: httpx.AsyncClient, rolled: Json) -> None:
    drawn = await series(client, rolled, **WINDOW, resolution="minute", points=5000)
    times = np.array([datetime.fromisoformat(each).timestamp() for each in drawn["timestamps"]])
    assert len(times) == 2480
    assert np.diff(times).max() >= 400 * 60


async def test_the_resolution_follows_the_window_the_density_and_the_points(
    client: httpx.AsyncClient, rolled: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await series(client, rolled, **WINDOW))["resolution"] == "raw"
    monkeypatch.setattr("foodflow.plant.usecases.drawing.FEW_READINGS", 1000)
    assert (await series(client, rolled, **WINDOW, points=600))["resolution"] == "minute"
    assert (await series(client, rolled, **WINDOW, points=40))["resolution"] == "hour"
    assert (await series(client, rolled, start_time=make.at(days=-20), points=10))["resolution"] == "hour"
    day = {"start_time": make.at(days=-3), "end_time": make.at(days=-2.9)}
    assert (await series(client, rolled, **day))["resolution"] == "raw"
    assert rules.resolution_of(10 * 86_400_000_000, points=10, few=False, finest=rules.Resolution.RAW) == "day"


async def test_readings_that_are_read_in_parts_are_drawn_as_one(
    client: httpx.AsyncClient, sensor: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    values: dict[float, float] = {second * 60: second % 7 for second in range(600)}
    await make.store(client, sensor["id"], {at - 90_000: value for at, value in values.items()} | {0: 9, 60: 9})
    whole = await series(client, sensor, start_time=make.at(-90_001), resolution="raw", points=5000)
    monkeypatch.setattr(rollups, "_MANY", 1)
    monkeypatch.setattr(rollups, "_FEW", 1)
    parts = await series(client, sensor, start_time=make.at(-90_001), resolution="raw", points=5000)
    assert parts == whole | {"end_time": parts["end_time"]}
    assert len(whole["values"]) == whole["readings"] == 602
    assert whole["excursions"][-1]["end"] == make.at(60)


async def test_several_sensors_are_drawn_in_one_call(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, sensor: Json
) -> None:
    other, theirs = await make.sensor(client), await make.sensor(akron_client)
    await make.store(client, sensor["id"], {0: 3})
    await make.store(client, other["id"], {0: 4})
    ids = [other["id"], sensor["id"], other["id"]]
    found = good(await client.get(f"{PLANT}/series", params={"sensor_id": ids}))["results"]
    assert [(each["sensor_id"], each["values"]) for each in found] == [(other["id"], [4]), (sensor["id"], [3])]
    assert found[1] == await series(client, sensor)
    refusal(await client.get(f"{PLANT}/series", params={"sensor_id": [*ids, theirs["id"]]}), 404)
    assert fields_of(refusal(await client.get(f"{PLANT}/series"), 422)) == ["sensor_id"]
    many = [make.NOWHERE] * 51
    assert fields_of(refusal(await client.get(f"{PLANT}/series", params={"sensor_id": many}), 422)) == ["sensor_id"]


def fahrenheit(celsius: float) -> object:
    return pytest.approx(celsius * 1.8 + 32)


async def test_values_and_excursions_are_told_in_another_unit(client: httpx.AsyncClient, sensor: Json) -> None:
    await make.store(client, sensor["id"], {0: 1, 1: 9, 2: -3, 3: 2})
    drawn = await series(client, sensor, unit="[degF]", resolution="raw")
    assert (drawn["unit"], (await series(client, sensor))["unit"]) == ("[degF]", "Cel")
    assert drawn["values"] == [fahrenheit(value) for value in (1, 9, -3, 2)]
    assert [each["extreme"] for each in drawn["excursions"]] == [fahrenheit(9), fahrenheit(-3)]


@pytest.mark.parametrize("method", ["min_max", "lttb"])
async def test_the_buckets_of_a_roll_up_are_told_in_another_unit(
    client: httpx.AsyncClient, rolled: Json, method: str
) -> None:
    wanted = {**WINDOW, "resolution": "hour", "method": method}
    own = await series(client, rolled, **wanted)
    told = await series(client, rolled, unit="K", **wanted)
    assert told["values"] == pytest.approx([value + 273.15 for value in own["values"]])
    for column in ("lowest", "highest"):
        assert told["buckets"][column] == pytest.approx([value + 273.15 for value in own["buckets"][column]])
    assert told["buckets"]["counts"] == own["buckets"]["counts"]


async def test_each_of_several_sensors_is_told_in_the_unit_from_its_own(client: httpx.AsyncClient) -> None:
    celsius, kelvin = [await make.sensor(client, unit_of_measure=unit) for unit in ("Cel", "K")]
    for sensor, value in ((celsius, 100), (kelvin, 373.15)):
        await make.store(client, sensor["id"], {0: value})
    params = {"sensor_id": [celsius["id"], kelvin["id"]], "unit": "[degF]"}
    found = good(await client.get(f"{PLANT}/series", params=params))["results"]
    assert [each["values"] for each in found] == [[fahrenheit(100)], [fahrenheit(100)]]
    refusal(await client.get(f"{PLANT}/series", params=params | {"unit": "bar"}), 422)


@pytest.mark.parametrize(("unit", "code"), [("bar", "plant.unit.incompatible"), ("°F", "plant.unit.unknown")])
@pytest.mark.parametrize("asked", ["series", "rollups"])
async def test_a_unit_of_something_else_is_refused(
    client: httpx.AsyncClient, sensor: Json, asked: str, unit: str, code: str
) -> None:
    await make.store(client, sensor["id"], {0: 1})
    refused = refusal(await client.get(f"{PLANT}/sensors/{sensor['id']}/{asked}", params={"unit": unit}), 422)
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [("unit", code)]
