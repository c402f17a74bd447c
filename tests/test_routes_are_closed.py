"""Every route is closed unless it says otherwise, and what it opens to one company it does not open to another."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from pydantic import SecretStr
from starlette.routing import Mount

from foodflow.identity.public.people import ADMINISTRATORS_ALONE, OPERATORS, ROLES
from foodflow.kernel.http.guards import Guard, GuardedRoute
from foodflow.main import create_app
from foodflow.settings import Settings
from tests.make import SECRET_KEY
from tests.registry import MAKERS, NICKNAME

OPEN = {
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /api/v1/health",
    "GET /api/v1/health/live",
    "GET /api/v1/health/ready",
    "GET /metrics",
    "GET /api/docs",
    "GET /api/docs/{name}",
    "GET /api/redoc",
    "POST /api/v1/auth/token",
    "POST /api/v1/auth/token/refresh",
    "POST /api/v1/auth/token/revoke",
    "GET /api/v1/csrf",
    "GET /api/v1/auth/csrf",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/logout",
    "GET /login",
    "POST /login",
    "GET /login/code",
    "POST /login/code",
    "POST /logout",
    "GET /static/{name}",
    "GET /invitation",
    "POST /invitation",
    "POST /invitation/accept",
    "GET /password/forgotten",
    "POST /password/forgotten",
    "GET /password/reset",
    "POST /password/reset",
    "GET /email/confirm",
    "POST /email/confirm",
    "POST /api/v1/auth/password/forgotten",
    "POST /api/v1/auth/password/reset",
    "POST /api/v1/auth/email/confirm",
    "POST /api/v1/auth/invitations/look",
    "POST /api/v1/auth/invitations/accept",
    "GET /api/v1/events/types",
    "GET /api/v1/events/types/{type}",
    "GET /api/v1/auth/providers",
    "GET /api/v1/auth/oidc/callback",
    "GET /api/v1/auth/oidc/{id}/start",
    "GET /join",
    "GET /api/v1/activities/types",
    "GET /api/v1/activities/types/{type}/schema",
}
"""All that anybody may call, signed in or not."""

GUESTS: Final = {
    "GET /api/v1/sessions/{id}",
    "GET /api/v1/sessions/{id}/status",
    "GET /api/v1/sessions/code/{code}",
    "POST /api/v1/sessions/join",
    "POST /api/v1/sessions/{id}/join",
    "GET /api/v1/sessions/{id}/nicknames/validate",
    "GET /api/v1/sessions/{id}/participants",
    "GET /api/v1/sessions/{id}/activities",
    "GET /api/v1/sessions/{id}/activities/active",
    "GET /api/v1/sessions/{id}/activities/{activity_id}/status",
    "GET /api/v1/activities/{activity_id}",
    "GET /api/v1/activities/{activity_id}/results",
    "GET /api/v1/activities/{activity_id}/status/framework",
    "POST /api/v1/activities/{activity_id}/responses",
    "POST /api/v1/sessions/{id}/activities/{activity_id}/responses",
    "GET /api/v1/sessions/{id}/turns",
    "GET /join/{code}",
    "GET /live/{id}",
}
"""All that guests of a company may call, who bring no credential."""

DESCRIPTIONS = {"/api/openapi.json"}
"""FastAPI's own route, which describes the others and knows of no guard."""


@dataclass(frozen=True)
class Declared:
    """A route as it is reached: its methods (or WS), its whole path, and the guards declared for it."""

    methods: frozenset[str]
    path: str
    guards: tuple[Guard, ...]
    route: object

    @property
    def names(self) -> set[str]:
        return {f"{method} {self.path}" for method in self.methods}

    @property
    def permissions(self) -> set[str]:
        return {guard.permission for guard in self.guards if guard.permission is not None}


def declared(app: FastAPI) -> Iterator[Declared]:
    """All routes of an application, those of included routers under their whole paths."""
    for context in iter_route_contexts(app.routes):
        dependencies = getattr(context, "dependencies", [])
        guards = tuple(each.dependency for each in dependencies if isinstance(each.dependency, Guard))
        methods = context.methods or {"WS"}
        yield Declared(frozenset(methods), str(context.path), guards, context.original_route)


APP = create_app(Settings(database_url="postgresql://nobody@nowhere/nothing", secret_key=SecretStr(SECRET_KEY)))
ROUTES = [route for route in declared(APP) if route.path not in DESCRIPTIONS]
CLOSED = [route for route in ROUTES if route.permissions]
TO_KNOWN = [route for route in CLOSED if not any(guard.guests for guard in route.guards)]
OF_A_THING = [
    (method, route.path)
    for route in CLOSED
    for method in sorted(route.methods & {"GET", "DELETE"})
    if "{" in route.path and not route.permissions & OPERATORS  # to whom all companies are alike
]


def maker_of(path: str) -> str:
    """The path of the thing that a path is about: the longest that it begins with."""
    return max((known for known in MAKERS if re.match(rf"{re.escape(known)}(/|$)", path)), key=len)


def test_there_are_routes_of_each_kind() -> None:
    assert len(ROUTES) > 20
    assert any(isinstance(route.route, APIWebSocketRoute) for route in ROUTES)


def test_nothing_is_mounted_past_the_guards() -> None:
    assert [route.path for route in declared(APP) if isinstance(route.route, Mount)] == []
    others = {route.path for route in declared(APP) if not isinstance(route.route, APIRoute | APIWebSocketRoute)}
    assert others == DESCRIPTIONS


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: " ".join(sorted(route.names)))
def test_every_route_declares_exactly_one_guard(route: Declared) -> None:
    assert len(route.guards) == 1


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: " ".join(sorted(route.names)))
def test_every_route_that_needs_a_permission_asks_before_it_reads_the_body(route: Declared) -> None:
    if route.permissions:
        assert isinstance(route.route, GuardedRoute | APIWebSocketRoute)


