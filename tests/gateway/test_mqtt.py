"""The gateway at a real Mosquitto: nothing that was published is missed, whoever was away meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from foodflow.gateway.configuration import Mqtt, Topic
from foodflow.gateway.measurements import BAD_NO_COMMUNICATION
from foodflow.gateway.mqtt import Subscriber
from foodflow.gateway.spool import Spool
from tests.gateway.make import DOUBLE, PATIENCE, Broker, birth, broker, payload

JSON = Topic(topic="plant/{line}/{sensor}", sensor="{line}.{sensor}", value="v", time="t", time_unit="us")
SPARKPLUG = Topic(topic="spBv1.0/#", format="sparkplug_b", sensor="{node}.{metric}")
TEMPERATURE = {"name": "temperature", "alias": 7, "datatype": DOUBLE, "double_value": 180.0}


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with broker(folder) as running:
        yield running


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool", most=1_000_000)
    yield made
    made.close()


class Publisher:
    """Whoever publishes: waits until the broker has each message."""

    def __init__(self, at: Broker) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, "publisher")
        self._client.on_message = lambda _, __, message: self.heard.append((message.topic, bytes(message.payload)))
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", at.port)
        self._client.loop_start()

    def publish(self, topic: str, message: bytes | str) -> None:
        self._client.publish(topic, message, qos=1).wait_for_publish(PATIENCE)

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected()

    def listen(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def publisher(mosquitto: Broker) -> Iterator[Publisher]:
    made = Publisher(mosquitto)
    yield made
    made.close()


@asynccontextmanager
async def subscribed(at: Broker, spool: Spool, **fields: object) -> AsyncIterator[Subscriber]:
    """A gateway's subscriber at work."""
    wanted = Mqtt.model_validate({"address": at.address, "topics": (JSON, SPARKPLUG), **fields})
    subscriber = Subscriber(wanted, spool)
    work = asyncio.create_task(subscriber.run())
    await until(subscriber.connected.is_set)
    yield subscriber
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - it becomes so in another thread
            await asyncio.sleep(0.02)


def reading(number: int) -> str:
    return json.dumps({"v": number, "t": number})


def times(spool: Spool) -> list[int]:
    return sorted({m.time for m in spool.oldest(1_000_000).measurements})


async def test_what_is_published_is_in_the_spool(mosquitto: Broker, spool: Spool, publisher: Publisher) -> None:
    async with subscribed(mosquitto, spool) as subscriber:
        for number in range(50):
            publisher.publish("plant/L1/oven", reading(number))
        publisher.publish("plant/L1/oven", "no json")
        await until(lambda: subscriber.received == 51)
    assert {m.sensor for m in spool.oldest(100).measurements} == {"L1.oven"}
    assert times(spool) == list(range(50))


async def test_what_is_published_while_the_gateway_is_away_waits_at_the_broker(
    mosquitto: Broker, spool: Spool, publisher: Publisher
) -> None:
    async with subscribed(mosquitto, spool):
        publisher.publish("plant/L1/oven", reading(0))
        await until(lambda: spool.waiting == 1)
    for number in range(1, 200):
        publisher.publish("plant/L1/oven", reading(number))
    async with subscribed(mosquitto, spool):
        await until(lambda: spool.waiting >= 200)
    assert times(spool) == list(range(200))


async def test_a_broker_that_was_away_is_found_again(mosquitto: Broker, spool: Spool, publisher: Publisher) -> None:
    async with subscribed(mosquitto, spool) as subscriber:
        publisher.publish("plant/L1/oven", reading(0))
        await until(lambda: spool.waiting == 1)
        mosquitto.stop()
        await until(lambda: not subscriber.connected.is_set())
        mosquitto.start()
        await until(lambda: subscriber.connected.is_set() and publisher.is_connected)
        publisher.publish("plant/L1/oven", reading(1))
        await until(lambda: len(times(spool)) == 2)


async def test_a_message_is_acknowledged_only_when_it_is_kept(
    mosquitto: Broker, spool: Spool, publisher: Publisher
) -> None:
    """A full spool keeps nothing, so the broker has to keep it, and gives it to the next one that asks."""
    spool.most = 0
    async with subscribed(mosquitto, spool):
        for number in range(30):
            publisher.publish("plant/L1/oven", reading(number))
        await asyncio.sleep(0.5)
    assert spool.waiting == 0
    spool.most = 1000
    async with subscribed(mosquitto, spool):
        await until(lambda: len(times(spool)) == 30)


async def test_a_node_that_was_born_before_is_asked_to_be_born_again(
    mosquitto: Broker, spool: Spool, publisher: Publisher
) -> None:
    publisher.listen("spBv1.0/Akron/NCMD/line1")
    async with subscribed(mosquitto, spool, host_id="foodflow"):
        publisher.publish("spBv1.0/Akron/NDATA/line1", payload({"alias": 7, "double_value": 1.0}, seq=5))
        await until(lambda: len(publisher.heard) == 1)
        publisher.publish("spBv1.0/Akron/NBIRTH/line1", birth(dict(TEMPERATURE)))
        publisher.publish("spBv1.0/Akron/NDATA/line1", payload({"alias": 7, "double_value": 181.0}, seq=1))
        publisher.publish("spBv1.0/Akron/NDEATH/line1", payload({"name": "bdSeq", "datatype": 4, "long_value": 0}))
        await until(lambda: spool.waiting == 3)
    found = [(m.sensor, m.value, m.status) for m in spool.oldest(9).measurements]
    assert found == [
        ("line1.temperature", 180.0, 0),
        ("line1.temperature", 181.0, 0),
        ("line1.temperature", None, BAD_NO_COMMUNICATION),
    ]


async def test_nodes_are_told_whether_their_host_is_there(
    mosquitto: Broker, spool: Spool, publisher: Publisher
) -> None:
    publisher.listen("spBv1.0/STATE/foodflow")
    async with subscribed(mosquitto, spool, host_id="foodflow"):
        await until(lambda: len(publisher.heard) == 1)
    await until(lambda: len(publisher.heard) == 2)
    assert [json.loads(message)["online"] for _, message in publisher.heard] == [True, False]
