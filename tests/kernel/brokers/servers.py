"""Real brokers on free ports of this machine, which can be killed and started again with what they had."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PATIENCE = 20.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Server:
    """A broker: which program, and where it keeps what it has acknowledged."""

    kind: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.kind}://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        port = str(self.port)
        if self.kind == "nats":
            return ["nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", str(self.folder)]
        if self.kind == "redis":
            where = ["--port", port, "--bind", "127.0.0.1", "--dir", str(self.folder)]
            return ["redis-server", *where, "--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        settings = self.folder / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        return ["mosquitto", "-c", str(settings)]

    def start(self) -> None:
        command = self._command()
        program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin")
        if program is None:
            pytest.skip(f"{command[0]} is not installed here")
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen([program, *command[1:]], stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, f"{command[0]} ended at once"
            time.sleep(0.02)
        raise AssertionError(f"{command[0]} does not listen")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[Server]:
    """A broker that is there until the block ends."""
    server = Server(kind, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
