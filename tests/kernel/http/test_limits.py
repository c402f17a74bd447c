"""How many calls are taken: known callers by credential and company, all others by address."""

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import redis
from fastapi import FastAPI
from structlog.testing import capture_logs

from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.http import guarded_router, limits, open_to_all
from foodflow.main import create_app
from foodflow.settings import Settings
from tests import make
from tests.kernel.http.make import call, problem

ME = "/api/v1/auth/user"
SIGN_IN = "/api/v1/auth/token"
HERE, THERE = "192.0.2.1", "198.51.100.1"
Limited = Callable[..., FastAPI]
ClientFor = Callable[..., httpx.AsyncClient]

router = guarded_router()


@router.get("/busy", dependencies=[open_to_all("4/hour")])
async def busy() -> dict[str, bool]:
    return {"busy": True}


@router.get("/busy-too", dependencies=[open_to_all("4/hour")])
async def busy_too() -> dict[str, bool]:
    return {"busy": True}


@pytest.fixture
async def limited(settings: Settings) -> AsyncIterator[Limited]:
    """Makes applications (processes, as it were) that take few calls."""
    async with AsyncExitStack() as open_apps:

        def limited(**rates: str) -> FastAPI:
            app = create_app(settings.model_copy(update=rates))
            app.include_router(router)
            open_apps.push_async_callback(app.state.database.close)
            open_apps.push_async_callback(app.state.limiter.close)
            return app

        yield limited


@pytest.fixture
async def client_for(people: dict[tuple[str, str], make.Person]) -> AsyncIterator[ClientFor]:
    """Makes clients of an application: `client_for(app, "viewer", company="akron", address=THERE)`."""
    async with AsyncExitStack() as open_clients:

        def client_for(
            app: FastAPI, role: str | None = None, *, company: str = "demo", address: str = HERE
        ) -> httpx.AsyncClient:
            headers = {}
            if role is not None:
                claims = AccessClaims(people[company, role].id, company)
                headers["authorization"] = f"Bearer {credentials.sign_access_token(make.SECRET_KEY, claims)}"
            transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 4711))
            client = httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers)
            open_clients.push_async_callback(client.aclose)
            return client

        yield client_for


async def statuses(client: httpx.AsyncClient, count: int, path: str = ME) -> list[int]:
    return [(await client.get(path)).status_code for _ in range(count)]


async def test_who_is_not_known_is_counted_by_address(limited: Limited, client_for: ClientFor) -> None:
    app = limited(rate_per_address="3/hour")
    nobody = client_for(app)
    assert await statuses(nobody, 2) == [401, 401]
    answer = await nobody.post(SIGN_IN, json={})
    assert answer.status_code == 422
    assert answer.headers["ratelimit-policy"] == '"address";q=3;w=3600'
    assert answer.headers["ratelimit"].startswith('"address";r=0;t=')
    refused = await nobody.post(SIGN_IN, json={})
    assert problem(refused, 429)["code"] == "too_many"
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["ratelimit"].startswith('"address";r=0;t=')
    assert await statuses(client_for(app, address=THERE), 1) == [401]


async def test_a_flood_of_bad_credentials_does_not_reach_the_database(limited: Limited, client_for: ClientFor) -> None:
    app = limited(rate_per_address="2/hour", database_url="postgresql://nobody@nowhere.invalid/nothing")
    flood = client_for(app)
    flood.headers["authorization"] = "Bearer nonsense"
    assert await statuses(flood, 4) == [401, 401, 429, 429]
    known = client_for(app, "viewer")
    assert await statuses(known, 1) == [429], "who is known would be looked up in the database"


async def test_a_known_caller_uses_up_nothing_of_the_address_that_many_share(
    limited: Limited, client_for: ClientFor
) -> None:
    app = limited(rate_per_address="2/hour")
    assert await statuses(client_for(app, "viewer"), 5) == [200] * 5
    assert await statuses(client_for(app), 3) == [401, 401, 429]


async def test_a_known_caller_is_counted_by_credential(limited: Limited, client_for: ClientFor) -> None:
    app = limited(rate_per_credential="2/hour", rate_per_company="50/hour")
    viewer = client_for(app, "viewer")
    answer = await viewer.get(ME)
    assert answer.headers["ratelimit-policy"] == '"credential";q=2;w=3600, "company";q=50;w=3600'
    credential, company = answer.headers["ratelimit"].split(", ")
    assert credential.startswith('"credential";r=1;t=')
    assert company.startswith('"company";r=49;t=')
    assert await statuses(viewer, 2) == [200, 429]
    assert await statuses(client_for(app, "viewer", address=THERE), 1) == [429]
    assert await statuses(client_for(app, "operator"), 1) == [200]


