"""Whoever is for some sites alone finds nothing of the lines of others, whatever they ask for."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, Final
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from foodflow.kernel import credentials, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.errors import Invalid
from foodflow.kernel.live.hub import Subscription
from foodflow.kernel.live.publishing import Message
from foodflow.kernel.live.routes import _missed
from foodflow.plant.usecases import board, lines
from foodflow.plant.usecases.selection import Choice
from tests.make import SECRET_KEY, everything, person
from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, refusal
from tests.registry import MAKERS, SITE
from tests.test_routes_are_closed import CLOSED, maker_of

NORTH, SOUTH = "North", "South"
LISTS: Final = ("lines", "batches", "sensors")
TEXT: Final = f"time,c\n{make.at()},1\n"
BODIES: Final[dict[str, dict[str, Any]]] = {
    "PATCH lines/{id}": {"json": {"name": "Renamed"}},
    "POST lines/{id}/status": {"json": {"status": "running"}},
    "POST lines/{id}/spans": {"json": {"status": "idle", "start_time": make.at(-9), "end_time": make.at()}},
    "PUT lines/{id}/states/{at}": {"json": {"status": "idle", "why": "so"}},
    "DELETE lines/{id}/states/{at}": {"params": {"why": "so"}},
    "DELETE lines/{id}/spans/{span_id}": {"params": {"why": "so"}},
    "POST downtimes/{id}/split": {"json": {"at": make.at()}},
    "POST lines/{id}/counts": {"json": {"good": 1}},
    "POST lines/{id}/readings/import": {"content": TEXT, "headers": {"content-type": "text/csv"}},
    "PUT calendars/{plant_name:path}": {"json": {"time_zone": "Europe/Berlin"}},
    "PATCH batches/{id}": {"json": {"notes": "Seen"}},
    "PATCH downtimes/{id}": {"json": {"root_cause": "Wear"}},
    "PUT downtimes/{id}": {"json": {"root_cause": "Wear"}},
    "POST batches/{id}/counts": {"json": {"good": 1}},
    "POST batches/{id}/scrap": {"json": {"quantity": 1, "scrap_type": "burnt"}},
    "PUT batches/{id}/parameters": {"json": {"parameters": []}},
    "POST batches/{id}/actuals": {"json": {"code": "T", "value": 1}},
    "POST batches/{id}/labour": {"json": {"minutes": 1, "rate": 1}},
    "POST batches/{id}/materials": {"json": {"description": "Sugar", "quantity": 1, "unit_cost": 1}},
    "POST counts/{id}/reverse": {"json": {"reason": "Mistyped"}},
    "PUT trials/{id}": {"json": {"name": "Faster"}},
    "PATCH trials/{id}": {"json": {"name": "Faster"}},
    "PATCH sensors/{id}": {"json": {"name": "Renamed"}},
    "POST alarms/{id}/silence": {"json": {"minutes": 5, "reason": "Seen"}},
    "POST alarms/{id}/close": {"json": {"cause": "Seen"}},
    "POST alarms/{id}/comment": {"json": {"comment": "Seen"}},
    "PUT sensors/{id}/watch": {"json": {}},
    "POST sensors/{id}/silence": {"json": {"minutes": 5, "reason": "Seen"}},
    "PUT watch-defaults/{sensor_type}": {"json": {}},
    "POST sensors/{id}/readings": {"json": {"timestamp": make.at(), "value": 1}},
    "POST sensors/{id}/calibrations": {"json": {"at": make.at(), "offset": 0}},
}
"""What is sent to the routes that would refuse a call without a body before they look for anything."""

REASONS: Final = f"{PLANT}/stop-reasons"
"""The reasons of stops, which are the whole company's: whoever is for some sites alone reads them and no more."""
TESTED_BELOW: Final = {
    f"GET {PLANT}/lines", f"GET {PLANT}/batches", f"GET {PLANT}/sensors",
    f"GET {PLANT}/series", f"GET {PLANT}/retention", f"PUT {PLANT}/retention",
    f"POST {PLANT}/lines", f"POST {PLANT}/batches", f"POST {PLANT}/sensors", f"POST {PLANT}/sensors/readings/bulk",
    f"GET {PLANT}/shifts/current", f"GET {PLANT}/reliability", f"GET {PLANT}/downtimes", f"POST {PLANT}/downtimes",
    f"POST {PLANT}/downtimes/assign", f"GET {REASONS}", f"POST {REASONS}",
    f"GET {PLANT}/trials", f"POST {PLANT}/trials", f"GET {PLANT}/scrap-events", f"GET {PLANT}/scrap/by-reason",
    f"GET {PLANT}/alarms", f"GET {PLANT}/alarms/summary", f"GET {PLANT}/alarms/metrics",
    f"POST {PLANT}/alarms/acknowledge", f"GET {PLANT}/alarm-floods",
    "GET /", "GET /fragments/board", "GET /fragments/figures", "GET /fragments/excursions",
}  # fmt: skip
"""The routes of the plant that are not about one thing; each has a test of its own here."""

