"""Brokers: the real ones take every event in order, and one that is away holds up nobody and misses nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import aiomqtt
import pytest
from sqlalchemy import text

from foodflow.kernel import relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.brokers import Broker, BrokerError, Publication, broker_of, relaying
from foodflow.kernel.brokers.broker import name_of
from foodflow.kernel.db import Database, platform_transaction
from foodflow.settings import SettingsError, load_settings
from tests.kernel.brokers.inboxes import taken_by
from tests.kernel.brokers.servers import Server, serving
from tests.kernel.webhooks.make import Noted, tell

ADDRESS = "https://foodflow.example"


@pytest.fixture(params=["nats", "redis"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving(request.param, tmp_path) as server:
        yield server


@asynccontextmanager
async def connected(database: Database, url: str) -> AsyncIterator[Broker]:
    broker = broker_of(url)
    await relaying.enrol(database, broker)
    await broker.connect()
    try:
        yield broker
    finally:
        await broker.close()


async def tell_and_relay(database: Database, actor: Actor, *told: Noted) -> None:
    await tell(database, actor, *told)
    while await relay.deliver_once(database, []):
        pass


async def publish_all(database: Database, broker: Broker, **how: int) -> int:
    total = 0
    while count := await relaying.publish_once(database, broker, address=ADDRESS, **how):
        total += count
    return total


async def numbers_of(server: Server, thing: str) -> list[int]:
    found = [event for _, event in await taken_by(server, "demo", "akron")]
    return [event["data"]["number"] for event in found if event["subject"] == f"note/{thing}"]


async def test_a_broker_takes_the_events_of_all_companies_in_order(
    database: Database, demo: Actor, akron: Actor, server: Server
) -> None:
    thing = uuid4().hex
    await tell_and_relay(database, demo, *(Noted(thing=thing, number=number, where="North") for number in range(30)))
    await tell_and_relay(database, akron, Noted(thing=f"{thing}-theirs"))
    async with connected(database, server.url) as broker:
        assert await publish_all(database, broker, batch=7) >= 31
        assert await publish_all(database, broker) == 0
    assert await numbers_of(server, thing) == list(range(30))
    places = {event["subject"]: (place, event) for place, event in await taken_by(server, "demo", "akron")}
    place, event = places[f"note/{thing}-theirs"]
    assert place == {"nats": "foodflow.akron.plant.note.taken", "redis": "foodflow:akron:events"}[server.kind]
    assert event["dataschema"] == f"{ADDRESS}/api/v1/events/types/plant.note.taken"
    assert (event["specversion"], event["tenantid"]) == ("1.0", "akron")
    assert places[f"note/{thing}"][1]["site"] == "North"


async def test_killed_between_publishing_and_moving_on_it_publishes_again_with_the_same_id(
    database: Database, demo: Actor, server: Server
) -> None:
    thing = uuid4().hex

    class Died(Exception):  # noqa: N818 - it is no error
        pass

    await tell_and_relay(database, demo, *(Noted(thing=thing, number=number) for number in range(3)))
    async with connected(database, server.url) as broker:
        publish = broker.publish

        async def publish_and_die(publications: Sequence[Publication]) -> None:
            await publish(publications)
            raise Died

        broker.publish = publish_and_die  # type: ignore[method-assign]
        with pytest.raises(Died):
            await relaying.publish_once(database, broker, address=ADDRESS)
        broker.publish = publish  # type: ignore[method-assign]
        await publish_all(database, broker)
    # JetStream knows an id again; in Redis it is there twice, and whoever reads it knows it by its id.
    assert await numbers_of(server, thing) == [0, 1, 2] * (1 if server.kind == "nats" else 2)
    found = [event["id"] for _, event in await taken_by(server, "demo") if event["subject"] == f"note/{thing}"]
    assert len(set(found)) == 3


async def test_a_broker_that_is_away_holds_up_no_other_and_misses_nothing(
    database: Database, demo: Actor, tmp_path: Path
) -> None:
    thing = uuid4().hex
    for kind in ("nats", "redis"):
        (tmp_path / kind).mkdir()
    with serving("nats", tmp_path / "nats") as away, serving("redis", tmp_path / "redis") as there:
        brokers = [broker_of(away.url), broker_of(there.url)]
        own = Database(database.url, pool_size=3)
        running = [asyncio.create_task(relaying.run(own, each, address=ADDRESS)) for each in brokers]
        try:
            await tell_and_relay(database, demo, Noted(thing=thing, number=0))
            await wait_for(away, thing, [0])
            away.kill()
            await tell_and_relay(database, demo, *(Noted(thing=thing, number=number) for number in range(1, 20)))
            await wait_for(there, thing, list(range(20)))
            away.start()
            await wait_for(away, thing, list(range(20)))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await own.close()


async def wait_for(server: Server, thing: str, numbers: list[int]) -> None:
    found: list[int] = []
    for _ in range(60):
        with suppress(Exception):
            found = list(dict.fromkeys(await numbers_of(server, thing)))
        if found == numbers:
            return
        await asyncio.sleep(0.2)
    assert found == numbers


async def test_of_two_processes_one_publishes_and_the_other_lets_it(
    database: Database, demo: Actor, server: Server
) -> None:
    await tell_and_relay(database, demo, Noted(thing=uuid4().hex))
    async with connected(database, server.url) as broker:
        async with platform_transaction(database) as session:
            await session.execute(
                text("SELECT FROM broker_cursors WHERE broker = :broker FOR UPDATE"), {"broker": broker.name}
            )
            assert await relaying.publish_once(database, broker, address=ADDRESS) == 0
        assert await relaying.publish_once(database, broker, address=ADDRESS) > 0


async def test_mqtt_subscribers_hear_every_event_on_the_topic_of_its_company_and_type(
    database: Database, demo: Actor, tmp_path: Path
) -> None:
    thing = uuid4().hex
    await tell_and_relay(database, demo, *(Noted(thing=thing, number=number) for number in range(5)))
    with serving("mqtt", tmp_path) as server:
        async with aiomqtt.Client("127.0.0.1", server.port) as reader, connected(database, server.url) as broker:
            await reader.subscribe("foodflow/demo/plant/note/+", qos=1)
            await publish_all(database, broker)
            heard: list[int] = []
            async with asyncio.timeout(10):
                async for message in reader.messages:
                    event = json.loads(bytes(message.payload))
                    if event["subject"] == f"note/{thing}":
                        heard.append(event["data"]["number"])
                    if len(heard) == 5:
                        break
    assert heard == list(range(5))


@pytest.mark.parametrize("kind", ["nats", "redis", "mqtt"])
async def test_a_broker_that_nobody_listens_for_is_said_so(kind: str) -> None:
    broker = broker_of(f"{kind}://127.0.0.1:1")
    with pytest.raises(BrokerError, match="cannot be reached"):
        await broker.connect()
    await broker.close()


def test_passwords_are_not_in_names_and_wrong_addresses_are_refused_without_showing_them() -> None:
    assert name_of("redis://user:secret@host:6379/0") == "redis://host:6379/0"
    settings = load_settings({"FOODFLOW_BROKERS": "nats://h:4222, redis://:hidden@h:6379/0"})
    assert settings.brokers == ("nats://h:4222", "redis://:hidden@h:6379/0")
    assert "hidden" not in repr(settings)
    with pytest.raises(SettingsError, match="FOODFLOW_BROKERS is not valid, expected URLs such as nats://") as refused:
        load_settings({"FOODFLOW_BROKERS": "kafka://u:secret@h"})
    assert "secret" not in str(refused.value)
