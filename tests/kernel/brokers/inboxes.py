"""What a broker has taken, read back by the broker's own means."""

import json
from typing import Any

import nats
import redis.asyncio
from nats.js.api import ConsumerConfig, DeliverPolicy

from foodflow.kernel.brokers.nats import STREAM
from foodflow.kernel.brokers.redis import stream_of
from tests.kernel.brokers.servers import Server

Taken = list[tuple[str, dict[str, Any]]]
"""For each message where it was found and the event in it, in the broker's order."""


async def taken_by(server: Server, *tenants: str) -> Taken:
    if server.kind == "nats":
        return await _of_nats(server.url)
    return await _of_redis(server.url, tenants)


async def _of_nats(url: str) -> Taken:
    client = await nats.connect(url)
    try:
        stream = client.jetstream()
        from_the_first = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
        reader = await stream.pull_subscribe("foodflow.>", stream=STREAM, config=from_the_first)
        found: Taken = []
        while True:
            try:
                messages = await reader.fetch(500, timeout=0.5)
            except TimeoutError:
                return found
            for message in messages:
                event = json.loads(message.data)
                assert (message.headers or {})["Nats-Msg-Id"] == event["id"]
                found.append((message.subject, event))
                await message.ack()
    finally:
        await client.close()


async def _of_redis(url: str, tenants: tuple[str, ...]) -> Taken:
    async with redis.asyncio.Redis.from_url(url) as client:
        found: Taken = []
        for tenant in tenants:
            entries: Any = await client.xrange(stream_of(tenant))
            for _, fields in entries:
                event = json.loads(fields[b"event"])
                assert fields[b"id"].decode() == event["id"]
                found.append((stream_of(tenant), event))
        return found
