"""A sensor's series over HTTP: few points, every peak, every excursion."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal


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
