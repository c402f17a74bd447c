"""Every route with every kind of credential: in comes whom the route's guard declares, and nobody else.

What is expected follows from the route's own guard and from what each credential holds, so a new route is asked with
all of them without being written down anywhere.
"""

import asyncio
import re
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from fastapi.params import Depends

from foodflow.kernel.db import Database
from foodflow.kernel.http import guarded_router, middleware, needs, open_to_all, problems
from foodflow.kernel.http.guards import Guard
from tests.attacks import callers
from tests.attacks.bodies import operations
from tests.attacks.callers import LET_IN, SAFE, Caller, Csrf, World
from tests.attacks.make import Answer, ask
from tests.make import Person
from tests.registry import MAKERS
from tests.test_routes_are_closed import (
    ENDLESS,
    NOTHING,
    NOWHERE,
    PARAMETERS,
    REFUSED,
    ROUTES,
    Declared,
    below,
    declared,
)

NOBODY: Final = "00000000-0000-7000-8000-000000000000"

TURNS: Final = 4
SOME: Final = {"nobody", "an expired token", "role viewer", "suspended, with a token", "a key for nothing"}
BY_ITSELF: Final[dict[tuple[str, str], str]] = {
    ("GET /login/code", "401"): "nobody has a password behind them yet, so the form comes first",
    ("POST /login/code", "401"): "the same",
    ("POST /login", "401"): "a form without a name and a password signs nobody in",
    ("POST /logout", "401"): "whoever has signed out is shown the form",
    ("POST /invitation", "403"): "a form comes from a page of our own",
    ("POST /invitation/accept", "403"): "the same",
    ("POST /password/forgotten", "403"): "the same",
    ("POST /password/reset", "403"): "the same",
    ("POST /email/confirm", "403"): "the same",
    ("POST /api/v1/auth/login", "identity.bad_csrf_token"): "a session begins on a page of our own alone",
    ("POST /api/v1/auth/logout", "identity.bad_csrf_token"): "and ends there",
}
"""Refusals of callers whom the guard lets in, by route and by code (or status, of pages), and why they are right."""
OF_KEYS: Final = "identity.key_may_not"
"""What a key is told where only people themselves may act, whatever they hold."""
BODIES: Final[dict[str, object]] = {
    "POST /api/v1/plant-ops/lines/{id}/counts": {"good": 1},
    "POST /api/v1/plant-ops/lines/{id}/status": {"status": "idle"},
    "POST /api/v1/plant-ops/lines/{id}/spans": {
        "status": "idle",
        "start_time": "2026-01-05T06:00:00Z",
        "end_time": "2026-01-05T07:00:00Z",
    },
    "PUT /api/v1/plant-ops/lines/{id}/states/{at}": {"status": "idle", "why": "so"},
    "PUT /api/v1/plant-ops/downtimes/{id}": {"root_cause": "Wear"},
    "PUT /api/v1/plant-ops/calendars/{plant_name:path}": {"time_zone": "Europe/Berlin"},
    "POST /api/v1/plant-ops/batches/{id}/counts": {"good": 1},
    "POST /api/v1/plant-ops/batches/{id}/labour": {"minutes": 1},
    "POST /api/v1/plant-ops/alarms/{id}/silence": {"minutes": 5, "reason": "Cleaning"},
    "POST /api/v1/plant-ops/sensors/{id}/silence": {"minutes": 5, "reason": "Cleaning"},
    "PUT /api/v1/sessions/{id}/settings": {"pass_mark": 80},
    "POST /api/v1/plant-ops/lines/{id}/readings/import": "time,T-1\n2026-01-05 06:00,4\n",
}
"""By operation, what to send where the smallest body that the document allows is not valid or is no JSON."""

Entry = tuple[str, Declared]


def thing_of(path: str) -> str | None:
    """The path of the thing that a path is about, if it is about one."""
    known = [each for each in MAKERS if re.match(rf"{re.escape(each)}(/|$)", path)]
    return max(known, key=len, default=None)


def name_of(entry: Entry) -> str:
    return f"{entry[0]} {entry[1].path}"


Everybody = list[Caller]
ENTRIES: Final = [(method, route) for route in ROUTES for method in sorted(route.methods)]
OF_A_THING: Final = [entry for entry in ENTRIES if entry[0] != "WS" and thing_of(entry[1].path)]


