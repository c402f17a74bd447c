"""A sensor's trace: its readings as lines to draw, interrupted where readings are missing, with every excursion."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.downsample import min_max
from foodflow.numerics.epoch import from_micros
from foodflow.numerics.limits import excursions
from foodflow.numerics.rollup import Rollups
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
        pieces=_pieces(times, values, _gaps(times)),
        lowest=(int(times[low]), float(values[low])),
        highest=(int(times[high]), float(values[high])),
        excursions=_excursions(series, older=cut or begins < from_micros(times[0])),
    )


def trace_of_rollups(rollups: Rollups, *, width: int, start: datetime, begins: datetime, last_breach: int) -> Trace:
    """The trace of roll-ups with any reading, as exact as that of the readings in what can be seen: the lowest and the
    highest of each bucket stand at their own moments. An excursion goes over whole buckets, and ends with the latest
    reading if that lies outside the same limit (`last_breach`).
    """
    found = rollups.only(rollups.counts > 0)
    moments = (found.first_at, found.lowest_at, found.highest_at, found.last_at)
    times, places = np.unique(np.concatenate(moments), return_index=True)
    values = np.concatenate((found.first, found.lowest, found.highest, found.last))[places]
    low, high = int(found.lowest.argmin()), int(found.highest.argmax())
    missing = np.flatnonzero(found.first_at[1:] - found.last_at[:-1] > GAP_STEPS * np.median(width / found.counts))
    return Trace(
        start=max(start, begins),
        end=from_micros(times[-1]),
        readings=int(found.counts.sum()),
        cut=False,
        pieces=_pieces(times, values, np.searchsorted(times, found.last_at[missing])),
        lowest=(int(found.lowest_at[low]), float(found.lowest[low])),
        highest=(int(found.highest_at[high]), float(found.highest[high])),
        excursions=_excursions_of_rollups(found, older=begins < from_micros(times[0]), last_breach=last_breach),
    )


def _pieces(
    times: NDArray[np.int64], values: NDArray[np.float64], gaps: NDArray[np.int64]
) -> tuple[tuple[Point, ...], ...]:
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


def _excursions_of_rollups(found: Rollups, *, older: bool, last_breach: int) -> tuple[TracedExcursion, ...]:
    """Buckets after each other that have readings outside the same limit are one excursion."""
    told = []
    for side, outside in ((-1, found.below), (1, found.above)):
        for run in excursions(np.zeros(len(found)), np.where(outside > 0, side, 0).astype(np.int16)):
            within = found.only(slice(run.first, run.last + 1))
            values, at = (within.highest, within.highest_at) if side > 0 else (within.lowest, within.lowest_at)
            peak = int((values * side).argmax())
            told.append(
                TracedExcursion(
                    start=from_micros(within.first_at[0]),
                    end=from_micros(within.last_at[-1]),
                    side=side,
                    extreme=float(values[peak]),
                    extreme_at=from_micros(at[peak]),
                    began_before=older and run.first == 0,
                    goes_on=run.last == len(found) - 1 and side == last_breach,
                )
            )
    return tuple(sorted(told, key=lambda one: (one.start, one.end)))
