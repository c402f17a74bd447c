"""The whole product under kill -9: what was acknowledged is there afterwards, once, and nothing is left running."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

PASSWORD = "correct horse battery staple"
PATIENCE = 60.0
START = datetime(2026, 1, 1, tzinfo=UTC)


class Installation:
    """FoodFlow in a folder of its own, started as a person starts it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "FOODFLOW_HOME": str(home),
            "FOODFLOW_PORT": str(self.port),
            "FOODFLOW_ADMIN_PASSWORD": PASSWORD,
        }

    def start(self) -> "Running":
        """`foodflow up`, until it says that it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "foodflow", "up"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("FoodFlow is ready"):
                return Running(self, process)
        raise AssertionError(f"FoodFlow did not start: {''.join(said)}")


class Running:
    """A running installation."""

    def __init__(self, installation: Installation, process: subprocess.Popen[str]) -> None:
        self.installation = installation
        self.process = process
        family = psutil.Process(process.pid).children(recursive=True)
        self.family = [psutil.Process(process.pid), *family]

    def part(self, name: str) -> list[psutil.Process]:
        """The processes of a part: `web`, `jobs` or `postgres`; the main process first."""
        main = next(p for p in self.family[1:] if name in _words(p))
        return [main, *main.children(recursive=True)]

    def kill(self, name: str) -> None:
        """Kill a part, as the kernel does when memory runs out."""
        processes = self.family[:1] if name == "supervisor" else self.part(name)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)

    def require_all_gone(self) -> None:
        """Nothing that was started may be left."""
        self.process.wait(PATIENCE)
        wait_until(lambda: not [p for p in self.family if _lives(p)])
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self) -> int:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _words(process: psutil.Process) -> set[str]:
    """What a process was called with, paths by their last part."""
    try:
        return {Path(word).name for word in process.cmdline()[:5]}
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return set()


def wait_until(true: Callable[[], bool]) -> None:
    """Look until something is so; fail when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.05)


@contextlib.contextmanager
def signed_in(installation: Installation) -> Iterator[httpx.Client]:
    """A client with an access token."""
    with httpx.Client(base_url=f"{installation.address}/api/v1", timeout=10) as client:
        token = client.post("/auth/token", json={"username": "admin", "password": PASSWORD}).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield client


class Reporter(threading.Thread):
    """A machine that reports readings one call after the other and remembers what was acknowledged."""

    def __init__(self, installation: Installation, sensor: str, rows: int) -> None:
        super().__init__()
        self.installation, self.sensor, self.rows = installation, sensor, rows
        self.acknowledged: dict[str, float] = {}
        self.number = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Report until told to end or until the server is gone."""
        with contextlib.suppress(httpx.HTTPError), signed_in(self.installation) as client:
            while not self.ended.is_set():
                batch = self._next_batch()
                answer = client.post("/plant-ops/sensors/readings/bulk", json={"readings": batch})
                if answer.status_code == httpx.codes.CREATED:
                    assert answer.json()["stored"] == len(batch)
                    self.acknowledged |= {row["timestamp"]: row["value"] for row in batch}

    def has_reported(self) -> bool:
        """Whether a few calls were acknowledged."""
        return len(self.acknowledged) > 3 * self.rows

    def _next_batch(self) -> list[dict[str, Any]]:
        numbers = range(self.number, self.number + self.rows)
        self.number += self.rows
        moments = [(number, START + timedelta(seconds=number)) for number in numbers]
        return [
            {"sensor_id": self.sensor, "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": number / 8}
            for number, moment in moments
        ]


def make_sensors(client: httpx.Client, run: str, count: int) -> list[str]:
    """A line with sensors; returns their ids."""
    line = client.post("/plant-ops/lines", json={"line_number": f"L-{run}", "name": "Line"}).raise_for_status().json()
    fields = {"line_id": line["id"], "name": "Sensor", "sensor_type": "temperature", "unit_of_measure": "Cel"}
    bodies = [fields | {"sensor_code": f"S-{run}-{number}"} for number in range(count)]
    return [client.post("/plant-ops/sensors", json=body).raise_for_status().json()["id"] for body in bodies]


def stored(client: httpx.Client, sensor: str) -> dict[str, float]:
    """Everything that is stored of a sensor; a moment that is there twice fails."""
    found: dict[str, float] = {}
    address: str | None = f"/plant-ops/sensors/{sensor}/readings?page_size=10000"
    while address:
        page = client.get(address).raise_for_status().json()
        for row in page["results"]:
            assert row["timestamp"] not in found
            found[row["timestamp"]] = row["value"]
        address = page["next"]
    return found


@pytest.fixture
def installation(folder: Path) -> Installation:
    """FoodFlow in an empty folder."""
    return Installation(folder / "home")


def test_every_acknowledged_reading_survives_kill_9_of_each_part(installation: Installation) -> None:
    running = installation.start()
    acknowledged: dict[str, dict[str, float]] = {}
    try:
        for run, victims in enumerate((["web", "postgres"], ["postgres"], ["supervisor"], ["jobs"])):
            with signed_in(installation) as client:
                sensors = make_sensors(client, str(run), 3)
            reporters = [
                Reporter(installation, sensor, rows) for sensor, rows in zip(sensors, (1, 40, 400), strict=True)
            ]
            for reporter in reporters:
                reporter.start()
            for reporter in reporters:
                wait_until(reporter.has_reported)
            for victim in victims:
                running.kill(victim)
            running.require_all_gone()
            for reporter in reporters:
                reporter.ended.set()
                reporter.join(PATIENCE)
                acknowledged[reporter.sensor] = reporter.acknowledged
            running = installation.start()
            with signed_in(installation) as client:
                for sensor, expected in acknowledged.items():
                    found = stored(client, sensor)
                    assert {moment: found.get(moment) for moment in expected} == expected
    finally:
        assert running.stop() == 0
        running.require_all_gone()


def test_events_of_acknowledged_deeds_reach_a_listener_that_comes_back_after_kill_9(installation: Installation) -> None:
    running = installation.start()
    try:
        with signed_in(installation) as client:
            line = client.post("/plant-ops/lines", json={"line_number": "L", "name": "Line"}).raise_for_status().json()
            told = []
            for number in range(20):
                batch = {"batch_number": f"B{number}", "product_code": "P", "product_name": "Soup"}
                body = batch | {"line_id": line["id"], "target_quantity": 1}
                told.append(client.post("/plant-ops/batches", json=body).raise_for_status().json()["id"])
        running.kill("jobs")
        running.require_all_gone()
        running = installation.start()
        assert events_since(installation, "plant.batch.created", wanted=len(told)) == told
    finally:
        running.stop()
        running.require_all_gone()


def events_since(installation: Installation, kind: str, *, wanted: int) -> list[str]:
    """The batches that events of a kind speak of, from the very first event on, until so many have come."""
    found: list[str] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < wanted:
        assert time.monotonic() < deadline, f"only {len(found)} of {wanted} events came"
        found = []
        # The stream says what was missed at once and then waits, so it is read until it falls silent.
        timeout = httpx.Timeout(PATIENCE, read=2)
        with (
            signed_in(installation) as client,
            contextlib.suppress(httpx.ReadTimeout),
            client.stream("GET", "/live?after=0", timeout=timeout) as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith("data: ") and f'"type":"{kind}"' in line:
                    found += re.findall(r'"batch_id":"([0-9a-f-]+)"', line)
    return found