def test_the_open_routes_are_these_and_no_others() -> None:
    assert {name for route in ROUTES if not route.permissions for name in route.names} == OPEN


def test_guests_may_call_these_routes_and_no_others() -> None:
    open_to_guests = [route for route in ROUTES if any(guard.guests for guard in route.guards)]
    assert {name for route in open_to_guests for name in route.names} == GUESTS
    assert {permission for route in open_to_guests for permission in route.permissions} == {"live.take_part"}


def test_every_permission_that_a_route_needs_is_held_by_a_role() -> None:
    needed = {permission for route in ROUTES for permission in route.permissions}
    held = frozenset[str]().union(*(permissions for role, permissions in ROLES.items() if role != "administrator"))
    assert needed - held == ADMINISTRATORS_ALONE | OPERATORS


def test_every_permission_that_a_role_holds_is_written_as_context_and_verb() -> None:
    for role, permissions in ROLES.items():
        if role != "administrator":
            assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", permission) for permission in permissions)


@pytest.mark.parametrize("route", TO_KNOWN, ids=lambda route: " ".join(sorted(route.names)))
async def test_nobody_who_is_not_signed_in_gets_past_a_closed_route(
    route: Declared, anonymous_client: httpx.AsyncClient
) -> None:
    path = re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", route.path)
    for method in route.methods - {"WS"}:
        answer = await anonymous_client.request(method, path)
        shown_the_door = answer.status_code == 303 and answer.headers["location"].startswith("/login")
        assert answer.status_code == 401 or shown_the_door


def test_every_route_of_a_thing_has_a_maker() -> None:
    assert [path for _, path in OF_A_THING if not any(path.startswith(known) for known in MAKERS)] == []
    assert [known for known in MAKERS if not any(path.startswith(known) for _, path in OF_A_THING)] == []


LONG_AGO: Final = "2026-01-05T06:00:00Z"
PARAMETERS: Final[dict[str, dict[str, str]]] = {
    "DELETE /api/v1/plant-ops/lines/{id}/states/{at}": {"why": "so"},
    "DELETE /api/v1/plant-ops/lines/{id}/spans/{span_id}": {"why": "so"},
    "GET /api/v1/sessions/{id}/nicknames/validate": {"nickname": NICKNAME},
    "PATCH /api/v1/activities/{activity_id}/status": {"status": "active"},
    "POST /api/v1/sessions/{id}/activities/{activity_id}/responses": {"participant_id": "2000000000"},
}
"""By operation, what has to be asked for in its query."""
NOTHING: Final = {
    "GET /api/v1/sessions/{id}/nicknames/validate",
    "GET /api/v1/sessions/{id}/participants",
    "GET /api/v1/sessions/{id}/activities",
    "GET /api/v1/sessions/{id}/activities/active",
    "GET /api/v1/sessions/{id}/activities/{activity_id}/responses",
    "GET /api/v1/sessions/{id}/activities/{activity_id}/responses/{participant_id}",
    "GET /api/v1/sessions/{id}/activities/{activity_id}/responses/since/{since}",
    "GET /api/v1/sessions/{id}/participants/{participant_id}/responses",
}
"""Operations that find nothing in what there is not, instead of not finding it: their clients want it so."""
REFUSED: Final = {
    "POST /api/v1/sessions/{id}/join",
    "POST /api/v1/sessions/{id}/activities",
    "POST /api/v1/sessions/{id}/activities/framework",
    "POST /api/v1/sessions/{id}/activities/{activity_id}/responses",
    "POST /api/v1/activities/{activity_id}/responses",
    "POST /api/v1/activities/{activity_id}/transition",
}
"""Operations that answer 400 where there is no such thing, as their clients want it."""
OF_TWO_THINGS: Final = {"GET /api/v1/sessions/{id}/activities/{activity_id}/status"}
"""Operations that find nothing where the second thing of their path is none."""
ENDLESS: Final = {"GET /api/v1/sessions/{id}/stream"}
"""Operations whose answer goes on until its reader leaves."""
NOWHERE: Final = "2000000000"
"""The number of no session and of no participant."""
PLACES: Final = {"{at}": LONG_AGO, "{since}": LONG_AGO, "{participant_id}": NOWHERE}
"""What stands in the path of something below a thing, where it is no UUID."""


def below(rest: str) -> str:
    """The rest of a path below a thing, at things that there are not."""
    for name, place in PLACES.items():
        rest = rest.replace(name, place)
    return re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", rest)


@pytest.mark.parametrize(("method", "path"), OF_A_THING)
async def test_a_thing_of_another_company_is_not_found(
    method: str, path: str, client: httpx.AsyncClient, akron_client: httpx.AsyncClient
) -> None:
    known = maker_of(path)
    theirs = await MAKERS[known](akron_client)
    address = re.sub(r"\{[^}]+\}", theirs, known) + below(path.removeprefix(known))
    answer = await client.request(method, address, params=PARAMETERS.get(f"{method} {path}"))
    if f"{method} {path}" in NOTHING:
        nowhere = address.replace(theirs, NOWHERE)
        assert answer.json() == (await client.get(nowhere, params=PARAMETERS.get(f"{method} {path}"))).json()
    else:
        assert answer.status_code == 404, answer.text
    if method == "GET" and f"{method} {path}" not in ENDLESS:
        is_there = await akron_client.get(address, params=PARAMETERS.get(f"{method} {path}"))
        assert is_there.status_code == (404 if f"{method} {path}" in OF_TWO_THINGS else 200)