OF_THE_COMPANY: Final = (f"{PLANT}/settings", f"{PLANT}/scrap-reasons")
"""What is the same at all sites of a company, so that whoever is for some of them finds it too."""

OF_THE_PLANT = [
    (method, route.path)
    for route in CLOSED
    if any(permission.startswith("plant.") for permission in route.permissions)
    and not route.path.startswith(OF_THE_COMPANY)
    for method in sorted(route.methods)
]
OF_A_THING = [(method, path) for method, path in OF_THE_PLANT if "{" in path and not path.startswith(REASONS)]
BELOW: Final = {"{at}": make.at(), "{span_id}": make.NOWHERE}
"""What stands for the rest of a path below a thing."""

Limited = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def limited(app: FastAPI, database_url: str) -> AsyncIterator[Limited]:
    """Makes clients of people who may do everything, at some sites: `limited("North")`, `limited()` at none."""
    async with AsyncExitStack() as clients:

        def limited(*sites: str) -> httpx.AsyncClient:
            with psycopg.connect(database_url) as connection:
                somebody = person(
                    connection, make.name("limited"), "demo", roles=["administrator"], password_hash="none"
                )
                limit = "UPDATE platform.memberships SET sites = %s WHERE user_id = %s"
                connection.execute(limit, [list(sites), somebody.id])
            token = credentials.sign_access_token(SECRET_KEY, AccessClaims(somebody.id, "demo"))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            headers = {"Authorization": f"Bearer {token}"}
            client = httpx.AsyncClient(transport=transport, base_url="http://foodflow.test", headers=headers)
            clients.push_async_callback(client.aclose)
            return client

        yield limited


@pytest.fixture
def north(limited: Limited) -> httpx.AsyncClient:
    """Somebody of the northern site."""
    return limited(NORTH)


async def made_at(client: httpx.AsyncClient, site: str) -> dict[str, Json]:
    """A line of a site with a batch and a sensor."""
    line = await make.line(client, plant_name=site)
    batch, sensor = await make.batch(client, line["id"]), await make.sensor(client, line["id"], max_value=5)
    return {"lines": line, "batches": batch, "sensors": sensor}


def actor_for(*sites: str) -> Actor:
    """Somebody of the company `demo` who is for these sites alone."""
    return Actor("user:limited", everything("demo").tenant, permissions=frozenset({"*"}), sites=frozenset(sites))


def test_every_route_of_the_plant_is_tried() -> None:
    assert {f"{method} {path}" for method, path in OF_THE_PLANT if "{" not in path} == TESTED_BELOW
    assert {f"{method} {path.removeprefix(PLANT)[1:]}" for method, path in OF_A_THING} >= set(BODIES)
    assert len(OF_A_THING) > 20


@pytest.mark.parametrize(("method", "path"), OF_A_THING)
async def test_a_thing_of_another_site_is_not_found_by_those_who_are_not_for_it(
    method: str, path: str, client: httpx.AsyncClient, limited: Limited
) -> None:
    known = maker_of(path)
    rest = re.sub(r"\{[^}]+\}", lambda found: BELOW[found[0]], path.removeprefix(known))
    address = re.sub(r"\{[^}]+\}", await MAKERS[known](client), known) + rest
    body = BODIES.get(f"{method} {path.removeprefix(PLANT)[1:]}", {})
    for outsider in (limited(NORTH), limited()):
        answer = await outsider.request(method, address, **body)
        assert answer.status_code == 404, answer.text
    # The makers name no site, which is a site like any other; a calendar is of one that has a name.
    insider = await limited("", NORTH, SITE).request(method, address, **body)
    assert insider.status_code not in {403, 422} | (set() if "{" in path.removeprefix(known) else {404}), insider.text


