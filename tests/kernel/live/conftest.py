"""A real server with real connections: what is proven here must hold past the event loop of the test."""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.settings import Settings, environment_of_part
from tests.make import SECRET_KEY, Person, until


@dataclass(frozen=True)
class Server:
    """A web process, and where it is reached."""

    process: subprocess.Popen[bytes]
    host: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/live").status_code == 200
        except httpx.TransportError:
            assert self.process.poll() is None, self.log.read_text()
            return False


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """A web process with these settings, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = settings.home / f"web-{port}.log"
    environment = environment_of_part(settings.model_copy(update={"port": port}))
    with log.open("wb") as output:
        command = [sys.executable, "-m", "foodflow", "web"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Server(process, f"127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
async def server(settings: Settings) -> AsyncIterator[Server]:
    """This module's web process. Nothing that readers do may be an error to it."""
    with serving(settings) as server:
        await until(server.answers, seconds=30)
        yield server
    logged = server.log.read_text()
    assert "Traceback" not in logged, logged
    assert '"level": "error"' not in logged, logged


@pytest.fixture
def headers_of(people: dict[tuple[str, str], Person]) -> Callable[[str, str], dict[str, str]]:
    """The credentials of somebody of a role in a company."""

    def headers_of(role: str, company: str) -> dict[str, str]:
        claims = AccessClaims(people[company, role].id, company)
        return {"Authorization": f"Bearer {credentials.sign_access_token(SECRET_KEY, claims)}"}

    return headers_of


@pytest.fixture
async def readers() -> AsyncIterator[AsyncExitStack]:
    """Holds open connections until the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack
