"""A whole FoodFlow of small parts, run as real processes by the real supervisor."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from foodflow.kernel import postmaster
from foodflow.kernel.embedded import EmbeddedPostgres
from foodflow.kernel.processes import has_ended, wait_until

PATIENCE = 30.0

UP = """
import sys
from pathlib import Path
import psycopg
from foodflow import supervisor
from foodflow.settings import load_settings

here = Path(__file__).parent

def prepare(settings):
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS pantry")
        connection.execute("CREATE TABLE IF NOT EXISTS pantry.jars (label text)")
    return ["the pantry is there"]

parts = {name: [sys.executable, str(here / f"{name}.py")] for name in ("web", "jobs")}
# more
sys.exit(supervisor.run(load_settings(), prepare, parts))
"""
WEB = """
import http.server, json, os, subprocess, sys, threading
from foodflow.kernel import lifeline
from foodflow.settings import load_settings

settings = load_settings()
lifeline.end_with_supervisor(settings.home, settings.lifeline)
# A worker, as a server has them: it follows on its own, since its parent may be killed together with the supervisor.
follow = "import time; from foodflow.kernel import lifeline; from foodflow.settings import load_settings;"
follow += "s = load_settings(); lifeline.end_with_supervisor(s.home, s.lifeline); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", follow])

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *_): pass

# more
http.server.ThreadingHTTPServer((settings.host, settings.port), Answer).serve_forever()
"""
JOBS = """
import subprocess, sys, time
from foodflow.kernel import lifeline
from foodflow.settings import load_settings

settings = load_settings()
lifeline.end_with_supervisor(settings.home, settings.lifeline)
subprocess.Popen(["sleep", "600"])
# more
print("at work", flush=True)
time.sleep(600)
"""


class Run:
    """One `foodflow up` in its own folder: what it prints, and all processes that it has started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.output = folder / "output.txt"
        self.variables: dict[str, str] = {}
        self.programs = {"up": UP, "web": WEB, "jobs": JOBS}
        self.port = free_port()
        self.seen: set[psutil.Process] = set()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.output.read_text()

    def change(self, program: str, more: str) -> None:
        """Put lines into one of the programs, where it says so."""
        self.programs[program] = self.programs[program].replace("# more", more)

    def start(self) -> "Run":
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "FOODFLOW_HOME": str(self.home),
            "FOODFLOW_PORT": str(self.port),
        }
        for name, text in self.programs.items():
            (self.folder / f"{name}.py").write_text(text)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(self.folder / "up.py")],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment | self.variables,
                start_new_session=True,
            )
        return self

    def start_and_wait(self) -> "Run":
        """Start, and wait until the web server and the jobs are both there; the supervisor waits for the first only."""
        self.start()
        self.wait_for(f"FoodFlow is ready at {self.address}")
        jobs = self.home / "log" / "jobs.log"
        assert wait_until(lambda: jobs.read_text().endswith("at work\n"), PATIENCE)
        self.look()
        return self

    def wait_for(self, text: str) -> None:
        process = self.process
        assert process
        assert wait_until(lambda: text in self.said or process.poll() is not None, PATIENCE), self.said
        assert text in self.said, self.said
        self.look()

    def look(self) -> None:
        """Remember all processes that run for this FoodFlow now."""
        assert self.process
        with suppress(psutil.NoSuchProcess):
            supervisor = psutil.Process(self.process.pid)
            self.seen |= {supervisor, *supervisor.children(recursive=True)}

    def part(self, name: str) -> psutil.Process:
        """The process of a part; `postgres` is the database's."""
        if name == "postgres":
            return psutil.Process(self.database.pid)
        assert self.process
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if str(self.folder / f"{name}.py") in child.cmdline())

    def signal(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait until the supervisor ends, and answer its exit code."""
        assert self.process
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.end()

    def require_nothing_left(self) -> None:
        def left() -> list[Any]:
            return [found for found in self.seen if not has_ended(found)] + _using(self.home)

        assert wait_until(lambda: not left(), PATIENCE), left()
        assert postmaster.running(self.database.data) is None

    @property
    def database(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.home)

    def put(self, label: str) -> None:
        with psycopg.connect(self.database.url) as connection:
            connection.execute("INSERT INTO pantry.jars VALUES (%s)", [label])

    def labels(self) -> list[str]:
        with psycopg.connect(self.database.url) as connection:
            return [row[0] for row in connection.execute("SELECT label FROM pantry.jars ORDER BY label")]

    def answer(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    @contextmanager
    def begun(self, path: str) -> Iterator[None]:
        """A request that is under way: the web server has it, and the connection stays open in this block."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: t\r\n\r\n" % path.encode())
            # Whatever is asked next on another connection is answered after that one was read.
            assert self.answer()[0] == http.HTTPStatus.OK
            yield

    def log(self, name: str) -> list[str]:
        """What a part has said."""
        return (self.home / "log" / f"{name}.log").read_text().splitlines()

    def clean_up(self) -> None:
        self.look()
        for found in self.seen:
            with suppress(psutil.NoSuchProcess):
                found.kill()
        if self.process:
            self.process.wait()
        postmaster.stop(self.database.data)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def one_line(text: str) -> str:
    """The only line of a text."""
    assert re.fullmatch(r"[^\n]+\n", text), text
    return text.rstrip("\n")


def _using(home: Path) -> list[psutil.Process]:
    """Processes that were given this home in their environment, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("FOODFLOW_HOME") == str(home) and not has_ended(process):
                found.append(process)
    return found
