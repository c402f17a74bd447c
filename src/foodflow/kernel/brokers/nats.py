"""NATS JetStream: each event on the subject `foodflow.<company>.<type>`, its id as `Nats-Msg-Id`."""

import asyncio
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.api import StorageType, StreamConfig
from nats.js.errors import NotFoundError

from foodflow.kernel.brokers.broker import MEDIA_TYPE, BrokerError, Publication, by_subject, name_of

STREAM = "FOODFLOW"
SUBJECTS = "foodflow.>"
_DAY = 86_400.0
_KEPT_SECONDS = 30 * _DAY
_DUPLICATES_SECONDS = 3600.0
"""How long the server knows an id again, so that what is published twice is stored once."""
_AT_ONCE = 64
_SECONDS = 5.0
_ONCE: Any = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.1}
"""The library would try for two minutes; whoever calls tries again and says so."""


class Nats:
    """A NATS server with JetStream; the stream is made if it is not there, and left as it is if it is."""

    def __init__(self, url: str) -> None:
        self._url, self.name = url, name_of(url)
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None

    async def connect(self) -> None:
        """Connect, and make the stream where there is none."""
        try:
            async with asyncio.timeout(_SECONDS):
                self._client = Client()
                await self._client.connect(self._url, error_cb=_unheard, name="foodflow", **_ONCE)
                self._stream = self._client.jetstream(timeout=_SECONDS)
                await self._ensure_stream(self._stream)
        except (Error, OSError, TimeoutError) as error:
            raise BrokerError(f"NATS cannot be reached: {error!r}") from error

    async def _ensure_stream(self, stream: JetStreamContext) -> None:
        try:
            await stream.stream_info(STREAM)
        except NotFoundError:
            wanted = StreamConfig(
                name=STREAM,
                subjects=[SUBJECTS],
                storage=StorageType.FILE,
                max_age=_KEPT_SECONDS,
                duplicate_window=_DUPLICATES_SECONDS,
            )
            await stream.add_stream(wanted)

    async def publish(self, publications: Sequence[Publication]) -> None:
        """One subject's events one after the other, each acknowledged before the next; many subjects at a time."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(publications: list[Publication]) -> None:
            async with places:
                for each in publications:
                    await self._publish(each)

        try:
            async with asyncio.TaskGroup() as tasks:
                for subject in by_subject(publications):
                    tasks.create_task(in_turn(subject))
        except* (Error, OSError, TimeoutError) as group:
            raise BrokerError(f"NATS has not acknowledged: {group.exceptions[0]!r}") from group

    async def _publish(self, publication: Publication) -> None:
        if self._stream is None:
            raise BrokerError("NATS is not connected")
        subject = f"foodflow.{publication.tenant}.{publication.type}"
        headers = {"Nats-Msg-Id": publication.id, "Content-Type": MEDIA_TYPE}
        await self._stream.publish(subject, publication.body, timeout=_SECONDS, headers=headers)

    async def close(self) -> None:
        """Close the connection."""
        client, self._client, self._stream = self._client, None, None
        if client is not None and not client.is_closed:
            await client.close()


async def _unheard(_error: Exception) -> None:
    """What goes wrong is said by the call that it goes wrong for."""
