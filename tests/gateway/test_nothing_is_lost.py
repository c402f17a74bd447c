"""A whole way under kill -9: machine, broker, gateway, FoodFlow; what the broker took is stored once, whoever dies."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from foodflow.settings import Settings, environment_of_part
from tests.gateway.make import PATIENCE, Broker, broker, free_port
from tests.make import until
from tests.plant import make
from tests.plant.make import good

READINGS = 1500
CONFIGURATION = """
[foodflow]
address = "{foodflow}"
readings_at_once = 200

[mqtt]
address = "{broker}"

[[mqtt.topics]]
topic = "plant/{{sensor}}"
sensor = "{{sensor}}"
value = "v"
time = "t"
"""


class Process:
    """A program that may be killed and started again."""

    def __init__(self, *arguments: str, environment: dict[str, str], log: Path) -> None:
        self.arguments = arguments
        self.environment = environment
        self.log = log
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = (sys.executable, "-m", "foodflow", *self.arguments)
        with self.log.open("ab") as said:
            self.running = subprocess.Popen(command, env=self.environment, stdout=said)

    def has_said(self, words: str) -> bool:
        """Whether these words are in its log."""
        return words in self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Kill it and its children, as a machine that loses its power does."""
        assert self.running is not None
        for child in _children(self.running.pid):
            os.kill(child, signal.SIGKILL)
        self.running.kill()
        self.running.wait(PATIENCE)


def _children(parent: int) -> list[int]:
    import psutil  # noqa: PLC0415 - of this alone

    return [child.pid for child in psutil.Process(parent).children(recursive=True)]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with broker(folder) as running:
        yield running


@pytest.fixture
async def web(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[Process, str]]:
    """A web process, which is not running yet, and its address."""
    port = free_port()
    environment = environment_of_part(settings.model_copy(update={"port": port}))
    made = Process("web", environment=environment, log=tmp_path / "web.log")
    yield made, f"http://127.0.0.1:{port}"
    if made.running is not None and made.running.poll() is None:
        made.kill()


@pytest.fixture
async def gateway(
    web: tuple[Process, str], mosquitto: Broker, client: httpx.AsyncClient, tmp_path: Path
) -> AsyncIterator[Process]:
    """A gateway's process, which is not running yet."""
    key = good(await client.post("/api/v1/api-keys", json={"name": "Gateway", "permissions": ["plant.record"]}))["key"]
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIGURATION.format(foodflow=web[1], broker=mosquitto.address))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOODFLOW_")}
    environment |= {"FOODFLOW_API_KEY": key}
    made = Process("gateway", "mqtt", "--config", str(file), environment=environment, log=tmp_path / "gateway.log")
    yield made
    if made.running is not None and made.running.poll() is None:
        made.kill()


def publish(port: int, sensor: str, numbers: range) -> None:
    """A machine: each message is handed to the broker until the broker has it."""
    machine = Client(CallbackAPIVersion.VERSION2, "machine", clean_session=False)
    machine.reconnect_delay_set(1, 1)
    machine.connect("127.0.0.1", port)
    machine.loop_start()
    for number in numbers:
        message = machine.publish(f"plant/{sensor}", json.dumps({"v": number, "t": make.at(number)}), qos=1)
        while not message.is_published():
            _wait_for(lambda told=message: told.is_published())  # type: ignore[misc]
    machine.disconnect()
    machine.loop_stop()


def _wait_for(true: Callable[[], bool]) -> None:
    import time  # noqa: PLC0415 - of this alone

    while not true():
        time.sleep(0.002)


async def test_each_reading_that_the_broker_took_is_stored_once(
    client: httpx.AsyncClient, web: tuple[Process, str], gateway: Process, mosquitto: Broker
) -> None:
    sensor = await make.sensor(client)
    served, address = web
    gateway.start()  # FoodFlow is not there yet
    await until(lambda: gateway.has_said("broker_connected"), seconds=30)  # from now on the broker keeps its session
    third = READINGS // 3
    code = sensor["sensor_code"]
    await asyncio.to_thread(publish, mosquitto.port, code, range(third))
    served.start()
    await until(lambda: _is_ready(address), seconds=30)
    first = asyncio.create_task(asyncio.to_thread(publish, mosquitto.port, code, range(third, 2 * third)))
    await _stored(client, sensor["id"], third // 2)
    gateway.kill()
    gateway.start()
    await first
    served.kill()
    gateway.kill()
    mosquitto.stop()
    mosquitto.start()
    served.start()
    gateway.start()
    await asyncio.to_thread(publish, mosquitto.port, code, range(2 * third, READINGS))
    gateway.kill()
    gateway.start()
    await _stored(client, sensor["id"], READINGS)
    assert await make.stored(client, sensor["id"]) == [(make.at(number), float(number)) for number in range(READINGS)]


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False


async def _stored(client: httpx.AsyncClient, sensor_id: str, least: int) -> None:
    async with asyncio.timeout(60):
        while len(await make.stored(client, sensor_id)) < least:  # noqa: ASYNC110 - it becomes so in another process
            await asyncio.sleep(0.2)
