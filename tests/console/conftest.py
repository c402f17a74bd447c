"""A served FoodFlow for the tests that drive a browser."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from foodflow.settings import Settings, environment_of_part
from tests.make import until


@pytest.fixture
async def address(settings: Settings) -> AsyncIterator[str]:
    """A served FoodFlow with the module's database, ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = environment_of_part(settings.model_copy(update={"port": port}))
    command = (sys.executable, "-m", "foodflow", "web")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=subprocess.DEVNULL)
    try:
        await until(lambda: _is_ready(f"http://127.0.0.1:{port}"), seconds=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False