async def test_a_company_is_counted_as_a_whole_and_another_one_by_itself(
    limited: Limited, client_for: ClientFor
) -> None:
    app = limited(rate_per_company="3/hour")
    assert await statuses(client_for(app, "viewer"), 2) == [200, 200]
    assert await statuses(client_for(app, "operator"), 2) == [200, 429]
    assert await statuses(client_for(app, "viewer", company="akron"), 1) == [200]


async def test_who_may_not_is_counted_too(limited: Limited, client_for: ClientFor) -> None:
    app = limited(rate_per_credential="2/hour")
    answers = [await client_for(app, "viewer").post("/api/v1/plant-ops/lines", json={}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]


async def test_health_metrics_and_pictures_are_not_counted(limited: Limited, client_for: ClientFor) -> None:
    nobody = client_for(limited(rate_per_address="1/hour"))
    for path in ("/health/live", "/api/v1/health/live", "/metrics", "/static/style.css"):
        answers = [await nobody.get(path) for _ in range(3)]
        assert 429 not in {answer.status_code for answer in answers}
        assert "ratelimit" not in answers[0].headers
    assert await statuses(nobody, 2) == [401, 429]


async def test_a_route_may_have_a_rate_of_its_own(limited: Limited, client_for: ClientFor) -> None:
    nobody = client_for(limited(rate_per_address="1/hour"))
    assert await statuses(nobody, 5, "/busy") == [200] * 4 + [429]
    assert await statuses(nobody, 1, "/busy-too") == [200]
    assert (await nobody.get("/busy")).headers["ratelimit-policy"] == '"address";q=4;w=3600'
    assert await statuses(nobody, 2) == [401, 429]


async def test_a_socket_is_counted_once_when_it_is_opened(limited: Limited) -> None:
    app = limited(rate_per_address="2/hour")
    opened = [await call(app, "/api/v1/live/socket", kind="websocket") for _ in range(3)]
    assert [sent[0]["status"] for sent in opened] == [401, 401, 429]


async def test_neighbours_in_one_ipv6_network_count_as_one(limited: Limited, client_for: ClientFor) -> None:
    app = limited(rate_per_address="2/hour")
    for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1"):
        assert await statuses(client_for(app, address=address), 1) == [401]
    assert await statuses(client_for(app, address="2001:db8:1:2::3"), 1) == [429]
    assert await statuses(client_for(app, address="2001:db8:1:3::1"), 1) == [401]


async def test_counters_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SWEEP_SECONDS", 0)
    memory = limits._Memory()
    await memory.incr("over", -1)
    await memory.incr("counting", 60)
    assert set(memory.storage) == set(memory.expirations) == {"counting"}


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of this test's own: its address, and its process."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": str(tmp_path)}
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        _wait_for(url)
        yield url, server
        server.kill()


def _wait_for(url: str) -> None:
    retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.02), 500)
    with redis.Redis.from_url(url, retry=retry) as client:
        client.ping()


async def test_processes_count_together_in_redis_and_alone_without_it(
    limited: Limited, client_for: ClientFor, redis_server: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, server = redis_server
    apps = [limited(rate_per_credential="5/hour", redis_url=url) for _ in range(2)]
    first, second = (client_for(app, "viewer") for app in apps)
    assert await statuses(first, 3) == [200] * 3
    assert await statuses(second, 3) == [200, 200, 429]
    server.kill()
    server.wait()
    with capture_logs() as logs:
        assert await statuses(first, 6) == [200] * 5 + [429]
        assert await statuses(second, 1) == [200]
    assert [entry["event"] for entry in logs if "redis" in entry["event"]] == ["limits.redis_away"] * 2


async def test_when_redis_is_back_calls_are_counted_together_again(
    limited: Limited,
    client_for: ClientFor,
    redis_server: tuple[str, subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "_AWAY_SECONDS", -1)
    url, _ = redis_server
    app = limited(rate_per_credential="2/hour", redis_url="redis://127.0.0.1:1/0")  # where nobody listens
    viewer = client_for(app, "viewer")
    with capture_logs() as logs:
        assert await statuses(viewer, 1) == [200]
        app.state.limiter._shared = limited(redis_url=url).state.limiter._shared
        assert await statuses(viewer, 3) == [200, 200, 429]
    assert [entry["event"] for entry in logs if "redis" in entry["event"]] == [
        "limits.redis_away",
        "limits.redis_back",
    ]
