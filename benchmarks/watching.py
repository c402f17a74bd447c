"""Watching: storing readings of sensors that are watched as a new one is, against the same of sensors without rules.

Each sensor has a level of its own with some noise. The promise is held against whole calls over HTTP, by one caller and
by eight at once; what is in memory already is shown besides, and so is one reading for each of a thousand sensors.
Where alarms go on, one reading in some thousands lies outside its limits; where they chatter, each sensor jumps by ten
degrees from second to second: a temperature that is in alarm all the time, by its off-delay.

Both sides are done in each round, and each round tells how much slower the watched one is: what counts is the median,
and beside it stands between what values the middle half of all rounds lies.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import numpy as np

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure
from benchmarks.readings import CALLERS, ROWS, Batch, batch, make_sensors, store
from benchmarks.ways_in import FORMATS, client_of, send

MOST_SLOWER = 0.25
_ROUNDS, _ROUNDS_AT_ONCE = 101, 31
_NOISE, _ODD = 0.3, 2e-4
_ALARMS, _CHATTER = ", with alarms", ", chattering"
_PROMISE = f"at most {MOST_SLOWER:.0%} slower than unwatched"

Side = Iterator[Awaitable[None]]
"""What one side does in each round; what it sends is made beforehand."""


@dataclass(frozen=True, slots=True)
class Case:
    """How many readings of how many sensors a call brings, from how many callers at once, and what they are like."""

    sensors: int
    callers: int = 1
    rows: int = ROWS
    like: str = ""

    def __str__(self) -> str:
        who = "one caller" if self.callers == 1 else f"{self.callers} callers at once"
        return f"{self.rows:,} readings of {self.sensors:,} sensors, {who}{self.like}"


async def run() -> list[Figure]:
    """All figures of watching."""
    figures = []
    for sensors in (50, 1000):
        for name in ("JSON columns", "JSON rows"):
            cases = (Case(sensors), Case(sensors, CALLERS), *(Case(sensors, like=like) for like in (_ALARMS, _CHATTER)))
            figures += [await over_http(case, name) for case in cases]
    in_memory = (Case(50), Case(1000), Case(1000, rows=1000), Case(50, like=_ALARMS))
    return figures + [await _in_memory(case) for case in in_memory]


async def over_http(case: Case, name: str) -> Figure:
    """Whole calls over HTTP in a format."""
    async with installation() as place, client_of(place) as client:
        watched, unwatched = [_sending(client, await _sensors(place, case, kind), case, name) for kind in "WU"]
        return await _figure((watched, unwatched), case, f"{name} over HTTP", _PROMISE)


async def _in_memory(case: Case) -> Figure:
    """Readings that are in memory already, stored by the use case."""
    async with installation() as place:
        watched, unwatched = [_storing(place, (await _sensors(place, case, kind))[0], case) for kind in "WU"]
        return await _figure((watched, unwatched), case, "in memory", "")


async def _sensors(place: Installation, case: Case, kind: str) -> list[list[UUID]]:
    """Each caller's sensors, watched or not."""
    numbers = range(case.callers)
    return [await make_sensors(place, case.sensors, f"{kind}{number}", watched=kind == "W") for number in numbers]


async def _figure(sides: tuple[Side, Side], case: Case, what: str, promise: str) -> Figure:
    for side in sides:
        await next(side)
    rounds = _ROUNDS if case.callers == 1 else _ROUNDS_AT_ONCE
    times = [await _in_turn(sides, number) for number in range(rounds)]
    slower = [ours / plain - 1 for ours, plain in times]
    low, middle, high = statistics.quantiles(slower, n=4)
    told = f"watched, {what}, {case} ({middle:+.1%}; the middle half of {rounds} rounds {low:+.0%} to {high:+.0%})"
    ours, plain = (case.rows * case.callers / statistics.median(side) for side in zip(*times, strict=True))
    return Figure(told, ours, plain, "rows/s", promise, kept=not promise or middle <= MOST_SLOWER)


async def _in_turn(sides: tuple[Side, Side], number: int) -> tuple[float, float]:
    """How long both sides take, in seconds; in every other round the second one is the first."""
    ours, plain = sides
    if number % 2:
        second = await _seconds(next(plain))
        return await _seconds(next(ours)), second
    return await _seconds(next(ours)), await _seconds(next(plain))


async def _seconds(work: Awaitable[None]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


def _sending(client: httpx.AsyncClient, callers: list[list[UUID]], case: Case, name: str) -> Side:
    kind, make, _ = FORMATS[name]
    for batches in zip(*(_batches(ids, case) for ids in callers), strict=True):
        yield _all(send(client, kind, body) for body in [make(each) for each in batches])


async def _all(calls: Iterator[Awaitable[None]]) -> None:
    await asyncio.gather(*calls)


def _storing(place: Installation, ids: list[UUID], case: Case) -> Side:
    return (store(place, given) for given in _batches(ids, case))


def _batches(ids: list[UUID], case: Case) -> Iterator[Batch]:
    """The readings of one call after the other."""
    for number in itertools.count():
        given, chance = batch(ids, number, rows=case.rows), np.random.default_rng(number)
        if case.like == _CHATTER:
            yield given
            continue
        values = 20 + given.which % 50 + chance.normal(0, _NOISE, len(given.which))
        if case.like == _ALARMS:
            values[chance.random(len(values)) < _ODD] = 99
        yield Batch(ids, given.which, given.times, values)