@pytest.fixture(scope="module")
def world(app: FastAPI, database: Database, people: dict[tuple[str, str], Person], password_hash: str) -> World:
    return World.of(app, database, people, password_hash)


@pytest.fixture(scope="module")
def everybody(world: World) -> Everybody:
    """All whose credentials are as good or as bad for every route."""
    return [
        *callers.strangers(world.people["demo", "administrator"]),
        *callers.people_of_roles(world),
        *callers.those_let_go(world),
        *callers.keys(world),
        *callers.of_a_suspended_company(world),
    ]


@pytest.fixture(scope="module")
async def csrf(world: World) -> Csrf:
    """The token against forged calls."""
    return await Csrf.fetched(world.app)


@pytest.fixture(scope="module")
async def reading(world: World, csrf: Csrf) -> Everybody:
    """Browsers that only look, and so can be asked again and again."""
    return await callers.browsers(world, "GET", csrf)


@pytest.fixture(scope="module")
def around(world: World) -> dict[str, Everybody]:
    """By permission, who holds it alone and who holds all others."""
    needed = {route.guards[0].permission for route in ROUTES}
    return {permission: callers.around(world, permission) for permission in needed if permission is not None}


@pytest.fixture(scope="module")
def bodies(app: FastAPI) -> dict[str, object]:
    """By operation, the smallest body that it takes."""
    return {f"{each.method} {each.path}": each.body for each in operations(app.openapi())}


def seen(answer: Answer) -> tuple[int, str]:
    """The status and code that somebody is answered with; pages have no codes, and show the door instead of a 401."""
    shown_the_door = answer.status == 303 and answer.headers["location"] == "/login"
    return 401 if shown_the_door else answer.status, answer.code


def is_about_keys(caller: Caller, status: int, code: str) -> bool:
    """Whether a key was told that only people themselves may act here; pages say so without a code."""
    return "X-API-Key" in caller.headers and status == 403 and code in {"", OF_KEYS}


async def wrongly_treated(app: FastAPI, entry: Entry, everybody: Everybody, *, excused: AbstractSet[str]) -> list[str]:
    """Everybody to whom a route answers otherwise than its guard declares."""
    method, route = entry
    path = re.sub(r"\{[^}]+\}", NOBODY, route.path)
    wrong = []
    answers = await asyncio.gather(*(ask(app, method, path, caller.headers) for caller in everybody))
    for caller, (status, code) in zip(everybody, map(seen, answers), strict=True):
        guard = route.guards[0]
        expected, why = caller.expected(guard.permission, guests=guard.guests)
        by_itself = (code or str(status)) in excused or is_about_keys(caller, status, code)
        let_in = (status not in {401, 403} and status < 500) or by_itself
        as_expected = let_in if expected == LET_IN else status == expected and (not why or code in {"", why})
        if not as_expected:
            wrong.append(f"{caller.name} is answered {status} {code}, not {expected or 'let in'} {why}")
    return wrong


def some_of(everybody: Everybody) -> Everybody:
    """Enough for a route that looks at no credential; some of these work long before they answer."""
    return [caller for caller in everybody if caller.name in SOME]


def in_turn(everybody: Everybody, entry: Entry) -> Everybody:
    """Everybody, but of those who differ little from others each route is asked by some."""
    first = ENTRIES.index(entry) % TURNS
    alike = [caller for caller in everybody if caller.is_like_others]
    return [*(caller for caller in everybody if not caller.is_like_others), *alike[first::TURNS]]


def excuses(entry: Entry) -> set[str]:
    return {code for name, code in BY_ITSELF if name == name_of(entry)}


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
async def test_a_route_lets_in_whom_its_guard_declares_and_nobody_else(
    world: World, everybody: Everybody, around: dict[str, Everybody], csrf: Csrf, reading: Everybody, entry: Entry
) -> None:
    permission = entry[1].guards[0].permission
    knocking = some_of(everybody) if permission is None else [*in_turn(everybody, entry), *around[permission]]
    knocking += reading if entry[0] in SAFE else await callers.browsers(world, entry[0], csrf)
    assert await wrongly_treated(world.app, entry, knocking, excused=excuses(entry)) == []


