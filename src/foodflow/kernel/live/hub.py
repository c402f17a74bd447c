"""The hub: one LISTEN connection per process, fanned out to the subscribers of each company."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

from foodflow.kernel.actor import Actor
from foodflow.kernel.live import access
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
        self.doubted = False
        self._waiting: deque[Message] = deque()
        self._news = asyncio.Event()

    def wants(self, message: Message) -> bool:
        """Whether this message belongs to the subscriber's company, topics, permissions and sites."""
        on_topic = not self.topics or message.topic in self.topics or message.topic.partition("/")[0] in self.topics
        on_site = message.site is None or self.actor.is_for(message.site)
        return message.tenant == self.actor.tenant and on_topic and on_site and self.actor.may(message.needs)

    def offer(self, message: Message) -> None:
        """Queue a message; with one that does not fit, the reader starts over."""
        if len(self._waiting) < QUEUE_LENGTH:
            self._waiting.append(message)
            self.wake()
        else:
            self.start_over()

    def start_over(self) -> None:
        """Mark that something was missed. What waited is forgotten: it is older than the state that is loaded next."""
        self._waiting.clear()
        self.missed = True
        self.wake()

    def doubt(self) -> None:
        """Mark that the reader's rights may have changed, so that they are asked for again."""
        self.doubted = True
        self.wake()

    def wake(self) -> None:
        """Let `next` return at once."""
        self._news.set()

    async def next(self, seconds: float) -> Message | None:
        """The next message; None when there was none for so many seconds, or when something else is to be looked at."""
        if not self._waiting and not self.missed and not self.doubted:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
        return self._waiting.popleft() if self._waiting else None


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

    def close(self) -> None:
        """Have every stream end, and each that still begins."""
        self._closing.set()
        for subscription in self._subscriptions:
            subscription.wake()

    async def stop(self) -> None:
        """End every stream and the connection."""
        self.close()
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
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            await connection.execute(f"LISTEN {access.CHANNEL}")
            # Not when the connection was lost: whoever came since then has missed something too.
            for subscription in self._subscriptions:
                subscription.start_over()
                subscription.doubt()
            self.listening.set()
            async for notification in connection.notifies():
                if notification.channel == access.CHANNEL:
                    self._doubt(notification.payload)
                else:
                    self._fan_out(notification.payload)

    def _doubt(self, payload: str) -> None:
        changed = {name: value for name, value in json.loads(payload).items() if value}
        for subscription in self._subscriptions:
            actor = subscription.actor
            known = {"actor": actor.id, "tenant": actor.tenant, "credential": actor.credential}
            if changed.items() <= known.items():
                subscription.doubt()

    def _fan_out(self, payload: str) -> None:
        try:
            message = Message.from_payload(payload)
        except (TypeError, ValueError):  # whoever reaches the database may send anything on the channel
            log.warning("live.unreadable_message")
            return
        for subscription in self._subscriptions:
            if subscription.wants(message):
                subscription.offer(message)
