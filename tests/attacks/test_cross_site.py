"""Pages of other sites can neither act with a visitor's cookie, nor read what it opens."""

import asyncio
import re
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from foodflow.kernel.db import tenant_transaction
from foodflow.live.tables.participants import LiveParticipant
from tests.attacks.callers import SAFE, Csrf, World
from tests.attacks.make import ask
from tests.identity.make import USER
from tests.make import everything
from tests.test_routes_are_closed import CLOSED, ROUTES

NOBODY: Final = "00000000-0000-7000-8000-000000000000"
EVIL: Final = "https://evil.example"
OF_CSRF: Final = {"identity.bad_csrf_token", ""}
"""Pages refuse without a code."""
TRAIL: Final = "/api/v1/audit-entries"
NOTED: Final = {"company.exported"}
"""Asking for all that a company has changes nothing of it, but is written down."""
LOGIN: Final = "/api/v1/auth/login"
_UNSAFE: Final = [
    (method, re.sub(r"\{[^}]+\}", NOBODY, route.path), any(guard.guests for guard in route.guards))
    for route in CLOSED
    for method in sorted(route.methods - SAFE)
]
UNSAFE: Final = [(method, path) for method, path, for_guests in _UNSAFE if not for_guests]
FOR_GUESTS: Final = [(method, path) for method, path, for_guests in _UNSAFE if for_guests]
SIMPLE: Final = {
    "text/plain": b'{"name": "x"}',
    "application/x-www-form-urlencoded": b"name=x",
    "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--x--\r\n',
}
"""What browsers send to other sites without asking first (the Fetch standard's safelisted content types)."""


@pytest.mark.parametrize("kind", [*SIMPLE, "application/json"])
async def test_a_call_that_another_site_sends_with_a_visitors_cookie_is_refused(world: World, kind: str) -> None:
    cookie = await world.cookie(world.somebody("administrator"))
    headers = cookie | {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Content-Type": kind}
    body = SIMPLE.get(kind, b"{}")
    answers = await asyncio.gather(*(ask(world.app, *call, headers, body=body) for call in UNSAFE))
    assert {answer.status for answer in answers} == {403}
    assert {answer.code for answer in answers} <= OF_CSRF
    assert (await ask(world.app, "GET", USER, cookie)).status == 200


async def test_where_guests_are_let_in_another_site_calls_as_one_of_them(
    world: World, client: httpx.AsyncClient, csrf: Csrf
) -> None:
    cookie = await world.cookie(world.somebody("administrator"))
    forged = {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"}
    assert FOR_GUESTS
    for call in FOR_GUESTS:
        with_cookie, without = [await ask(world.app, *call, each | forged, body=b"{}") for each in (cookie, {})]
        assert (with_cookie.status, with_cookie.code) == (without.status, without.code), call
    made = (await client.post("/api/v1/sessions", json={"title": "Talk"})).json()
    for number, headers in enumerate((cookie | forged, csrf.beside(cookie))):
        sent = {"nickname": f"Ann {number}"}
        joined = await ask(world.app, "POST", f"/api/v1/sessions/{made['id']}/join", headers, json=sent)
        assert joined.status == 200
    async with tenant_transaction(world.database, everything("demo")) as session:
        places = select(LiveParticipant).where(LiveParticipant.session_id == made["id"]).order_by(LiveParticipant.id)
        forged_place, own = await session.scalars(places)
    assert (forged_place.actor, own.actor.partition(":")[0]) == ("", "user")


@pytest.mark.parametrize("origin", [EVIL, "null", "http://foodflow.test.evil.example", "http://evil.example:80", ""])
async def test_the_right_token_does_not_help_a_page_of_another_site(world: World, csrf: Csrf, origin: str) -> None:
    headers = csrf.beside(await world.cookie(world.somebody("administrator"))) | {"Origin": origin}
    answers = await asyncio.gather(*(ask(world.app, *call, headers) for call in UNSAFE))
    assert {answer.status for answer in answers} == {403}
    assert {answer.code for answer in answers} <= OF_CSRF


async def test_the_token_of_another_browser_does_not_help_either(world: World, csrf: Csrf) -> None:
    other = await Csrf.fetched(world.app)
    assert other.token != csrf.token
    cookie = await world.cookie(world.somebody("administrator"))
    headers = cookie | {"Cookie": f"{cookie['Cookie']}; {csrf.cookie}", "X-CSRFToken": other.token}
    assert {(await ask(world.app, *call, headers)).code for call in UNSAFE} <= OF_CSRF


async def test_forms_of_the_pages_take_nothing_from_another_site(world: World) -> None:
    cookie = await world.cookie(world.somebody("administrator"))
    pages = [each for each in ROUTES if not each.path.startswith("/api/") and "POST" in each.methods]
    assert pages
    for page in pages:
        for said in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": EVIL}):
            headers = cookie | {"Content-Type": "application/x-www-form-urlencoded"} | said
            answer = await ask(world.app, "POST", page.path, headers, body=b"username=a&password=b")
            assert answer.status == 403, (page.path, said)
    assert (await ask(world.app, "GET", USER, cookie)).status == 200


async def test_no_answer_lets_another_site_read_it(world: World) -> None:
    cookie = await world.cookie(world.somebody("administrator"))
    for route in ROUTES:
        for method in route.methods & {"GET"}:
            path = re.sub(r"\{[^}]+\}", NOBODY, route.path)
            for headers in (cookie | {"Origin": EVIL}, {"Origin": "null"}):
                answer = await ask(world.app, method, path, headers)
                assert "access-control-allow-origin" not in answer.headers, route.path


async def test_another_site_that_asks_first_is_told_no(app: FastAPI) -> None:
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrftoken"}
    answer = await ask(app, "OPTIONS", LOGIN, asked)
    assert answer.status >= 400
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_asking_changes_nothing(world: World) -> None:
    """A link or picture of another site makes a browser ask with its cookie; that must be all that it does."""
    cookie = await world.cookie(world.somebody("administrator"))
    newest = (await ask(world.app, "GET", TRAIL, cookie)).json()["results"][0]["sequence"]
    for route in ROUTES:
        if "GET" in route.methods and "{" not in route.path:
            await ask(world.app, "GET", route.path, cookie)
    trail = (await ask(world.app, "GET", TRAIL, cookie)).json()["results"]
    assert {entry["action"] for entry in trail if entry["sequence"] > newest} <= NOTED
    assert (await ask(world.app, "GET", USER, cookie)).status == 200
