"""Measuring: what a figure is, and how often something is done before its time is believed."""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: a ratio to a limit of the same run, and the promise (if any) that it must keep."""

    what: str
    measured: float
    limit: float
    unit: str
    promise: str = ""
    kept: bool = True

    def __str__(self) -> str:
        ratio = self.measured / self.limit if self.limit else float("nan")
        line = f"{self.what}: {ratio:.2f} of the limit ({self.measured:,.6g} against {self.limit:,.6g} {self.unit})"
        if not self.promise:
            return line
        return f"{line}; promised {self.promise}: {'kept' if self.kept else 'BROKEN'}"


async def seconds(work: Callable[[], Awaitable[object]], *, runs: int = RUNS) -> float:
    """The median time of some work, after one run that is not counted."""
    await work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        await work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


async def in_turn(
    ours: Callable[[], Awaitable[object]], limit: Callable[[], Awaitable[object]], *, runs: int = RUNS
) -> tuple[float, float]:
    """The median times of two kinds of work done in turn, so that a machine that slows down slows both."""
    await ours()
    await limit()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for work, kept in zip((ours, limit), times, strict=True):
            started = time.perf_counter()
            await work()
            kept.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])
