"""Lines, and what is put on them or shown of them, as whoever is for some sites alone finds them."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.errors import Invalid
from foodflow.plant.usecases import board, lines
from foodflow.plant.usecases.selection import Choice
from tests.make import everything
from tests.plant import make
from tests.plant.make import PLANT, fields_of, good, refusal
from tests.plant.sites import NORTH, REASONS, SOUTH, Limited, actor_for, ids_of, made_at


@pytest.mark.parametrize("address", ["/", "/fragments/board", "/fragments/excursions"])
async def test_the_board_shows_ones_own_sites_alone(address: str, client: httpx.AsyncClient, limited: Limited) -> None:
    own, other = await made_at(client, "East"), await made_at(client, SOUTH)
    for made in (own, other):
        await make.store(client, made["sensors"]["id"], {0: 1, 1: 9, 2: 1})
    shown = (await limited("East").get(address, params={"span": "all"})).text
    nothing = (await limited().get(address, params={"span": "all"})).text
    everything = (await client.get(address, params={"span": "all", "line": other["lines"]["line_number"]})).text
    code_of = {name: made["sensors"]["sensor_code"] for name, made in (("own", own), ("other", other))}
    assert [code_of["own"] in shown, code_of["other"] in shown] == [True, False]
    assert code_of["other"] in everything
    assert not any(code in nothing for code in code_of.values())


async def test_the_figures_are_those_of_ones_own_sites(
    client: httpx.AsyncClient, session: AsyncSession, limited: Limited
) -> None:
    own, other = await made_at(client, "West"), await made_at(client, SOUTH)
    found = await board.figures(session, actor_for("West"), Choice())
    assert (found.shown, found.sensors, sum(found.states.values())) == ((UUID(own["lines"]["id"]),), 1, 1)
    assert UUID(other["lines"]["id"]) in (await board.figures(session, everything("demo"), Choice())).shown
    assert (await board.figures(session, actor_for(), Choice())).shown == ()
    assert (await limited().get("/fragments/figures")).status_code == 200


async def test_a_line_is_set_up_at_ones_own_site_alone(
    client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    number = make.name("OTHER")
    for who, fields in ((north, {"plant_name": SOUTH}), (north, {}), (limited(), {"plant_name": NORTH})):
        body = {"line_number": number, "name": "Filling", **fields}
        assert fields_of(refusal(await who.post(f"{PLANT}/lines", json=body), 422)) == ["plant_name"]
    assert await ids_of(client, "lines", search=number) == set()
    assert (await make.line(north, plant_name=NORTH))["plant_name"] == NORTH


async def test_a_line_is_moved_between_ones_own_sites_alone(
    client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    address = f"{PLANT}/lines/{(await make.line(north, plant_name=NORTH))['id']}"
    for elsewhere in (SOUTH, ""):
        refused = refusal(await north.patch(address, json={"plant_name": elsewhere, "name": "Moved"}), 422)
        assert fields_of(refused) == ["plant_name"]
    assert good(await client.get(address))["name"] != "Moved"
    good(await north.patch(address, json={"plant_name": NORTH}))
    good(await limited(NORTH, SOUTH).patch(address, json={"plant_name": SOUTH}))
    refusal(await north.patch(address, json={"plant_name": NORTH}), 404)
    refusal(await north.get(address), 404)


async def test_nothing_is_put_on_a_line_of_another_site(client: httpx.AsyncClient, north: httpx.AsyncClient) -> None:
    other = await made_at(client, SOUTH)
    on_it = {"line_id": other["lines"]["id"]}
    batch = {"batch_number": make.name("B"), "product_code": "P", "product_name": "P", "target_quantity": 1}
    sensor = {"sensor_code": make.name("S"), "name": "S", "sensor_type": "t", "unit_of_measure": "1"}
    for noun, body in (("batches", batch), ("sensors", sensor)):
        assert refusal(await north.post(f"{PLANT}/{noun}", json=body | on_it), 404)["code"] == "plant.line.not_found"
        assert await ids_of(client, noun, **on_it) == {other[noun]["id"]}


async def test_a_count_names_no_batch_of_another_site(client: httpx.AsyncClient, north: httpx.AsyncClient) -> None:
    own, other = await made_at(client, NORTH), await made_at(client, SOUTH)
    good(await make.run(client, other["batches"]["id"], "start", make.at()))
    refused = await make.count(north, own["lines"]["id"], good=1, batch_id=other["batches"]["id"])
    assert refusal(refused, 404)["code"] == "plant.batch.not_found"


async def test_readings_of_another_site_s_sensor_are_those_of_an_unknown_one(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    own, other = [(await made_at(client, site))["sensors"]["id"] for site in (NORTH, SOUTH)]
    refused = refusal(await make.send(north, [make.reading(own, 0, 1), make.reading(other, 0, 1)]), 422)
    assert refused["code"] == "plant.readings.unknown_sensor"
    assert fields_of(refused) == ["readings.1.sensor_id"]
    assert await make.stored(client, own) == await make.stored(client, other) == []
    assert (await make.store(north, own, {0: 1}))["stored"] == 1


async def test_an_import_does_not_write_to_a_sensor_of_another_site(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    own, other = await made_at(client, NORTH), await made_at(client, SOUTH)
    text = f"time,c\n{make.at()},1\n"
    refused = await make.upload(north, own["lines"]["id"], text, sensor=other["sensors"]["sensor_code"])
    assert refusal(refused, 409)["code"] == "plant.sensor.other_line"
    assert await make.stored(client, other["sensors"]["id"]) == []
    good(await make.upload(north, own["lines"]["id"], text, sensor=own["sensors"]["sensor_code"]))


async def test_find_or_create_makes_no_line_where_one_is_not_for(session: AsyncSession) -> None:
    with pytest.raises(Invalid, match="plant_name"):
        await lines.find_or_create(session, actor_for(NORTH), make.name("LINE"))


async def test_present_shifts_are_those_of_own_sites(client: httpx.AsyncClient, limited: Limited) -> None:
    for site in (NORTH, SOUTH):
        good(await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": "Europe/Berlin"}))
    found = good(await limited(NORTH).get(f"{PLANT}/shifts/current"))
    assert [each["plant_name"] for each in found] == [NORTH]


async def test_stops_and_reliability_are_those_of_own_lines(client: httpx.AsyncClient, limited: Limited) -> None:
    stops = {}
    for site in (NORTH, SOUTH):
        line = await make.line(client, plant_name=site)
        stops[site] = good(await client.post(f"{PLANT}/downtimes", json={"line_id": line["id"]}))
    north = limited(NORTH)
    assert stops[NORTH]["id"] in await ids_of(north, "downtimes")
    assert stops[SOUTH]["id"] not in await ids_of(north, "downtimes")
    lines = {each["id"] for each in good(await north.get(f"{PLANT}/reliability"))["lines"]}
    assert stops[NORTH]["line_id"] in lines
    assert stops[SOUTH]["line_id"] not in lines
    refusal(await north.post(f"{PLANT}/downtimes", json={"line_id": stops[SOUTH]["line_id"]}), 404)
    reason = good(await north.get(REASONS))[0]["id"]
    both = {"downtime_ids": [each["id"] for each in stops.values()], "reason_id": reason}
    refusal(await north.post(f"{PLANT}/downtimes/assign", json=both), 404)


async def test_reasons_are_read_by_everybody_and_changed_by_those_who_are_for_all_sites(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    body = {"code": make.name("reason"), "name": "Jam", "category": "mechanical"}
    reason = f"{REASONS}/{good(await client.post(REASONS, json=body))['id']}"
    good(await north.get(reason))
    for method, address in (("POST", REASONS), ("PATCH", reason), ("DELETE", reason)):
        answer = await north.request(method, address, json=None if method == "DELETE" else body)
        assert refusal(answer, 403)["code"] == "plant.reason.company_wide"


async def test_effectiveness_and_losses_are_those_of_own_lines(
    client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    lines = {site: (await make.line(client, plant_name=site))["id"] for site in (NORTH, SOUTH)}
    for id in lines.values():
        good(await make.state(client, id, "running", make.at()))
    for asked, figure in (("oee", "planned_busy_seconds"), ("losses", "planned_busy_minutes")):
        params = {"line_id": list(lines.values()), "group_by": "line"}
        for reader, found in ((client, set(lines.values())), (north, {lines[NORTH]}), (limited(), set())):
            answer = good(await reader.get(f"{PLANT}/{asked}", params=params))
            assert {row["group"]["line_id"] for row in answer["groups"]} == found
            assert (answer["total"][figure] > 0) == bool(found)
