"""Taking note of readings: an excursion is told once when it begins and once when it is over, however it comes in."""

from collections.abc import Mapping

import httpx
import pytest

from tests.plant import make
from tests.plant.make import PLANT, Json, Witness, good

COLD, HOT, FINE = -1, 9, 3


async def told_of(
    witness: Witness, client: httpx.AsyncClient, sensor: Json, *calls: Mapping[float, float]
) -> list[str]:
    """What is told of a sensor when readings come in calls, as the last words of the types."""
    await witness.look_away()
    for call in calls:
        await make.store(client, sensor["id"], call)
    return [each.type.rpartition("_")[2] for each in await witness.told("plant.sensor.limits")]


async def test_an_excursion_is_told_once_and_its_end_once(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    assert await told_of(
        witness, client, sensor, {0: FINE}, {1: HOT}, {2: HOT}, {3: HOT, 4: HOT}, {5: FINE}, {6: FINE}
    ) == [
        "broken",
        "restored",
    ]


async def test_what_is_told_says_what_happened(client: httpx.AsyncClient, witness: Witness, sensor: Json) -> None:
    await told_of(witness, client, sensor, {0: FINE, 1: HOT, 2: 99, 3: COLD, 4: 2.5})
    broken, restored = await witness.told("plant.sensor.limits")
    about = {"sensor_id": sensor["id"], "sensor_code": sensor["sensor_code"], "line_id": sensor["line_id"]}
    about |= {"plant_name": ""}
    assert broken.subject == f"plant.sensor/{sensor['id']}"
    assert broken.data == about | {
        "readings": 3,
        "first_at": make.at(1),
        "last_at": make.at(3),
        "lowest": COLD,
        "highest": 99,
        "min_value": 0,
        "max_value": 5,
    }
    assert restored.data == about | {"at": make.at(4), "value": 2.5}


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([{0: FINE}], []),
        ([{0: HOT}], ["broken"]),
        ([{0: HOT, 1: FINE}], ["broken", "restored"]),
        ([{0: HOT, 1: FINE, 2: HOT}], ["broken"]),
        ([{0: HOT}, {1: COLD}], ["broken", "broken"]),
        ([{0: HOT}, {1: FINE}, {2: HOT}], ["broken", "restored", "broken"]),
        ([{0: HOT}, {0: HOT}], ["broken"]),
        ([{0: HOT}, {0: HOT, 1: HOT}], ["broken"]),
    ],
    ids=str,
)
async def test_runs_of_readings_tell_of_each_excursion(
    client: httpx.AsyncClient, witness: Witness, sensor: Json, calls: list[dict[float, float]], told: list[str]
) -> None:
    assert await told_of(witness, client, sensor, *calls) == told


async def test_a_late_excursion_is_told_with_its_end_because_the_latest_reading_lies_within(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    assert await told_of(witness, client, sensor, {0: FINE, 10: FINE}, {5: HOT}) == ["broken", "restored"]
    assert (await witness.told("plant.sensor.limits"))[1].data["at"] == make.at(10)
    assert good(await client.get(f"{PLANT}/sensors/{sensor['id']}"))["breach"] is None


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ({9: HOT}, []),
        ({11: HOT, 12: HOT}, []),
        ({5: HOT}, []),
        ({9: COLD}, ["broken"]),
        ({5: HOT, 6: FINE, 9: HOT}, ["broken"]),
        ({5: FINE}, []),
        ({5: HOT, 6: FINE}, ["broken"]),
        ({19: HOT, 21: HOT}, []),
    ],
    ids=str,
)
async def test_late_readings_tell_only_of_what_was_not_told_and_never_end_what_goes_on(
    client: httpx.AsyncClient, witness: Witness, sensor: Json, late: dict[float, float], told: list[str]
) -> None:
    await make.store(client, sensor["id"], {0: FINE, 10: HOT, 20: HOT})
    assert await told_of(witness, client, sensor, late) == told


async def test_wider_limits_end_an_excursion_with_the_next_reading(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    await make.store(client, sensor["id"], {0: HOT})
    good(await client.patch(f"{PLANT}/sensors/{sensor['id']}", json={"max_value": 10}))
    assert await told_of(witness, client, sensor, {1: HOT}) == ["restored"]


async def test_each_sensor_of_a_call_tells_of_itself(client: httpx.AsyncClient, witness: Witness) -> None:
    line = await make.line(client)
    own = [await make.sensor(client, line["id"], max_value=5) for _ in range(4)]
    await witness.look_away()
    rows = [make.reading(each["id"], second, value) for each in own[:3] for second, value in ((0, FINE), (1, HOT))]
    good(await make.send(client, [*rows, make.reading(own[3]["id"], 0, FINE)]))
    assert {each.data["sensor_id"] for each in await witness.told("plant.sensor")} == {each["id"] for each in own[:3]}