@pytest.mark.parametrize(("name", "code"), BY_ITSELF)
async def test_each_excuse_is_still_needed(world: World, everybody: Everybody, name: str, code: str) -> None:
    entry = next(entry for entry in ENTRIES if name_of(entry) == name)
    wrong = await wrongly_treated(world.app, entry, some_of(everybody), excused=excuses(entry) - {code})
    assert any(f" {code}" in each for each in wrong)


async def nothing() -> None:
    pass


@pytest.mark.parametrize(
    ("declared_as", "judged_as", "caught"),
    [
        (open_to_all(), needs("plant.configure"), {"nobody", "role viewer", "a revoked key", "an expired token"}),
        (
            needs("plant.read"),
            needs("plant.configure"),
            {"role viewer", "role operator", "a viewer's key for everything"},
        ),
        (
            needs("plant.configure"),
            needs("plant.read"),
            {"role viewer", "role operator", "a viewer's key for everything"},
        ),
        (needs("plant.read"), open_to_all(), {"nobody", "a revoked key", "suspended, with a key"}),
    ],
    ids=["guard removed", "permission weakened", "permission tightened", "guard added"],
)
async def test_a_route_that_lets_in_others_than_it_should_is_found_out(
    world: World, everybody: Everybody, declared_as: Depends, judged_as: Depends, caught: set[str]
) -> None:
    router = guarded_router()
    router.add_api_route("/thing", nothing, dependencies=[declared_as])
    app = FastAPI()
    app.state.authenticate, app.state = world.app.state.authenticate, world.app.state
    problems.install(app)
    app.include_router(router)
    app.add_middleware(middleware.RequestTrail)
    (route,) = [each for each in declared(app) if each.path == "/thing"]
    assert await wrongly_treated(app, ("GET", route), everybody, excused=set()) == []
    assert isinstance(judged_as.dependency, Guard)
    other = replace(route, guards=(judged_as.dependency,))
    wrong = await wrongly_treated(app, ("GET", other), everybody, excused=set())
    assert caught <= {each.partition(" is answered")[0] for each in wrong}


def at(path: str, id: str) -> str:
    """A path at the thing of this id, and below it at things that there are not."""
    known = thing_of(path) or ""
    return re.sub(r"\{[^}]+\}", id, known) + below(path.removeprefix(known))


@pytest.mark.parametrize("entry", OF_A_THING, ids=name_of)
async def test_what_is_done_to_a_thing_of_ones_own_finds_none_of_another_company(
    world: World,
    client: httpx.AsyncClient,
    akron_client: httpx.AsyncClient,
    bodies: dict[str, object],
    entry: Entry,
) -> None:
    method, route = entry
    for company in ("demo", "akron"):  # whom what is done to people is done to
        world.somebody("viewer", companies=[company])
    make_one = MAKERS[thing_of(route.path) or ""]
    body: Any = BODIES.get(name_of(entry), bodies.get(name_of(entry)))
    sent: dict[str, Any] = {"json": body}
    if isinstance(body, str):
        sent = {"content": body, "headers": {"content-type": "text/csv"}}
    sent["params"] = PARAMETERS.get(name_of(entry), {})
    theirs = at(route.path, await make_one(akron_client))
    if name_of(entry) in ENDLESS:
        assert (await client.get(theirs)).status_code == 404
        return
    stolen = await client.request(method, theirs, **sent)
    if name_of(entry) in NOTHING:
        nowhere = await client.request(method, at(route.path, NOWHERE), **sent)
        assert (stolen.status_code, stolen.content) == (200, nowhere.content)
    elif name_of(entry) in REFUSED:
        assert stolen.status_code == 400, stolen.text
    elif (
        method in {"GET", "PUT"} and stolen.status_code == 200
    ):  # where each company counts for itself, or names its own, this is ours of that number or name
        assert stolen.content != (await akron_client.get(theirs)).content
    else:
        assert stolen.status_code == 404, stolen.text
    own = await client.request(method, at(route.path, await make_one(client)), **sent)
    is_below = "{" in route.path.removeprefix(thing_of(route.path) or "")
    assert own.status_code not in {401, 403} | (set() if is_below else {404}), own.text
