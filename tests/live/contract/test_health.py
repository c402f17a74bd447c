"""The contract's health, as a client from elsewhere sees it: with a key, and with no word of its own."""

import httpx
import pytest


@pytest.mark.parametrize(("path", "status"), [("", "healthy"), ("ready", "ready"), ("live", "alive")])
async def test_health_says_how_it_is(anonymous_client: httpx.AsyncClient, path: str, status: str) -> None:
    answer = await anonymous_client.get(f"/api/v1/health/{path}")
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert answer.json()["version"] == "0.1.0"
    assert answer.json()["timestamp"].endswith("Z")


async def test_health_names_environment_and_version_of_what_was_deployed(anonymous_client: httpx.AsyncClient) -> None:
    said = (await anonymous_client.get("/api/v1/health/")).json()
    assert (said["environment"], said["app_version"], said["database"]) == ("development", "unknown", "ok")


async def test_the_root_says_what_answers_there_to_who_asks_for_json(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"Accept": "application/json"})
    expected = {"name": "FoodFlow", "version": "0.1.0", "status": "running"}
    assert answer.json() == {**expected, "docs_url": "/api/docs", "api_prefix": "/api/v1"}
