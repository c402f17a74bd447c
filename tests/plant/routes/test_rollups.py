"""Roll-ups over HTTP: what a sensor read in each minute, hour or day."""

import csv
import io
from datetime import datetime
from uuid import UUID

import httpx
import numpy as np
import pytest

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import BAD, UNCERTAIN
from foodflow.plant import jobs
from foodflow.plant.usecases import rolled as usecases
from foodflow.plant.usecases.readings import Columns, store_readings
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

DAY = "2026-02-03T00:00:00Z"


def moment(hour: int, minute: int, second: int = 0, day: int = 3) -> str:
    return f"2026-02-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


@pytest.fixture
async def past(database: Database, demo: Actor, sensor: Json) -> Json:
    """A sensor (0 to 5 °C) with some readings on two days."""
    told = [
        (moment(8, 0), 1.0, 0),
        (moment(8, 0, 30), 4.0, 0),
        (moment(8, 1), 9.0, UNCERTAIN),
        (moment(9, 59, 59), -1.0, 0),
        (moment(11, 0), np.nan, BAD),
        (moment(0, 0, day=4), 2.0, 0),
    ]
    async with tenant_transaction(database, demo) as session:
        columns = Columns(
            [UUID(sensor["id"])],
            np.zeros(len(told), np.int32),
            np.array([to_micros(datetime.fromisoformat(timestamp)) for timestamp, _, _ in told], np.int64),
            np.array([value for _, value, _ in told]),
            np.array([status for _, _, status in told], np.uint32),
        )
        await store_readings(session, demo, columns)
    return sensor


async def rollups(client: httpx.AsyncClient, sensor: Json, **wanted: object) -> Json:
    params = {"start_time": DAY, "end_time": "2026-02-05T00:00:00Z"} | {k: str(v) for k, v in wanted.items()}
    answer: Json = good(await client.get(f"{PLANT}/sensors/{sensor['id']}/rollups", params=params))
    return answer


@pytest.mark.parametrize("rolled_up", [False, True])
async def test_hours_say_what_was_read(
    client: httpx.AsyncClient, database: Database, demo: Actor, past: Json, *, rolled_up: bool
) -> None:
    if rolled_up:
        await jobs.roll_up(database, demo)
    found = await rollups(client, past)
    assert found["next"] is None
    eight, nine, eleven, midnight = found["results"]
    assert eight == {
        "start_time": moment(8, 0),
        "count": 3,
        "uncertain": 1,
        "bad": 0,
        "below": 0,
        "above": 1,
        "mean": pytest.approx(14 / 3, rel=1e-12),
        "lowest": 1,
        "lowest_at": moment(8, 0),
        "highest": 9,
        "highest_at": moment(8, 1),
        "first": 1,
        "first_at": moment(8, 0),
        "last": 9,
        "last_at": moment(8, 1),
    }
    assert (nine["start_time"], nine["below"], nine["mean"]) == (moment(9, 0), 1, -1)
    assert (eleven["count"], eleven["bad"], eleven["mean"], eleven["last_at"]) == (0, 1, None, None)
    assert midnight["start_time"] == moment(0, 0, day=4)
    minutes = (await rollups(client, past, resolution="minute"))["results"]
    assert [each["count"] for each in minutes] == [2, 1, 1, 0, 1]
    days = (await rollups(client, past, resolution="day"))["results"]
    assert [(each["start_time"], each["count"], each["bad"]) for each in days] == [
        (DAY, 4, 1),
        (moment(0, 0, day=4), 1, 0),
    ]


async def test_pages_lead_on_to_the_end(client: httpx.AsyncClient, past: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usecases, "_ROWS_AT_ONCE", 60)
    whole = (await rollups(client, past, resolution="minute"))["results"]
    page, seen = await rollups(client, past, resolution="minute", page_size=2), []
    while True:
        assert len(page["results"]) <= 2
        seen += page["results"]
        if page["next"] is None:
            break
        page = good(await client.get(page["next"]))
    assert seen == whole
    assert len(seen) == 5


async def test_a_file_holds_all_of_them(client: httpx.AsyncClient, past: Json) -> None:
    params = {"start_time": DAY, "end_time": moment(0, 0, day=5), "resolution": "minute", "format": "csv"}
    answer = await client.get(f"{PLANT}/sensors/{past['id']}/rollups", params=params)
    assert answer.headers["content-disposition"] == 'attachment; filename="rollups.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["count"] for row in rows] == ["2", "1", "1", "0", "1"]
    assert rows[3]["mean"] == ""


async def test_by_default_the_last_day_up_to_the_latest_reading_is_told(client: httpx.AsyncClient, past: Json) -> None:
    found = good(await client.get(f"{PLANT}/sensors/{past['id']}/rollups"))
    assert [each["start_time"] for each in found["results"]][-1] == moment(0, 0, day=4)
    assert len(found["results"]) == 4


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("resolution", {"resolution": "raw"}),
        ("page_size", {"page_size": "10001"}),
        ("page_size", {"page_size": "5", "format": "csv"}),
        ("start_time", {"start_time": DAY, "end_time": DAY}),
        ("width", {"width": "3"}),
    ],
)
async def test_a_wrong_parameter_is_named(
    client: httpx.AsyncClient, sensor: Json, field: str, wanted: dict[str, str]
) -> None:
    answer = await client.get(f"{PLANT}/sensors/{sensor['id']}/rollups", params=wanted)
    assert fields_of(refusal(answer, 422)) == [field]


async def test_a_sensor_that_is_not_there_has_no_roll_ups(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, past: Json
) -> None:
    refusal(await client.get(f"{PLANT}/sensors/{NOWHERE}/rollups"), 404)
    refusal(await akron_client.get(f"{PLANT}/sensors/{past['id']}/rollups"), 404)
    never = await make.sensor(client)
    assert good(await client.get(f"{PLANT}/sensors/{never['id']}/rollups"))["results"] == []


async def test_roll_ups_are_told_in_another_unit_as_pages_and_as_a_file(client: httpx.AsyncClient, past: Json) -> None:
    values = ("mean", "lowest", "highest", "first", "last")
    own, told = [(await rollups(client, past, **unit))["results"] for unit in ({}, {"unit": "[degF]"})]
    for before, after in zip(own, told, strict=True):
        for name in values:
            expected = None if before[name] is None else pytest.approx(before[name] * 1.8 + 32)
            assert after[name] == expected
        rest = before.keys() - set(values)
        assert {name: after[name] for name in rest} == {name: before[name] for name in rest}
    params = {"start_time": DAY, "end_time": "2026-02-05T00:00:00Z", "unit": "[degF]", "format": "csv"}
    file = await client.get(f"{PLANT}/sensors/{past['id']}/rollups", params=params)
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert [row["highest"] for row in rows] == ["" if row["highest"] is None else str(row["highest"]) for row in told]
