"""A real web process with real sockets, and a session to take part in."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.settings import Settings
from tests.kernel.live.conftest import Server, serving
from tests.live.sockets.make import Room
from tests.make import SECRET_KEY, Person, until


@pytest.fixture(scope="module")
async def server(settings: Settings) -> AsyncIterator[Server]:
    """This module's web process. Nothing that participants do may be an error to it."""
    with serving(settings) as server:
        await until(server.answers, seconds=90)
        yield server
    logged = server.log.read_text()
    assert "Traceback" not in logged, logged
    assert '"level": "error"' not in logged, logged


HeadersOf = Callable[..., dict[str, str]]


@pytest.fixture
def headers_of(people: dict[tuple[str, str], Person]) -> HeadersOf:
    """The credentials of somebody of a role in a company."""

    def headers_of(role: str, company: str = "demo") -> dict[str, str]:
        claims = AccessClaims(people[company, role].id, company)
        return {"Authorization": f"Bearer {credentials.sign_access_token(SECRET_KEY, claims)}"}

    return headers_of


@pytest.fixture
async def web(server: Server, headers_of: HeadersOf) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who leads sessions of `demo`, over HTTP."""
    async with httpx.AsyncClient(base_url=server.url, headers=headers_of("supervisor"), timeout=30) as client:
        yield client


@pytest.fixture
async def room(server: Server, web: httpx.AsyncClient) -> AsyncIterator[Room]:
    """A session that has begun, with a poll that is not open yet."""
    async with AsyncExitStack() as held:
        yield await Room.begin(server.host, web, held)
