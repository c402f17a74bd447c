"""Calibrations over HTTP: recorded, kept, and held against what sensors report."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, Witness, fields_of, good, refusal, wire

SENSORS = f"{PLANT}/sensors"
LAST_YEAR = wire(datetime.now(UTC).replace(microsecond=0) - timedelta(days=365))
NEXT_YEAR = wire(datetime.now(UTC).replace(microsecond=0) + timedelta(days=365))


async def calibrate(client: httpx.AsyncClient, sensor: Json, **said: object) -> httpx.Response:
    return await client.post(f"{SENSORS}/{sensor['id']}/calibrations", json=said)


async def seen(client: httpx.AsyncClient, sensor: Json) -> Json:
    found: Json = good(await client.get(f"{SENSORS}/{sensor['id']}"))
    return found


async def values(client: httpx.AsyncClient, sensor: Json) -> list[float]:
    return [value for _, value in await make.stored(client, sensor["id"])]


async def test_a_calibration_is_kept_with_who_made_it_and_what_was_found(
    client: httpx.AsyncClient, sensor: Json, witness: Witness
) -> None:
    said = {"at": make.at(), "offset": -0.4, "next_due": NEXT_YEAR, "by": "Metrology Ltd", "certificate": "C-17"}
    answer = await calibrate(client, sensor, **said, as_found=0.5, as_left=0.1)
    made = answer.json()
    assert (answer.status_code, made["as_found"], made["as_left"]) == (201, 0.5, 0.1)
    assert {key: made[key] for key in said} == said
    listed = good(await client.get(f"{SENSORS}/{sensor['id']}/calibrations"))
    assert listed["results"] == [made]
    now = await seen(client, sensor)
    assert (now["calibration_offset"], now["last_calibration_date"]) == (-0.4, make.at())
    assert (now["next_calibration_date"], now["calibration_overdue"]) == (NEXT_YEAR, False)
    (entry,) = await witness.recorded()
    assert (entry.action, entry.subject, entry.details["offset"]) == ("sensor.calibrated", sensor["id"], -0.4)


async def test_a_reading_is_corrected_by_the_offset_in_force_at_its_source_time(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    good(await calibrate(client, sensor, at=make.at(10), offset=0.5))
    good(await calibrate(client, sensor, at=make.at(20), offset=-1))
    await make.store(client, sensor["id"], {9: 1, 10: 1, 19.999999: 1, 20: 1, 30: 1})
    assert await values(client, sensor) == [1, 1.5, 1.5, 0, 0]
    await make.store(client, sensor["id"], {40: 1})
    assert (await seen(client, sensor))["last_reading_value"] == 0


async def test_a_corrected_value_is_what_limits_judge_and_what_is_repeated(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    good(await calibrate(client, sensor, at=make.at(), offset=1))
    stored = await make.store(client, sensor["id"], {1: 4, 2: 4.5, 3: -0.5})
    assert (stored["stored"], stored["outside_limits"]) == (3, 1)
    assert (await make.store(client, sensor["id"], {1: 4, 2: 4.5, 3: -0.5}))["repeated"] == 3
    one = await client.post(f"{SENSORS}/{sensor['id']}/readings", json={"timestamp": make.at(4), "value": 4.5})
    assert good(one)["breach"] == "above"


async def test_what_is_stored_stays_when_a_calibration_is_recorded_late(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {0: 1})
    good(await calibrate(client, sensor, at=make.at(-10), offset=1))
    assert await values(client, sensor) == [1]


async def test_an_older_calibration_is_added_to_the_history_and_does_not_take_over(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    good(await calibrate(client, sensor, at=make.at(), offset=2))
    good(await calibrate(client, sensor, at=LAST_YEAR, offset=1))
    now = await seen(client, sensor)
    assert (now["calibration_offset"], now["last_calibration_date"]) == (2, make.at())
    listed = good(await client.get(f"{SENSORS}/{sensor['id']}/calibrations"))
    assert [row["offset"] for row in listed["results"]] == [2, 1]
    problem = refusal(await calibrate(client, sensor, at=LAST_YEAR, offset=3), 409)
    assert problem["code"] == "plant.calibration.taken"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("at", {"at": NEXT_YEAR}),
        ("at", {"at": "2026-01-01T00:00:00"}),
        ("next_due", {"next_due": LAST_YEAR}),
        ("next_due", {"next_due": make.at()}),
        ("offset", {"offset": None}),
        ("offset", {"offset": 1e200}),
        ("sensor_id", {"sensor_id": NOWHERE}),
    ],
)
async def test_a_wrong_calibration_is_refused_by_field(
    client: httpx.AsyncClient, sensor: Json, field: str, said: Json
) -> None:
    answer = await calibrate(client, sensor, **{"at": make.at(), "offset": 0} | said)
    assert fields_of(refusal(answer, 422)) == [field]
    assert (await seen(client, sensor))["last_calibration_date"] is None


async def test_a_sensor_is_overdue_from_its_due_date_on_and_its_readings_are_taken_all_the_same(
    client: httpx.AsyncClient, line: Json
) -> None:
    late, punctual, never = [await make.sensor(client, line["id"]) for _ in range(3)]
    good(await calibrate(client, late, at=LAST_YEAR, offset=0, next_due=make.at()))
    good(await calibrate(client, punctual, at=LAST_YEAR, offset=0, next_due=NEXT_YEAR))
    for overdue, expected in (("true", {late["id"]}), ("false", {punctual["id"], never["id"]})):
        listed = good(await client.get(SENSORS, params={"line_id": line["id"], "calibration_overdue": overdue}))[
            "results"
        ]
        assert {row["id"] for row in listed} == expected
        assert {row["calibration_overdue"] for row in listed} == {overdue == "true"}
    assert (await make.store(client, late["id"], {0: 1}))["stored"] == 1


async def test_a_change_of_the_offset_makes_a_calibration(client: httpx.AsyncClient, sensor: Json) -> None:
    address = f"{SENSORS}/{sensor['id']}"
    changed = good(
        await client.patch(address, json={"calibration_offset": 0.5, "last_calibration_date": make.at(), "name": "N"})
    )
    assert (changed["calibration_offset"], changed["last_calibration_date"]) == (0.5, make.at())
    assert (changed["name"], changed["version"]) == ("N", 2)
    listed = good(await client.get(f"{address}/calibrations"))["results"]
    assert [(row["at"], row["offset"]) for row in listed] == [(make.at(), 0.5)]
    planned = good(await client.patch(address, json={"next_calibration_date": NEXT_YEAR}))
    assert (planned["next_calibration_date"], planned["calibration_offset"]) == (NEXT_YEAR, 0.5)
    assert good(await client.get(f"{address}/calibrations"))["count"] == 1
    before = await client.patch(address, json={"next_calibration_date": LAST_YEAR})
    assert fields_of(refusal(before, 422)) == ["next_calibration_date"]
    now = good(await client.patch(address, json={"calibration_offset": 0.25}))
    assert (now["calibration_offset"], now["next_calibration_date"]) == (0.25, NEXT_YEAR)


async def test_calibrations_keep_their_sensor_and_are_those_of_its_company(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, sensor: Json
) -> None:
    good(await calibrate(client, sensor, at=make.at(), offset=1))
    assert refusal(await client.delete(f"{SENSORS}/{sensor['id']}"), 409)["code"] == "plant.in_use"
    for answer in (
        await akron_client.get(f"{SENSORS}/{sensor['id']}/calibrations"),
        await calibrate(akron_client, sensor, at=make.at(), offset=1),
    ):
        assert refusal(answer, 404)["code"] == "plant.sensor.not_found"


@pytest.mark.parametrize(("role", "status"), [("quality", 201), ("supervisor", 201), ("operator", 403)])
async def test_quality_and_supervisors_calibrate(client_of: ClientOf, sensor: Json, role: str, status: int) -> None:
    answer = await calibrate(client_of(role), sensor, at=make.at(-len(role)), offset=0)
    assert answer.status_code == status
