"""Sites for tests: people who are for some of them alone, and things that stand at one."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Final

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from foodflow.kernel import credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.credentials import AccessClaims
from tests.make import SECRET_KEY, everything, person
from tests.plant import make
from tests.plant.make import PLANT, Json, good

NORTH, SOUTH = "North", "South"
LISTS: Final = ("lines", "batches", "sensors")
REASONS: Final = f"{PLANT}/stop-reasons"
"""The reasons of stops, which are the whole company's: whoever is for some sites alone reads them and no more."""

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


async def ids_of(client: httpx.AsyncClient, noun: str, **wanted: str) -> set[str]:
    """The ids that a list shows, as pages and as a file, which must agree."""
    page = good(await client.get(f"{PLANT}/{noun}", params={"page_size": "500", **wanted}))
    assert page["count"] == len(page["results"])
    file = await client.get(f"{PLANT}/{noun}", params={"format": "csv", **wanted})
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    found = {row["id"] for row in page["results"]}
    assert found == {row["id"] for row in rows}
    return found
