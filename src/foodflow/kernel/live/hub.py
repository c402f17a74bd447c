"""The hub: one LISTEN connection per process, fanned out to the subscribers of each company."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

from foodflow.kernel.actor import Actor
from foodflow.kernel.live.publishing import CHANNEL, Message

QUEUE_LENGTH = 256
_RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Subscription:
    """The messages that one person may hear on some topics; a slow reader is told to start over instead of being
    waited for.
    """

    def __init__(self, actor: Actor, topics: frozenset[str]) -> None:
        self.actor = actor
        self.topics = topics
        self.missed = False
        self._queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE_LENGTH)

    def wants(self, message: Message) -> bool:
        """Whether this message belongs to the subscriber's company, topics and permissions."""
        on_topic = not self.topics or message.topic in self.topics or message.topic.partition("/")[0] in self.topics
        return message.tenant == self.actor.tenant and on_topic and self.actor.may(message.needs)

    def offer(self, message: Message) -> None:
        """Queue a message; one that does not fit marks the subscription as having missed something."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.missed = True

    async def next(self, seconds: float) -> Message | None:
        """The next message, or None when there was none for so many seconds."""
        try:
            return await asyncio.wait_for(self._queue.get(), seconds)
        except TimeoutError:
            return None


class Hub:
    """Fans the process's one LISTEN connection out; starts over by itself when the connection is lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._subscriptions: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self.listening = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Whether the process is ending, so that streams must end too."""
        return self._closing.is_set()

    async def start(self) -> None:
        """Begin to listen in the background."""
        self._task = asyncio.create_task(self._listen_forever(), name="live hub")

    async def stop(self) -> None:
        """End every stream and the connection."""
        self._closing.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @asynccontextmanager
    async def subscribe(self, actor: Actor, topics: frozenset[str]) -> AsyncIterator[Subscription]:
        """Receive what is published while the block runs."""
        subscription = Subscription(actor, topics)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                log.warning("live.connection_lost", error=str(error).strip())
            self.listening.clear()
            for subscription in self._subscriptions:
                subscription.missed = True
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            async for notification in connection.notifies():
                self._fan_out(Message.from_payload(notification.payload))

    def _fan_out(self, message: Message) -> None:
        for subscription in self._subscriptions:
            if subscription.wants(message):
                subscription.offer(message)
