"""Routers that are passed over at a glance are those that no call is for."""

import re

from starlette.routing import Match
from starlette.types import Scope

from foodflow.kernel.http.routers import Router
from foodflow.main import _ROUTES
from tests.test_routes_are_closed import APP, ROUTES


def scope_of(path: str, method: str) -> Scope:
    kind = {"type": "websocket"} if method == "WS" else {"type": "http", "method": method}
    return {**kind, "path": path, "root_path": "", "headers": []}


async def nothing() -> None:
    """A route that is never called."""


def routers_of(router: Router) -> list[Router]:
    inner = [getattr(each, "original_router", None) for each in router.routes]
    return [router, *(one for each in inner if isinstance(each, Router) for one in routers_of(each))]


def test_no_router_passes_over_its_own_routes() -> None:
    routers = routers_of(_ROUTES)
    for route in ROUTES:
        path = re.sub(r"\{\w+\}", "1", re.sub(r"\{\w+:path\}", "a/b", route.path))
        for router in routers:
            if any(each is route.route for each in router.routes):
                words = router.words()
                assert words is None or not words.isdisjoint(path.split("/")), path
        for method in route.methods:
            assert Match.FULL in [each.matches(scope_of(path, method))[0] for each in APP.routes], path


def test_a_router_learns_of_routes_that_are_added_later() -> None:
    router = Router(prefix="/things")
    router.add_api_route("/{id}", nothing)
    assert router.words() == frozenset({"things"})
    assert router.matches(scope_of("/others/1", "GET"))[0] is Match.NONE
    router.add_api_route("/{id}/considerably-longer", nothing)
    assert router.words() == frozenset({"things", "considerably-longer"})
    anything = Router()
    anything.include_router(router)
    assert anything.words() == router.words()
    anything.add_api_route("/{id}", nothing)
    assert anything.words() is None
