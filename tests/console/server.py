"""A served FoodFlow that a test stops and starts again."""

import socket
import subprocess
import sys
import time

import httpx
import pytest

from foodflow.settings import Settings, environment_of_part

STARTING = 90
"""Seconds that a server may take on a machine that has much else to do."""


class Server:
    """The web process of some settings, which can be started anew."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "foodflow", "web"]
        self._process = subprocess.Popen(command, env=environment_of_part(self.settings), stdout=subprocess.DEVNULL)
        try:
            await_ready(self.settings.address)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it, and wait until it has ended."""
        self._process.terminate()
        self._process.wait()


def await_ready(address: str) -> None:
    """Wait until a FoodFlow answers that it is ready."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"{address} did not become ready")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
