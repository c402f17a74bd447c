"""Watching: storing readings of sensors that are watched as a new one is, against the same of sensors without rules.

Each sensor has a level of its own with some noise, and now and then a reading outside its limits, in calls of 50,000
readings of few sensors and of many, and of one reading for each of a thousand.
"""

from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import numpy as np

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure, in_turn
from benchmarks.readings import ROWS, Batch, batch, make_sensors, store

MOST_SLOWER = 0.25
_RUNS = 9
_NOISE, _ODD = 0.3, 2e-5


async def run() -> list[Figure]:
    """All figures of watching."""
    figures = []
    for count, rows in ((50, ROWS), (1000, ROWS), (1000, 1000)):
        async with installation() as place:
            watched, unwatched = [await make_sensors(place, count, name, watched=name == "W") for name in ("W", "U")]
            works = (_storing(place, watched, rows), _storing(place, unwatched, rows))
            took, limit = await in_turn(*works, runs=_RUNS)
        slower = took / limit - 1
        what = f"storing {rows:,} readings of {count:,} watched sensors ({slower:+.0%})"
        promise = f"at most {MOST_SLOWER:.0%} slower than unwatched"
        figures.append(Figure(what, rows / took, rows / limit, "rows/s", promise, kept=slower <= MOST_SLOWER))
    return figures


def _storing(place: Installation, ids: list[UUID], rows: int) -> Callable[[], Awaitable[None]]:
    batches = _batches(ids, rows)

    async def work() -> None:
        await store(place, next(batches))

    return work


def _batches(ids: list[UUID], rows: int) -> Iterator[Batch]:
    """Made beforehand, so that only storing is measured."""
    made = []
    for number in range(_RUNS + 1):
        given, chance = batch(ids, number, rows=rows), np.random.default_rng(number)
        values = 20 + given.which % 50 + chance.normal(0, _NOISE, len(given.which))
        values[chance.random(len(values)) < _ODD] = 99
        made.append(Batch(ids, given.which, given.times, values))
    return iter(made)
