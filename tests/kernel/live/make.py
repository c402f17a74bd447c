"""Readers of live channels, over Server-Sent Events and over WebSocket, and what they read."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import connect

from foodflow.kernel import live, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction

PATIENCE = 15
Message = dict[str, Any]


class Reader(Protocol):
    """Somebody at the other end of a connection."""

    async def next(self) -> Message:
        """The next message that is no heartbeat."""


class Opener(Protocol):
    """Opens a connection; it is a reader's once nothing can be missed any more."""

    def __call__(
        self, host: str, headers: Mapping[str, str], **query: object
    ) -> AbstractAsyncContextManager[Reader]: ...


class _Stream:
    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def begun(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not (await anext(self._lines)).startswith(":"):
                pass

    async def next(self) -> Message:
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if not line and "data" in fields:
                    break
                name, _, value = line.partition(": ")
                fields[name] = value
        message: Message = json.loads(fields["data"])
        assert fields["event"] == message["type"]
        assert fields.get("id", "None") == str(message["sequence"])
        return message


class _Socket:
    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - websockets' own
        self._connection = connection

    async def begun(self) -> None:
        async with asyncio.timeout(PATIENCE):
            assert json.loads(await self._connection.recv()) == {"type": "heartbeat"}

    async def next(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            while (message := json.loads(await self._connection.recv()))["type"] == "heartbeat":
                pass
        return dict(message)


@asynccontextmanager
async def stream(host: str, headers: Mapping[str, str], **query: object) -> AsyncIterator[_Stream]:
    """Server-Sent Events."""
    timeout = httpx.Timeout(PATIENCE)
    async with (
        httpx.AsyncClient(base_url=f"http://{host}", timeout=timeout) as client,
        client.stream("GET", "/api/v1/live", params=urlencode(query, doseq=True), headers=dict(headers)) as response,
    ):
        assert response.status_code == 200, await response.aread()
        reader = _Stream(response)
        await reader.begun()
        yield reader


@asynccontextmanager
async def socket(host: str, headers: Mapping[str, str], **query: object) -> AsyncIterator[_Socket]:
    """A WebSocket."""
    address = f"ws://{host}/api/v1/live/socket?{urlencode(query, doseq=True)}"
    async with connect(address, additional_headers=dict(headers), max_size=None, proxy=None) as connection:
        reader = _Socket(connection)
        await reader.begun()
        yield reader


async def publish(database: Database, actor: Actor, *topics: str, needs: str = "plant.read", **data: object) -> None:
    """Send a fleeting message on each of these topics, in one transaction."""
    async with tenant_transaction(database, actor) as session:
        for topic in topics:
            live.publish(session, topic=topic, type="reading", needs=needs, data=data)


async def relay_all(database: Database) -> None:
    """Deliver whatever waits in the outbox to the live channels."""
    while await relay.deliver_once(database, [relay.to_live]):
        pass
