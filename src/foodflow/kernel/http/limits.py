"""Limits on how many calls are taken: per address for callers who are not known, per credential and per company for
those who are.

Calls are counted in a sliding window, in this process or, with Redis, together with others. Without Redis for a while,
each process counts by itself: no call fails because of it. Answers say what is left
(draft-ietf-httpapi-ratelimit-headers).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.requests import HTTPConnection

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import TooMany
from foodflow.kernel.http.addresses import counted_address
from foodflow.settings import Settings

PER_ADDRESS = "per address"
"""The class of limit that calls without a credential have unless their route names a rate of its own."""

_HEADERS = "rate_limit_headers"
_SWEEP_SECONDS = 30.0
_REDIS_SECONDS = 0.5
_AWAY_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Policy:
    """A named rate, and whose calls are counted."""

    name: str
    rate: RateLimitItem
    whose: tuple[str, ...]

    def __str__(self) -> str:
        return f'"{self.name}";q={self.rate.amount};w={self.rate.get_expiry()}'


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a policy says of one call: whether it is taken, how many more would be, and the seconds until another is."""

    policy: _Policy
    taken: bool
    left: int
    seconds: int

    def __str__(self) -> str:
        return f'"{self.policy.name}";r={self.left};t={self.seconds}'


class _Memory(MemoryStorage):
    """Counters of this process. The library's own looks through all of them at every call; this one twice a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._swept = time.monotonic()

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter."""
        self._sweep()
        if await self.get(key) == 0:
            self.expirations[key] = clock.now().timestamp() + expiry
        self.storage[key] += amount
        return self.storage[key]

    def _sweep(self) -> None:
        if time.monotonic() - self._swept < _SWEEP_SECONDS:
            return
        self._swept, now = time.monotonic(), clock.now().timestamp()
        for key in [key for key, end in self.expirations.items() if end <= now]:
            del self.storage[key], self.expirations[key]


class Limiter:
    """Counts calls and refuses those that are too many."""

    def __init__(self, settings: Settings) -> None:
        self._address, self._credential, self._company = (
            parse(rate) for rate in (settings.rate_per_address, settings.rate_per_credential, settings.rate_per_company)
        )
        self._own = SlidingWindowCounterRateLimiter(_Memory())
        self._redis = _pool_of(settings.redis_url) if settings.redis_url is not None else None
        self._shared = _limiter_on(self._redis) if self._redis is not None else None
        self._away_until = 0.0

    async def close(self) -> None:
        """Leave Redis."""
        if self._redis is not None:
            await self._redis.disconnect()

    async def count_address(self, connection: HTTPConnection, limit: str = PER_ADDRESS) -> None:
        """Count a call of somebody who is not known, by the rate of unknown callers or by the route's own."""
        await self._require(connection, self._of_address(connection, limit))

    async def require_room(self, connection: HTTPConnection) -> None:
        """Refuse, before anything is looked up, an address from which too many unknown callers came; count nothing."""
        standing = await self._look(self._of_address(connection, PER_ADDRESS), count=False)
        if not standing.taken:
            _refuse(connection, [standing])

    async def count_known(self, connection: HTTPConnection, actor: Actor) -> None:
        """Count a call of a known caller, by their credential and, unless they are visitors, by their company."""
        credential = (actor.tenant, actor.credential or actor.id)
        policies = [_Policy("credential", self._credential, ("credential", *credential))]
        if not actor.is_visitor:
            policies.append(_Policy("company", self._company, ("company", actor.tenant)))
        await self._require(connection, *policies)

    def _of_address(self, connection: HTTPConnection, limit: str) -> _Policy:
        address = counted_address(connection)
        if limit == PER_ADDRESS:
            return _Policy("address", self._address, ("address", address))
        endpoint = connection.scope["endpoint"]
        route = f"{endpoint.__module__}.{endpoint.__qualname__}"
        return _Policy("address", parse(limit), ("address", route, address))

    async def _require(self, connection: HTTPConnection, *policies: _Policy) -> None:
        """Count a call by each policy, as far as it is taken."""
        standings = []
        for policy in policies:
            standings.append(await self._look(policy, count=True))
            if not standings[-1].taken:
                _refuse(connection, standings)
        _tell(connection, standings)

    async def _look(self, policy: _Policy, *, count: bool) -> _Standing:
        if self._shared is None or time.monotonic() < self._away_until:
            return await _standing(self._own, policy, count=count)
        try:
            standing = await _standing(self._shared, policy, count=count)
        except StorageError as error:
            if not self._away_until:
                log.warning("limits.redis_away", error=str(error.storage_error))
            self._away_until = time.monotonic() + _AWAY_SECONDS
            return await _standing(self._own, policy, count=count)
        if self._away_until:
            log.info("limits.redis_back")
            self._away_until = 0.0
        return standing


async def _standing(limiter: SlidingWindowCounterRateLimiter, policy: _Policy, *, count: bool) -> _Standing:
    ask = limiter.hit if count else limiter.test
    taken = await ask(policy.rate, *policy.whose)
    stats = await limiter.get_window_stats(policy.rate, *policy.whose)
    return _Standing(policy, taken, stats.remaining, max(0, math.ceil(stats.reset_time - clock.now().timestamp())))


def _pool_of(url: str) -> ConnectionPool:
    """Connections to Redis, which is hardly waited for: whoever calls waits for nothing else meanwhile."""
    retry = Retry(NoBackoff(), 0)
    return ConnectionPool.from_url(
        url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS, retry=retry
    )


def _limiter_on(pool: ConnectionPool) -> SlidingWindowCounterRateLimiter:
    options: dict[str, Any] = {"connection_pool": pool, "key_prefix": "foodflow"}
    url = "redis://"  # which the pool knows
    return SlidingWindowCounterRateLimiter(RedisStorage(url, wrap_exceptions=True, implementation="redispy", **options))


def _refuse(connection: HTTPConnection, standings: Sequence[_Standing]) -> None:
    _tell(connection, standings)
    policy, wait = standings[-1].policy, max(1, standings[-1].seconds)
    detail = f"more than {policy.rate.amount} calls in {policy.rate.get_expiry()} s ({policy.name}); wait {wait} s"
    raise TooMany(detail, retry_after=wait)


def _tell(connection: HTTPConnection, standings: Sequence[_Standing]) -> None:
    """Have the answer say what the policies are and what is left."""
    policies = ", ".join(str(standing.policy) for standing in standings)
    connection.scope["state"][_HEADERS] = {
        "RateLimit-Policy": policies,
        "RateLimit": ", ".join(map(str, standings)),
    }


def headers_of(state: dict[str, object]) -> dict[str, str]:
    """The headers that tell a caller what is left, out of the state of the request."""
    found = state.get(_HEADERS, {})
    assert isinstance(found, dict)  # noqa: S101 - nobody else writes it
    return found
