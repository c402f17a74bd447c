"""What every answer says to browsers: read as nothing else, shown in no frame, kept by nobody."""

import re
from collections.abc import AsyncIterator
from typing import Final

import pytest
from fastapi import FastAPI

from foodflow.main import create_app
from foodflow.settings import Settings
from tests.attacks.callers import World, token
from tests.attacks.make import Answer, ask
from tests.make import PASSWORD
from tests.test_routes_are_closed import ROUTES

NOBODY: Final = "00000000-0000-7000-8000-000000000000"
OVER_HTTPS: Final = {"X-Forwarded-Proto": "https"}
SERVED_TO_ALL: Final = re.compile(r"/static/.*|/(api/v1/)?health.*|/metrics|/api/(openapi\.json|docs|redoc)|/docs/.*")
ENTRIES: Final = [(method, route.path) for route in ROUTES for method in sorted(route.methods - {"WS"})]
ADDRESSES: Final = [*ENTRIES, ("GET", "/api/openapi.json"), ("GET", "/api/v1/nothing"), ("PUT", "/api/v1/company")]


def at(path: str) -> str:
    return re.sub(r"\{[^}]+\}", NOBODY, path)


async def answers(world: World) -> AsyncIterator[tuple[str, Answer]]:
    """What nobody and what an administrator is answered at every address."""
    known = token(world.people["demo", "administrator"])
    for method, path in ADDRESSES:
        for headers in ({}, known):
            yield f"{method} {path}", await ask(world.app, method, at(path), headers)


@pytest.fixture
async def behind_a_proxy(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application behind a proxy that it believes, which says how callers came to it."""
    app = create_app(settings.model_copy(update={"trusted_proxies": ("198.18.0.0/15",)}))
    yield app
    await app.state.database.close()


@pytest.fixture(scope="module")
async def everything(world: World) -> list[tuple[str, Answer]]:
    return [each async for each in answers(world)]


def without(everything: list[tuple[str, Answer]], name: str, pattern: str) -> set[str]:
    """Where an answer lacks a header of this form."""
    return {where for where, answer in everything if not re.search(pattern, answer.headers.get(name, ""))}


def test_no_answer_is_read_as_another_type_than_it_says(everything: list[tuple[str, Answer]]) -> None:
    assert without(everything, "x-content-type-options", "^nosniff$") == set()
    said = {where for where, answer in everything if answer.body and "content-type" not in answer.headers}
    assert said == set()


def test_every_text_says_how_its_characters_are_written(everything: list[tuple[str, Answer]]) -> None:
    texts = [each for each in everything if each[1].headers.get("content-type", "").startswith("text/")]
    assert without(texts, "content-type", "charset=utf-8") == set()


def test_no_answer_is_shown_in_a_frame_or_loads_anything_from_elsewhere(everything: list[tuple[str, Answer]]) -> None:
    for directive in ("frame-ancestors 'none'", "object-src 'none'|default-src 'none'", "base-uri 'none'"):
        assert without(everything, "content-security-policy", directive) == set(), directive


def test_no_answer_tells_other_sites_where_somebody_was(everything: list[tuple[str, Answer]]) -> None:
    assert without(everything, "referrer-policy", "^(no-referrer|same-origin|strict-origin)$") == set()


def test_no_private_answer_is_kept_by_anybody(everything: list[tuple[str, Answer]]) -> None:
    private = [(where, answer) for where, answer in everything if not SERVED_TO_ALL.fullmatch(where.split()[1])]
    assert without(private, "cache-control", "no-store") == set()


async def test_browsers_that_came_over_https_come_so_for_years(behind_a_proxy: FastAPI) -> None:
    for path in ("/health/live", "/login", "/api/v1/csrf", "/api/v1/company", "/api/v1/nothing"):
        said = (await ask(behind_a_proxy, "GET", path, OVER_HTTPS)).headers.get("strict-transport-security", "")
        age = re.match(r"max-age=(\d+); *includeSubDomains", said)
        assert age is not None, path
        assert int(age[1]) >= 31_536_000
        assert "strict-transport-security" not in (await ask(behind_a_proxy, "GET", path)).headers


async def test_every_cookie_given_over_https_is_bound_to_this_host(behind_a_proxy: FastAPI, world: World) -> None:
    person = world.somebody("viewer")
    told = await ask(behind_a_proxy, "GET", "/api/v1/csrf", OVER_HTTPS)
    cookie = told.headers["set-cookie"]
    headers = OVER_HTTPS | {"Cookie": cookie.partition(";")[0], "X-CSRFToken": told.json()["csrfToken"]}
    entered = {"username": person.username, "password": PASSWORD}
    signed_in = await ask(behind_a_proxy, "POST", "/api/v1/auth/login", headers, json=entered)
    signed_out = await ask(behind_a_proxy, "POST", "/api/v1/auth/logout", headers)
    for given in (cookie, signed_in.headers["set-cookie"], signed_out.headers["set-cookie"]):
        assert given.startswith("__Host-")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= {each.strip().lower() for each in given.split(";")}