async def ids_of(client: httpx.AsyncClient, noun: str, **wanted: str) -> set[str]:
    """The ids that a list shows, as pages and as a file, which must agree."""
    page = good(await client.get(f"{PLANT}/{noun}", params={"page_size": "500", **wanted}))
    assert page["count"] == len(page["results"])
    file = await client.get(f"{PLANT}/{noun}", params={"format": "csv", **wanted})
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    found = {row["id"] for row in page["results"]}
    assert found == {row["id"] for row in rows}
    return found


@pytest.mark.parametrize("noun", LISTS)
async def test_lists_hold_the_things_of_ones_own_sites_alone(
    noun: str, client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    own, other = await made_at(client, NORTH), await made_at(client, SOUTH)
    for reader, sees_own, sees_other in (
        (client, True, True),
        (north, True, False),
        (limited(NORTH, SOUTH), True, True),
        (limited(), False, False),
    ):
        found = await ids_of(reader, noun)
        assert (own[noun]["id"] in found, other[noun]["id"] in found) == (sees_own, sees_other)
    assert await ids_of(limited(), noun) == set()


async def test_no_filter_and_no_search_leads_to_another_site(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    other = await made_at(client, SOUTH)
    line = other["lines"]
    for noun, wanted in (
        ("lines", {"plant_name": SOUTH}),
        ("lines", {"search": line["line_number"]}),
        ("batches", {"line_id": line["id"]}),
        ("batches", {"search": other["batches"]["batch_number"]}),
        ("sensors", {"line_id": line["id"]}),
        ("sensors", {"search": other["sensors"]["sensor_code"]}),
    ):
        assert other[noun]["id"] in await ids_of(client, noun, **wanted)
        assert await ids_of(north, noun, **wanted) == set()


async def test_a_list_costs_whoever_is_for_some_sites_no_statement_more(
    client: httpx.AsyncClient, north: httpx.AsyncClient, statements: list[str]
) -> None:
    await made_at(client, NORTH)
    for noun in LISTS:
        counts = []
        for reader in (client, north):
            statements.clear()
            good(await reader.get(f"{PLANT}/{noun}"))
            counts.append(sum(1 for statement in statements if "production_lines" in statement or noun in statement))
        assert counts == [2, 2]


async def test_a_series_of_several_sensors_takes_none_of_another_site(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    own, other = (await made_at(client, NORTH))["sensors"]["id"], (await made_at(client, SOUTH))["sensors"]["id"]
    good(await north.get(f"{PLANT}/series", params={"sensor_id": [own]}))
    refusal(await north.get(f"{PLANT}/series", params={"sensor_id": [own, other]}), 404)


@pytest.mark.parametrize("preview", ["true", "false"])
async def test_who_is_for_some_sites_alone_does_not_decide_how_long_readings_are_kept(
    north: httpx.AsyncClient, preview: str
) -> None:
    kept = good(await north.get(f"{PLANT}/retention"))
    body = {f"{each}_kept_days": kept[f"{each}_kept_days"] for each in ("raw", "minutes", "hours")}
    problem = refusal(await north.put(f"{PLANT}/retention", json=body, params={"preview": preview}), 403)
    assert problem["code"] == "plant.retention.whole_company_only"


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


async def do_everything(client: httpx.AsyncClient, made: dict[str, Json]) -> None:
    """All deeds on a line that anybody hears of."""
    line, batch, sensor = (made[noun]["id"] for noun in LISTS)
    good(await make.run(client, batch, "start", make.at()))
    good(await make.count(client, line, good=1, at=make.at(1)))
    good(await make.run(client, batch, "complete", make.at(2)))
    good(await make.state(client, line, "downtime", make.at(3)))
    good(await make.state(client, line, "idle", make.at(4)))
    await make.store(client, sensor, {0: 1, 1: 9, 2: 1})


TOLD: Final = {
    "plant.batch.created", "plant.batch.started", "plant.batch.completed", "plant.line.state_recorded",
    "plant.line.stopped", "plant.line.started", "plant.sensor.limits_broken", "plant.sensor.limits_restored",
    "plant.anomaly.raised",
}  # fmt: skip
FLEETING: Final = {"plant.line.counted", "plant.sensor.readings_stored"}


async def deliver(database: Database) -> None:
    """Let the live channels hear of all that waits in the outbox."""
    while await relay.deliver_once(database, [relay.to_live]):
        pass


async def heard(subscription: Subscription, messages: list[Message]) -> None:
    """Wait until a subscription has had all messages that this test leads to."""
    while not {message.type for message in messages} >= TOLD | FLEETING:
        message = await subscription.next(10)
        assert message is not None, {message.type for message in messages}
        messages.append(message)


async def test_whoever_listens_hears_of_their_own_sites_alone(
    app: FastAPI, client: httpx.AsyncClient, database: Database
) -> None:
    await deliver(database)
    north_hears: list[Message] = []
    all_hear: list[Message] = []
    hub = app.state.hub
    async with (
        hub.subscribe(actor_for(NORTH), frozenset()) as for_north,
        hub.subscribe(everything("demo"), frozenset()) as for_all,
        hub.subscribe(actor_for(), frozenset()) as for_nobody,
    ):
        for site in (SOUTH, NORTH):
            await do_everything(client, await made_at(client, site))
            await deliver(database)
        await heard(for_north, north_hears)
        await heard(for_all, all_hear)
        assert await for_nobody.next(0) is None
    assert {message.site for message in north_hears} == {NORTH}
    assert {SOUTH, NORTH} >= {message.site for message in all_hear} >= {SOUTH}
    assert not for_north.missed


async def test_whoever_catches_up_is_given_nothing_of_other_sites(
    app: FastAPI, client: httpx.AsyncClient, database: Database
) -> None:
    await deliver(database)
    async with platform_transaction(database) as session:
        _, last = await relay.kept(session)
    for site in (SOUTH, NORTH):
        await do_everything(client, await made_at(client, site))
    await deliver(database)
    connection = HTTPConnection({"type": "http", "app": app})
    given = {}
    for actor in (actor_for(NORTH), actor_for(), everything("demo")):
        messages = await _missed(connection, Subscription(actor, frozenset()), last)
        given[actor.sites] = [message["data"]["plant_name"] for message in messages]
    assert set(given[frozenset({NORTH})]) == {NORTH}
    assert given[frozenset()] == []
    assert set(given[None]) == {NORTH, SOUTH}


async def test_every_event_of_the_plant_says_where_it_happened(
    client: httpx.AsyncClient, platform_session: AsyncSession
) -> None:
    await do_everything(client, await made_at(client, NORTH))
    rows = await platform_session.execute(
        text(
            "SELECT type, count(*) FILTER (WHERE site IS DISTINCT FROM data->>'plant_name') FROM platform.outbox"
            " WHERE type LIKE 'plant.%' GROUP BY type"
        )
    )
    elsewhere = {row[0]: row[1] for row in rows}
    assert elsewhere.keys() >= TOLD
    assert set(elsewhere.values()) == {0}


def test_a_message_of_no_site_in_particular_is_heard_by_everybody_who_may() -> None:
    message = Message("demo", "desk.ticket/1", "desk.ticket.opened", "desk.read", {})
    assert Subscription(actor_for(NORTH), frozenset()).wants(message)
    assert not Subscription(Actor("user:1", everything("demo").tenant), frozenset()).wants(message)


@pytest.mark.parametrize("site", [7, ["North"], {"a": 1}], ids=repr)
def test_a_message_whose_site_is_no_text_is_no_message(site: object) -> None:
    payload = json.dumps({"tenant": "demo", "topic": "a", "type": "b", "needs": "c", "data": {}, "site": site})
    with pytest.raises(TypeError):
        Message.from_payload(payload)


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
