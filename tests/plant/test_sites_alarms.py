"""Alarms and how sensors are watched, as whoever is for some sites alone finds them."""

import httpx

from tests.plant import make
from tests.plant.make import PLANT, Json, good, refusal
from tests.plant.sites import NORTH, SOUTH, Limited, ids_of


async def alarmed_at(client: httpx.AsyncClient, site: str) -> dict[str, Json]:
    """A line of a site that is in a flood of alarms, and the first of them."""
    line = await make.line(client, plant_name=site)
    sensors = [await make.sensor(client, line["id"], max_value=5) for _ in range(11)]
    good(await make.send(client, [make.reading(each["id"], 0, 99) for each in sensors]))
    floods, alarms = [
        good(await client.get(f"{PLANT}/{noun}", params={"line_id": line["id"]}))["results"]
        for noun in ("alarm-floods", "alarms")
    ]
    return {"lines": line, "alarm-floods": floods[0], "alarms": alarms[0]}


async def test_alarms_and_their_figures_are_those_of_ones_own_sites(
    client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    own, other = await alarmed_at(client, NORTH), await alarmed_at(client, SOUTH)
    window = {"start_time": make.at(-1), "end_time": make.at(60)}
    for noun in ("alarms", "alarm-floods"):
        found = await ids_of(north, noun)
        assert (own[noun]["id"] in found, other[noun]["id"] in found) == (True, False)
        assert await ids_of(limited(), noun) == set()
    summary = good(await north.get(f"{PLANT}/alarms/summary"))
    assert {line["site"] for line in summary["lines"]} == {NORTH}
    metrics = good(await north.get(f"{PLANT}/alarms/metrics", params=window))
    assert metrics["alarms"] == summary["states"]["unacknowledged"]
    assert good(await limited().get(f"{PLANT}/alarms/metrics", params=window))["alarms"] == 0
    refusal(await north.get(f"{PLANT}/alarms/metrics", params={"line_id": other["lines"]["id"]}), 404)


async def test_nobody_acknowledges_alarms_of_another_site(client: httpx.AsyncClient, north: httpx.AsyncClient) -> None:
    own, other = await alarmed_at(client, NORTH), await alarmed_at(client, SOUTH)
    ids = [made["alarms"]["id"] for made in (own, other)]
    found = good(await north.post(f"{PLANT}/alarms/acknowledge", json={"ids": ids}))
    assert found == {"acknowledged": [own["alarms"]["id"]]}
    assert good(await client.get(f"{PLANT}/alarms/{ids[1]}"))["state"] == "unacknowledged"


async def test_how_a_type_is_watched_is_not_said_for_other_sites(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    lines = [await make.line(client, plant_name=site) for site in (NORTH, SOUTH)]
    sensor_type = make.name("type")
    address = f"{PLANT}/watch-defaults/{sensor_type}"
    await make.sensor(client, lines[0]["id"], sensor_type=sensor_type)
    good(await north.put(address, json={"stuck_seconds": 60}))
    await make.sensor(client, lines[1]["id"], sensor_type=sensor_type)
    assert refusal(await north.put(address, json={}), 403)["code"] == "plant.watch.of_other_sites"
    assert good(await client.get(address))["said"]["stuck_seconds"] == 60


async def test_the_pages_of_alarms_show_those_of_ones_own_sites(
    client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    own, other = await alarmed_at(client, NORTH), await alarmed_at(client, SOUTH)
    for address in ("/alarms", "/fragments/alarm-list", "/fragments/alarms"):
        page = (await north.get(address, params={"line": ""} if address != "/fragments/alarms" else {})).text
        assert own["lines"]["line_number"] in page, address
        assert other["lines"]["line_number"] not in page, address
    counts = [(await reader.get("/fragments/alarm-count")).text for reader in (client, north, limited())]
    assert len(set(counts)) == 3
    ids = [made["alarms"]["id"] for made in (own, other)]
    assert (await north.post("/alarms/acknowledge", data={"ids": ids})).status_code == 303
    states = [good(await client.get(f"{PLANT}/alarms/{id}"))["state"] for id in ids]
    assert states == ["acknowledged", "unacknowledged"]
