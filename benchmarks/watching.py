"""Watching: storing readings of sensors that are watched as a new one is, against the same of sensors without rules.

Each sensor has a level of its own with some noise. The promise is held against whole calls over HTTP, by one caller and
by eight at once; what is in memory already is shown besides, and so is one reading for each of a thousand sensors.
Where alarms go on, one reading in some thousands lies outside its limits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import httpx
import numpy as np

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure, in_turn
from benchmarks.readings import CALLERS, ROWS, Batch, batch, make_sensors, store
from benchmarks.ways_in import FORMATS, client_of, send

MOST_SLOWER = 0.25
_RUNS = 9
_NOISE, _ODD = 0.3, 2e-4
_PROMISE = f"at most {MOST_SLOWER:.0%} slower than unwatched"

Works = tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]


async def run() -> list[Figure]:
    """All figures of watching."""
    return [figure for count in (50, 1000) for figure in await _over_http(count)] + await _in_memory()


async def _over_http(count: int) -> list[Figure]:
    """Whole calls over HTTP: 50,000 readings of so many sensors by each caller."""
    figures = []
    for name in ("JSON columns", "JSON rows"):
        for callers, odd in ((1, 0.0), (CALLERS, 0.0), (1, _ODD)):
            async with installation() as place, client_of(place) as client:
                sensors = [
                    [await make_sensors(place, count, f"{kind}{n}", watched=kind == "W") for n in range(callers)]
                    for kind in "WU"
                ]
                works = _sending(client, sensors[0], name, odd), _sending(client, sensors[1], name, odd)
                who = "one caller" if callers == 1 else f"{callers} callers at once"
                what = f"{name} over HTTP, 50,000 readings of {count:,} sensors, {who}{', with alarms' if odd else ''}"
                figures.append(await _figure(works, what, rows=ROWS * callers, is_promised=True))
    return figures


async def _in_memory() -> list[Figure]:
    """Readings that are in memory already, stored by the use case."""
    figures = []
    for count, rows, odd in ((50, ROWS, 0.0), (1000, ROWS, 0.0), (1000, 1000, 0.0), (50, ROWS, _ODD)):
        async with installation() as place:
            watched, unwatched = [await make_sensors(place, count, name, watched=name == "W") for name in ("W", "U")]
            works = _storing(place, watched, rows, odd), _storing(place, unwatched, rows, odd)
            what = f"in memory, {rows:,} readings of {count:,} sensors{', with alarms' if odd else ''}"
            figures.append(await _figure(works, what, rows=rows, is_promised=False))
    return figures


async def _figure(works: Works, what: str, *, rows: int, is_promised: bool) -> Figure:
    took, limit = await in_turn(*works, runs=_RUNS)
    slower = took / limit - 1
    promise = _PROMISE if is_promised else ""
    kept = not is_promised or slower <= MOST_SLOWER
    return Figure(f"watched, {what} ({slower:+.0%})", rows / took, rows / limit, "rows/s", promise, kept=kept)


def _sending(
    client: httpx.AsyncClient, callers: list[list[UUID]], name: str, odd: float
) -> Callable[[], Awaitable[None]]:
    kind, make, _ = FORMATS[name]
    bodies = zip(*([make(each) for each in _batches(ids, ROWS, odd)] for ids in callers), strict=True)

    async def work() -> None:
        await asyncio.gather(*(send(client, kind, body) for body in next(bodies)))

    return work


def _storing(place: Installation, ids: list[UUID], rows: int, odd: float) -> Callable[[], Awaitable[None]]:
    batches = iter(list(_batches(ids, rows, odd)))

    async def work() -> None:
        await store(place, next(batches))

    return work


def _batches(ids: list[UUID], rows: int, odd: float) -> Iterator[Batch]:
    """What is sent, made beforehand so that only storing is measured."""
    for number in range(_RUNS + 1):
        given, chance = batch(ids, number, rows=rows), np.random.default_rng(number)
        values = 20 + given.which % 50 + chance.normal(0, _NOISE, len(given.which))
        values[chance.random(len(values)) < odd] = 99
        yield Batch(ids, given.which, given.times, values)
