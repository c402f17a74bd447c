"""Redis Streams: one stream for each company, `foodflow:<company>:events`."""

from collections.abc import Sequence

import redis.asyncio
from redis.exceptions import RedisError
from redis.typing import EncodableT

from foodflow.kernel.brokers.broker import BrokerError, Publication, name_of

MOST_KEPT = 1_000_000
"""About how many events a company's stream holds; the oldest leave first."""
_SECONDS = 5.0


class Redis:
    """A Redis server (or one that speaks as it does)."""

    def __init__(self, url: str) -> None:
        self._url, self.name = url, name_of(url)
        self._client: redis.asyncio.Redis | None = None

    async def connect(self) -> None:
        """Connect, and ask whether somebody is there."""
        client = redis.asyncio.Redis.from_url(
            self._url,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=None,
            single_connection_client=True,
        )
        self._client = client
        try:
            await client.get("foodflow")
        except (RedisError, OSError, TimeoutError) as error:
            raise BrokerError(f"Redis cannot be reached: {error}") from error

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Each company's events in one transaction: all of them are added, in their order, or none."""
        if self._client is None:
            raise BrokerError("Redis is not connected")
        try:
            for tenant in dict.fromkeys(each.tenant for each in publications):
                async with self._client.pipeline(transaction=True) as pipeline:
                    for each in publications:
                        if each.tenant == tenant:
                            pipeline.xadd(stream_of(tenant), _fields(each), maxlen=MOST_KEPT, approximate=True)
                    await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            raise BrokerError(f"Redis has not acknowledged: {error}") from error

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def stream_of(tenant: str) -> str:
    """The key of a company's stream."""
    return f"foodflow:{tenant}:events"


def _fields(publication: Publication) -> dict[EncodableT, EncodableT]:
    about = (publication.id, publication.type, publication.subject, publication.body)
    return dict(zip(("id", "type", "subject", "event"), about, strict=True))
