"""A sensor's trace: its readings as lines to draw, interrupted where readings are missing, with every excursion."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.downsample import min_max
from foodflow.numerics.epoch import from_micros
from foodflow.numerics.limits import excursions
from foodflow.plant.queries.readings import Series

BUCKETS = 220
"""Of each of so many spans of time the lowest and the highest reading is drawn."""
GAP_STEPS = 5
"""A step longer than so many times the median step is a gap in the data."""

Point = tuple[int, float]
"""Microseconds since 1970, and the value."""


@dataclass(frozen=True, slots=True)
class TracedExcursion:
    """A run of readings outside the same limit: from its first to its last reading, and the one furthest out.

    `began_before`: the readings drawn begin outside the limit; `goes_on`: the latest reading is still outside.
    """

    start: datetime
    end: datetime
    side: int
    extreme: float
    extreme_at: datetime
    began_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Readings over [start, end], both included; `pieces` are the unbroken runs of those to draw, with every peak.

    `cut`: the span holds more readings than are looked at, so `start` is that of the newest ones.
    """

    start: datetime
    end: datetime
    readings: int
    cut: bool
    pieces: tuple[tuple[Point, ...], ...]
    lowest: Point
    highest: Point
    excursions: tuple[TracedExcursion, ...]


def trace_of(series: Series, *, start: datetime, begins: datetime, cut: bool) -> Trace:
    """The trace of a series that is not empty and holds nothing Bad, asked for from `start` on; the sensor's first
    reading is at `begins`.
    """
    times, values = series.times, series.values
    low, high = int(values.argmin()), int(values.argmax())
    return Trace(
        start=from_micros(times[0]) if cut else max(start, begins),
        end=from_micros(times[-1]),
        readings=len(times),
        cut=cut,
        pieces=_pieces(times, values),
        lowest=(int(times[low]), float(values[low])),
        highest=(int(times[high]), float(values[high])),
        excursions=_excursions(series, older=cut or begins < from_micros(times[0])),
    )


def _pieces(times: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[tuple[Point, ...], ...]:
    gaps = _gaps(times)
    drawn = min_max(times, values, buckets=BUCKETS)
    if len(gaps) <= BUCKETS:  # with more of them, their edges lie closer than can be seen
        drawn = np.union1d(drawn, np.concatenate((gaps, gaps + 1)))
    crossed = np.diff(np.searchsorted(gaps, drawn))
    runs = np.split(drawn, np.flatnonzero(crossed) + 1)
    return tuple(tuple(zip(times[run].tolist(), values[run].tolist(), strict=True)) for run in runs)


def _gaps(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places after which readings are missing."""
    steps = np.diff(times)
    if not len(steps):
        return np.empty(0, np.int64)
    return np.flatnonzero(steps > GAP_STEPS * np.median(steps)).astype(np.int64)


def _excursions(series: Series, *, older: bool) -> tuple[TracedExcursion, ...]:
    found = []
    for run in excursions(series.values, series.breaches):
        within = series.values[run.first : run.last + 1]
        peak = run.first + int(within.argmax() if run.side > 0 else within.argmin())
        found.append(
            TracedExcursion(
                start=from_micros(series.times[run.first]),
                end=from_micros(series.times[run.last]),
                side=run.side,
                extreme=run.extreme,
                extreme_at=from_micros(series.times[peak]),
                began_before=older and run.first == 0,
                goes_on=run.last == len(series.times) - 1,
            )
        )
    return tuple(found)
