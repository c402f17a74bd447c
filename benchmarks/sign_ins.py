"""Sign-ins: how long others wait for a list while two hundred people sign in at once."""

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from benchmarks.installation import installation
from benchmarks.measuring import Figure
from foodflow.identity.public import people
from foodflow.settings import Settings, environment_of_part

SIGN_INS = 200
PROMISED = 10
_IDLE_CALLS = 600
_KEY, _PASSWORD = "the key of a server that exists for a minute", "correct horse battery staple"
_LINES = "/api/v1/plant-ops/lines"
_PATIENCE = 300


async def run() -> list[Figure]:
    """The 99th percentile of a list's time during the storm, against the same while nobody signs in."""
    async with installation() as place, _served(place.postgres.url) as client:
        await people.ensure_administrator(place.database, tenant="demo", username="ann", password=_PASSWORD)
        token = (await _sign_in(client)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        await _times(client, headers, asyncio.Event(), at_most=_IDLE_CALLS // 10)
        idle = await _times(client, headers, asyncio.Event(), at_most=_IDLE_CALLS)
        over = asyncio.Event()
        started = time.perf_counter()
        meanwhile = asyncio.create_task(_times(client, headers, over))
        answers = await asyncio.gather(*(_sign_in(client) for _ in range(SIGN_INS)))
        took = time.perf_counter() - started
        over.set()
        storm = await meanwhile
    assert {answer.status_code for answer in answers} == {200}
    quiet, busy = _slowest_hundredth(idle), _slowest_hundredth(storm)
    promise = f"at most {PROMISED} times as long"
    what = f"a list while {SIGN_INS} people sign in ({SIGN_INS / took:.0f}/s), 99th percentile"
    return [Figure(what, busy, quiet, "s", promise=promise, kept=busy <= PROMISED * quiet)]


async def _sign_in(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/v1/auth/token", json={"username": "ann", "password": _PASSWORD})


async def _times(
    client: httpx.AsyncClient, headers: dict[str, str], over: asyncio.Event, *, at_most: int = sys.maxsize
) -> list[float]:
    times: list[float] = []
    while len(times) < at_most and not over.is_set():
        started = time.perf_counter()
        (await client.get(_LINES, headers=headers)).raise_for_status()
        times.append(time.perf_counter() - started)
    return times


def _slowest_hundredth(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[-1]


@asynccontextmanager
async def _served(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A web process of its own, so that what is measured is not the one who measures."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(
            database_url=database_url,
            secret_key=SecretStr(_KEY),
            home=Path(home),
            port=port,
            rate_per_address="1000000/second",
            rate_per_credential="1000000/second",
            rate_per_company="1000000/second",
            log_level="error",
        )
        command = (sys.executable, "-m", "foodflow", "web")
        process = await asyncio.create_subprocess_exec(*command, env=environment_of_part(settings))
        limits = httpx.Limits(max_connections=SIGN_INS + 1)
        try:
            async with httpx.AsyncClient(base_url=settings.address, timeout=_PATIENCE, limits=limits) as client:
                await _ready(client)
                yield client
        finally:
            process.terminate()
            await process.wait()


async def _ready(client: httpx.AsyncClient) -> None:
    while True:
        try:
            if (await client.get("/health/ready")).is_success:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)
