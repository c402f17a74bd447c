"""The path rule: `/api/<resource>` is version 1, and a trailing slash means nothing."""

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel.http.middleware import PathRule, canonical_path
from tests.kernel.http.make import call, problem


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/health/", "/health"),
        ("/economic/calculate/", "/economic/calculate"),
        ("/api/suppliers", "/api/v1/suppliers"),
        ("/api/suppliers/", "/api/v1/suppliers"),
        ("/api/suppliers///", "/api/v1/suppliers"),
        ("/api/suppliers/7/notes/", "/api/v1/suppliers/7/notes"),
        ("/api/v1/suppliers", "/api/v1/suppliers"),
        ("/api/v1/suppliers/", "/api/v1/suppliers"),
        ("/api/v1/notes/api/suppliers", "/api/v1/notes/api/suppliers"),
        ("/api/v2/suppliers", "/api/v2/suppliers"),
        ("/api/v1", "/api/v1"),
        ("/api/vats", "/api/v1/vats"),
        ("/api/v1x/y", "/api/v1/v1x/y"),
        ("/api/openapi.json", "/api/openapi.json"),
        ("/api/docs/", "/api/docs"),
        ("/api/docs/oauth2-redirect", "/api/docs/oauth2-redirect"),
        ("/api/redoc", "/api/redoc"),
        ("/api/docsets", "/api/v1/docsets"),
        ("/api/", "/api"),
        ("/api", "/api"),
        ("/api//suppliers", "/api//suppliers"),
        ("/console/api/suppliers", "/console/api/suppliers"),
        ("/apis/suppliers", "/apis/suppliers"),
    ],
)
def test_each_path_has_one_canonical_form_and_that_form_stays(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical
    assert canonical_path(canonical) == canonical


@pytest.mark.parametrize("path", ["/api/auth/user", "/api/auth/user/", "/api/v1/auth/user", "/api/v1/auth/user//"])
async def test_all_forms_of_a_path_are_answered_without_a_redirect(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()["username"]) == (200, "administrator.demo")


@pytest.mark.parametrize(
    "path", ["/api//auth/user", "/api/v1//auth/user", "/api/v1/auth%2Fuserr", "/api/%2e%2e/metrics"]
)
async def test_other_paths_are_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert problem(await client.get(path), 404)["code"] == "not_found"


async def test_an_encoded_slash_at_the_end_is_a_slash_at_the_end(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/auth/user%2F")).status_code == 200


async def test_a_query_is_left_alone(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/probe/texts/", params={"said": "/api/x/ ä&=%2F"})
    assert response.json() == {"said": "/api/x/ ä&=%2F"}


async def test_sockets_follow_the_rule_too() -> None:
    seen = []

    async def app(scope: dict[str, object], _receive: object, _send: object) -> None:
        seen.append((scope["path"], scope["raw_path"]))

    await call(PathRule(app), "/api/live/sockët/", kind="websocket")  # type: ignore[arg-type]
    assert seen == [("/api/v1/live/sockët", b"/api/v1/live/sock%C3%ABt")]


async def test_openapi_shows_the_canonical_paths_only(client: httpx.AsyncClient, app: FastAPI) -> None:
    paths = (await client.get("/api/openapi.json")).json()["paths"]
    assert "/api/v1/auth/user" in paths
    assert [path for path in paths if canonical_path(path) != path] == []


async def counted(client: httpx.AsyncClient, route: str) -> float:
    """How many successful reads of a route the metrics count."""
    lines = (await client.get("/metrics")).text.splitlines()
    series = f'foodflow_http_requests_total{{method="GET",route="{route}",status="200"}} '
    return sum(float(line.removeprefix(series)) for line in lines if line.startswith(series))


@pytest.mark.parametrize(
    ("route", "addresses"),
    [
        ("/api/v1/probe/numbers/{number}", ["/api/probe/numbers/1", "/api/v1/probe/numbers/2/"]),
        ("/api/v1/plant-ops/lines", ["/api/plant-ops/lines/", "/api/v1/plant-ops/lines?page=1"]),
        ("/health/live", ["/health/live", "/health/live/"]),
    ],
)
async def test_metrics_name_the_route_however_it_was_called(
    client: httpx.AsyncClient, route: str, addresses: list[str]
) -> None:
    before = await counted(client, route)
    for address in addresses:
        await client.get(address)
    assert await counted(client, route) == before + len(addresses)


async def test_metrics_do_not_repeat_what_callers_make_up(client: httpx.AsyncClient) -> None:
    await client.request("GOSSIP", "/api/v1/rumours")
    metrics = (await client.get("/metrics")).text
    assert "GOSSIP" not in metrics
    assert "rumours" not in metrics
