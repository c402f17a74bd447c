"""Forwarding: what waits in the spool goes to FoodFlow in bulk calls, oldest first, until each is acknowledged."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from foodflow.gateway.measurements import Measurement
from foodflow.gateway.spool import Spool, Waiting

BULK = "/api/v1/plant-ops/sensors/readings/bulk"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_IDLE_SECONDS = 0.2
_REFUSED = frozenset({400, 404, 409, 413, 422})
"""Answers that say that something about these readings is wrong, not that FoodFlow cannot take any now."""
_UNKNOWN = "plant.readings.unknown_sensor"

log = structlog.get_logger(__name__)


class _TryAgain(Exception):  # noqa: N818 - nothing is wrong with what was sent
    """FoodFlow takes nothing now; `after` is how long it asks to be left alone, if it says so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(slots=True)
class Told:
    """What came of the measurements forwarded so far."""

    forwarded: int = 0
    repeated: int = 0
    conflicting: int = 0
    refused: int = 0
    calls: int = 0


class Forwarder:
    """Empties a spool into FoodFlow; one of them for each spool."""

    def __init__(self, client: httpx.AsyncClient, spool: Spool, *, at_once: int, retry_aside_seconds: float) -> None:
        self.client = client
        self.spool = spool
        self.at_once = at_once
        self.retry_aside_seconds = retry_aside_seconds
        self.told = Told()
        self._unknown: set[str] = set()

    async def run(self) -> None:
        """Forward for ever; what was set aside is tried again now and then, as its sensors may have been set up."""
        loop = asyncio.get_running_loop()
        again_at = loop.time() + self.retry_aside_seconds
        while True:
            if loop.time() >= again_at:
                again_at = loop.time() + self.retry_aside_seconds
                self._unknown.clear()
                if self.spool.set_aside:
                    await asyncio.to_thread(self.spool.retry)
            if not await self.forward_once():
                await asyncio.sleep(_IDLE_SECONDS)

    async def forward_once(self) -> int:
        """Forward the oldest measurements, however long FoodFlow is away; returns how many left the spool."""
        waiting = await asyncio.to_thread(self.spool.oldest, self.at_once)
        if not waiting.measurements:
            return 0
        refused = await self._settle(waiting)
        await asyncio.to_thread(self.spool.done, waiting, refused=refused)
        return len(waiting.measurements)

    async def _settle(self, waiting: Waiting) -> list[tuple[Measurement, str]]:
        """Have FoodFlow decide on each measurement; returns those that it refuses, with the reason."""
        refused = [(m, "the sensor is unknown") for m in waiting.measurements if m.sensor in self._unknown]
        heaps = [[m for m in waiting.measurements if m.sensor not in self._unknown]]
        while heaps:
            heap = heaps.pop()
            if not heap:
                continue
            problem = await self._until_answered(heap)
            if problem is None:
                continue
            if len(heap) > 1:
                heaps += reversed(halves(heap))
                continue
            (one,) = heap
            reason = str(problem.get("detail") or problem.get("title") or "refused")
            log.warning("gateway.set_aside", sensor=one.sensor, reason=reason)
            refused.append((one, reason))
            if problem.get("code") == _UNKNOWN:
                self._unknown.add(one.sensor)
                refused += [(m, reason) for rest in heaps for m in rest if m.sensor == one.sensor]
                heaps = [[m for m in rest if m.sensor != one.sensor] for rest in heaps]
        self.told.refused += len(refused)
        return refused

    async def _until_answered(self, heap: Sequence[Measurement]) -> Mapping[str, Any] | None:
        """Send until FoodFlow acknowledges (None) or refuses (the problem)."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._send(heap)
            except _TryAgain as no:
                wait = max(pause, no.after or 0)
                log.warning("gateway.foodflow_away", reason=str(no), waiting=self.spool.waiting, again_in=wait)
            await asyncio.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _send(self, heap: Sequence[Measurement]) -> Mapping[str, Any] | None:
        try:
            answer = await self.client.post(BULK, json=body_of(heap))
        except httpx.HTTPError as error:
            raise _TryAgain(f"{type(error).__name__} {error}".strip()) from error
        self.told.calls += 1
        if answer.is_success:
            self._count(answer)
            return None
        problem = _problem(answer)
        if answer.status_code in _REFUSED and "code" in problem:
            return problem
        after = answer.headers.get("retry-after", "")
        raise _TryAgain(
            f"{answer.status_code} {problem.get('detail', '')}".strip(), float(after) if after.isdigit() else None
        )

    def _count(self, answer: httpx.Response) -> None:
        said = answer.json()
        self.told.forwarded += said["stored"]
        self.told.repeated += said["repeated"]
        self.told.conflicting += len(said["conflicting"])
        for row in said["conflicting"][:1]:
            log.warning("gateway.conflicting", readings=len(said["conflicting"]), first=row)


def halves(heap: Sequence[Measurement]) -> list[list[Measurement]]:
    """Two parts of a call that was refused: by sensor where it has several, so that one that is wrong is found soon."""
    sensors = sorted({m.sensor for m in heap})
    if len(sensors) == 1:
        return [list(heap[: len(heap) // 2]), list(heap[len(heap) // 2 :])]
    first = frozenset(sensors[: len(sensors) // 2])
    return [[m for m in heap if m.sensor in first], [m for m in heap if m.sensor not in first]]


def body_of(heap: Sequence[Measurement]) -> dict[str, Any]:
    """The body of a bulk call: columns."""
    columns = {
        "sensor_code": [m.sensor for m in heap],
        "timestamp_us": [m.time for m in heap],
        "value": [m.value for m in heap],
        "status_code": [m.status for m in heap],
    }
    return {"columns": columns}


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
