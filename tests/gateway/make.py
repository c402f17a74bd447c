"""Makers of the gateway's tests: a real broker, Sparkplug messages, and a FoodFlow to forward to."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from google.protobuf.message import Message

from foodflow.gateway.sparkplug_payload import Payload

PATIENCE: Final = 20.0
DOUBLE, INT32, BOOLEAN, TEXT, INT64 = 10, 3, 11, 12, 4


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Broker:
    """A Mosquitto of one's own, whose sessions and messages outlive it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"mqtt://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
        if program is None:
            pytest.skip("mosquitto is not installed")
        settings = self.folder / "mosquitto.conf"
        lines = (
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {self.folder}/",
            "autosave_interval 1",
            "autosave_on_changes true",
            "max_queued_messages 0",
            "user root",
        )
        settings.write_text("\n".join(lines) + "\n")
        self._process = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < deadline, "the broker does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """A broker that listens."""
    made = Broker(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def payload(*metrics: dict[str, Any], seq: int | None = None, at: int = 1_767_225_600_000) -> bytes:
    """A Sparkplug payload of metrics, each with the fields of the message; `at` is in milliseconds."""
    message: Any = Payload(timestamp=at)
    if seq is not None:
        message.seq = seq
    for metric in metrics:
        quality = metric.pop("quality", None)
        added = message.metrics.add(**metric)
        if quality is not None:
            added.properties.keys.append("Quality")
            added.properties.values.add(type=INT32, int_value=quality)
    assert isinstance(message, Message)
    return message.SerializeToString()


def birth(*metrics: dict[str, Any], number: int = 0, at: int = 1_767_225_600_000) -> bytes:
    """The birth of a node."""
    return payload({"name": "bdSeq", "datatype": INT64, "long_value": number}, *metrics, seq=0, at=at)
