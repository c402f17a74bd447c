"""Pages of trusted sites may call FoodFlow with a visitor's cookie and read its answers; those of others may not."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from foodflow.main import create_app
from foodflow.settings import Settings
from tests.kernel.http.conftest import router

TRUSTED, OTHER = "https://board.example", "https://evil.example"
ME = "/api/v1/auth/user"


@pytest.fixture
async def open_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application that trusts one other site, and takes one call of who is not known."""
    rates = {"rate_per_address": "2/hour"}
    app = create_app(settings.model_copy(update={"trusted_origins": (TRUSTED,), **rates}))
    app.include_router(router)
    yield app
    await app.state.database.close()


@pytest.fixture
async def page(open_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A page of the trusted site, whose visitor is not signed in."""
    transport = httpx.ASGITransport(open_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers={"origin": TRUSTED}) as page:
        yield page


def may_read(answer: httpx.Response) -> bool:
    allowed = answer.headers.get("access-control-allow-origin"), answer.headers.get("access-control-allow-credentials")
    return allowed == (TRUSTED, "true")


def preflight(method: str, *headers: str) -> dict[str, str]:
    asked = {"access-control-request-method": method, "access-control-request-headers": ",".join(headers)}
    return {name: value for name, value in asked.items() if value}


async def test_a_trusted_page_may_ask_before_anybody_is_signed_in(page: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = await page.options(ME, headers=preflight(method, "x-csrftoken", "idempotency-key", "if-match"))
        assert answer.status_code == 200, answer.text
        assert may_read(answer)
        assert method in answer.headers["access-control-allow-methods"]
    assert (await page.options(ME, headers=preflight("GET", "x-invented"))).status_code == 400


async def test_a_trusted_page_may_read_every_refusal(page: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    credential = {"authorization": client.headers["authorization"]}
    with capture_logs():
        answers = [
            await page.get(ME),
            await page.get("/api/v1/nothing"),
            await page.get("/api/v1/probe/failures", headers=credential),
            await page.get("/%00"),
            await page.get(ME),
            await page.get(ME),
        ]
    assert [answer.status_code for answer in answers] == [401, 404, 500, 400, 401, 429]
    assert all(may_read(answer) for answer in answers)
    for answer in answers:
        assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_a_trusted_page_may_read_the_headers_that_matter(page: httpx.AsyncClient) -> None:
    exposed = (await page.get("/health/live")).headers["access-control-expose-headers"].lower().split(", ")
    assert {"etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"} <= set(exposed)


async def test_a_page_of_another_site_may_not(page: httpx.AsyncClient) -> None:
    page.headers["origin"] = OTHER
    for answer in (await page.get("/health/live"), await page.options(ME, headers=preflight("GET"))):
        assert "access-control-allow-origin" not in answer.headers


async def test_without_trusted_sites_nobody_may(client: httpx.AsyncClient) -> None:
    answer = await client.get(ME, headers={"origin": TRUSTED})
    assert not [name for name in answer.headers if name.startswith("access-control")]
