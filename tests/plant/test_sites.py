"""Whoever is for some sites alone finds nothing of the lines of others, whatever they ask for."""

import re
from typing import Any, Final

import httpx
import pytest

from tests.plant import make
from tests.plant.make import PLANT, good, refusal
from tests.plant.sites import LISTS, NORTH, REASONS, SOUTH, Limited, ids_of, made_at
from tests.registry import MAKERS, SITE, Maker
from tests.test_routes_are_closed import CLOSED, maker_of

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
    "PATCH money-leaks/{id}": {"json": {"description": "Seen"}},
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

FORMS: Final[dict[str, dict[str, str]]] = {
    "/alarms/{id}/silence": {"minutes": "15", "reason": "Seen"},
    "/alarms/{id}/close": {"cause": "Seen"},
    "/lines/{id}/state": {"state": "running", "reason": ""},
    "/stops/{id}/reason": {"reason_id": "01900000-0000-7000-8000-000000000300"},
}
"""What a form of a page sends, where it is more than a reason."""
OF_PAGES: Final = {"/lines/{id}": "lines", "/stops/{id}": "downtimes", "/batches/{id}": "batches"}
"""What forms of pages are about that have no page of their own by their id, as the interface calls it."""

TESTED_BELOW: Final = {
    f"GET {PLANT}/lines", f"GET {PLANT}/batches", f"GET {PLANT}/sensors",
    f"GET {PLANT}/series", f"GET {PLANT}/retention", f"PUT {PLANT}/retention",
    f"POST {PLANT}/lines", f"POST {PLANT}/batches", f"POST {PLANT}/sensors", f"POST {PLANT}/sensors/readings/bulk",
    f"GET {PLANT}/shifts/current", f"GET {PLANT}/reliability", f"GET {PLANT}/downtimes", f"POST {PLANT}/downtimes",
    f"POST {PLANT}/downtimes/assign", f"GET {REASONS}", f"POST {REASONS}",
    f"GET {PLANT}/trials", f"POST {PLANT}/trials", f"GET {PLANT}/scrap-events", f"GET {PLANT}/scrap/by-reason",
    f"GET {PLANT}/alarms", f"GET {PLANT}/alarms/summary", f"GET {PLANT}/alarms/metrics",
    f"POST {PLANT}/alarms/acknowledge", f"GET {PLANT}/alarm-floods",
    f"GET {PLANT}/oee", f"GET {PLANT}/losses", f"GET {PLANT}/overview", f"GET {PLANT}/money-leaks",
    f"POST {PLANT}/money-leaks", f"GET {PLANT}/money-leaks/overview", f"GET {PLANT}/money-leaks/by-category",
    "GET /", "GET /fragments/board", "GET /fragments/figures", "GET /fragments/excursions", "GET /alarms",
    "GET /fragments/alarm-list", "GET /fragments/alarms", "GET /fragments/alarm-count", "POST /alarms/acknowledge",
}  # fmt: skip
"""The routes of the plant that are not about one thing; each has a test of its own here or in the modules beside it."""

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


def test_every_route_of_the_plant_is_tried() -> None:
    assert {f"{method} {path}" for method, path in OF_THE_PLANT if "{" not in path} == TESTED_BELOW
    assert {f"{method} {path.removeprefix(PLANT)[1:]}" for method, path in OF_A_THING} >= set(BODIES)
    assert len(OF_A_THING) > 20


def found_by(path: str) -> tuple[str, Maker]:
    """The path of the thing that a path is about, and what makes one."""
    for page, noun in OF_PAGES.items():
        if path.startswith(f"{page}/"):
            return page, MAKERS[f"{PLANT}/{noun}/{{id}}"]
    known = maker_of(path)
    return known, MAKERS[known]


def sent_to(method: str, path: str) -> dict[str, Any]:
    """What is sent along with a call."""
    if path.startswith(PLANT):
        return BODIES.get(f"{method} {path.removeprefix(PLANT)[1:]}", {})
    return {"data": FORMS.get(path, {"reason": ""})} if method == "POST" else {}


@pytest.mark.parametrize(("method", "path"), OF_A_THING)
async def test_a_thing_of_another_site_is_not_found_by_those_who_are_not_for_it(
    method: str, path: str, client: httpx.AsyncClient, limited: Limited
) -> None:
    known, make_one = found_by(path)
    rest = re.sub(r"\{[^}]+\}", lambda found: BELOW[found[0]], path.removeprefix(known))
    address = re.sub(r"\{[^}]+\}", await make_one(client), known) + rest
    body = sent_to(method, path)
    for outsider in (limited(NORTH), limited()):
        answer = await outsider.request(method, address, **body)
        assert answer.status_code == 404, answer.text
    # The makers name no site, which is a site like any other; a calendar is of one that has a name.
    insider = await limited("", NORTH, SITE).request(method, address, **body)
    assert insider.status_code not in {403, 422} | (set() if "{" in path.removeprefix(known) else {404}), insider.text


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
