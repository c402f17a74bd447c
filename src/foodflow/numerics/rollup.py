"""Roll-ups: what a sensor read in each minute, hour or day, exact however its readings arrive and are put together.

A reading of status Bad is counted and looked at no further; an Uncertain one is taken like a Good one and counted as
uncertain (OPC UA part 13, aggregates with `TreatUncertainAsBad` false). The mean is that of the readings, each with the
same weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
"""Widths of buckets in microseconds; buckets begin at whole multiples of them since 1970 UTC, so days are UTC days."""
UNCERTAIN, BAD = 1, 2
"""The two highest bits of an OPC UA status code."""

_PACKED = np.dtype(
    [
        ("starts", "<i8"),
        ("counts", "<u4"),
        ("uncertain", "<u4"),
        ("bad", "<u4"),
        ("below", "<u4"),
        ("above", "<u4"),
        ("lowest", "<f8"),
        ("highest", "<f8"),
        ("means", "<f8"),
        ("first", "<f8"),
        ("last", "<f8"),
        ("lowest_at", "<u4"),
        ("highest_at", "<u4"),
        ("first_at", "<u4"),
        ("last_at", "<u4"),
    ]
)
_VALUES = ("lowest", "highest", "means", "first", "last")
_TALLIES = ("counts", "uncertain", "bad", "below", "above")
_MOMENTS = ("lowest_at", "highest_at", "first_at", "last_at")
_HUGE = 2.0**900
_EXTRACTIONS = 3

_Columns = dict[str, NDArray[Any]]
"""Some columns of buckets, by name."""


@dataclass(frozen=True, slots=True)
class Rollups:
    """Buckets in order of time, those without any reading left out; all columns of shape (n,).

    `starts` and the moments `…_at` are microseconds since 1970 (int64), tallies int64, values float64. `counts` are
    Good and Uncertain readings together, `bad` those beside them; `below` and `above` are how many of the counted lay
    outside their limits. Where `counts` is 0 the values are NaN and the moments the bucket's start.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    uncertain: NDArray[np.int64]
    bad: NDArray[np.int64]
    below: NDArray[np.int64]
    above: NDArray[np.int64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    means: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    lowest_at: NDArray[np.int64]
    highest_at: NDArray[np.int64]
    first_at: NDArray[np.int64]
    last_at: NDArray[np.int64]

    def __len__(self) -> int:
        """How many buckets there are."""
        return len(self.starts)

    def only(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Rollups":
        """Some of the buckets, in the order in which they are named."""
        return Rollups(*(getattr(self, field.name)[chosen] for field in fields(self)))


def roll_up(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    *,
    breaches: NDArray[np.int16],
    statuses: NDArray[np.uint32],
    width: int,
) -> Rollups:
    """The buckets of `width` microseconds of one series in order of time.

    `times` microseconds since 1970, `values` finite where the status is not Bad, `breaches` -1 below, 1 above the
    limits, `statuses` OPC UA status codes; all of shape (n,). Sums are taken without loss (`_sums`), so a mean is off
    by no more than its rounding. Raises ValueError where times go back.
    """
    if (times[1:] < times[:-1]).any():
        message = "times go back"
        raise ValueError(message)
    quality = statuses >> 30
    is_good = quality < BAD
    buckets = times // width
    begins = _begins(buckets)
    of = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(times)))
    starts = buckets[begins] * width
    each = {"uncertain": quality == UNCERTAIN, "bad": ~is_good, "counts": is_good}
    each |= {"below": is_good & (breaches < 0), "above": is_good & (breaches > 0)}
    tallies = {name: np.bincount(of[mask], minlength=len(begins)).astype(np.int64) for name, mask in each.items()}
    good = np.flatnonzero(is_good)
    found = _of_values(of[good], times[good], values[good])
    return _assembled(starts, tallies, found)


def combine(rollups: Rollups, *, width: int) -> Rollups:
    """The buckets of a coarser (or the same) `width` that buckets in order of time make together; several may be of one
    bucket, as when its readings came in parts, if those parts are in order of time.
    """
    wanted = rollups.starts // width
    begins = _begins(wanted)
    of = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(rollups)))
    starts = wanted[begins] * width
    tallies = {name: _reduced(np.add, getattr(rollups, name), begins) for name in _TALLIES}
    filled = np.flatnonzero(rollups.counts)
    some = rollups.only(filled)
    within = of[filled]
    edges = _begins(within)
    places = within[edges]
    share = some.counts / tallies["counts"][within] if len(filled) else np.empty(0)
    lowest, lowest_at = _extreme(np.minimum, some.lowest, some.lowest_at, edges)
    highest, highest_at = _extreme(np.maximum, some.highest, some.highest_at, edges)
    means = np.clip(_sums(some.means * share, edges), lowest, highest)
    ends = np.append(edges[1:], len(filled)) - 1 if len(edges) else edges
    found: _Columns = {
        "places": places,
        "lowest": lowest,
        "highest": highest,
        "lowest_at": lowest_at,
        "highest_at": highest_at,
    }
    found |= {"means": means, "first": some.first[edges], "first_at": some.first_at[edges]}
    found |= {"last": some.last[ends], "last_at": some.last_at[ends]}
    return _assembled(starts, tallies, found)


def concatenate(parts: Sequence[Rollups]) -> Rollups:
    """All buckets of several, by start; buckets of one start stay in the order of their parts."""
    columns: _Columns = {
        field.name: np.concatenate([np.empty(0, _dtype(field.name)), *(getattr(part, field.name) for part in parts)])
        for field in fields(Rollups)
    }
    return Rollups(**columns).only(np.argsort(columns["starts"], kind="stable"))


def pack(rollups: Rollups) -> bytes:
    """Buckets of at most an hour as bytes, 84 for each, which `unpack` reads also where several are joined."""
    packed = np.empty(len(rollups), _PACKED)
    for name in ("starts", *_TALLIES, *_VALUES):
        packed[name] = getattr(rollups, name)
    for name in _MOMENTS:
        packed[name] = getattr(rollups, name) - rollups.starts
    return packed.tobytes()


def unpack(packed: bytes) -> Rollups:
    """The buckets that `pack` made bytes of, as they come."""
    rows = np.frombuffer(packed, _PACKED)
    starts = rows["starts"].astype(np.int64)
    columns: _Columns = {name: rows[name].astype(_dtype(name)) for name in (*_TALLIES, *_VALUES)}
    columns |= {name: starts + rows[name] for name in _MOMENTS}
    return Rollups(starts=starts, **columns)


def _dtype(name: str) -> type[np.float64] | type[np.int64]:
    return np.float64 if name in _VALUES else np.int64


def _begins(buckets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in an ascending column a new number begins."""
    if not len(buckets):
        return np.empty(0, np.int64)
    return np.concatenate(([0], np.flatnonzero(buckets[1:] != buckets[:-1]) + 1)).astype(np.int64)


def _reduced(how: np.ufunc, column: NDArray[np.int64], begins: NDArray[np.int64]) -> NDArray[np.int64]:
    return how.reduceat(column, begins) if len(begins) else np.empty(0, column.dtype)


def _of_values(of: NDArray[np.int64], times: NDArray[np.int64], values: NDArray[np.float64]) -> _Columns:
    """What the values of each bucket amount to, and in `places` which buckets those are."""
    edges = _begins(of)
    ends = np.append(edges[1:], len(of)) - 1 if len(edges) else edges
    lowest, lowest_at = _extreme(np.minimum, values, times, edges)
    highest, highest_at = _extreme(np.maximum, values, times, edges)
    sizes = np.diff(edges, append=len(of))
    means = np.clip(_sums(values, edges, over=sizes), lowest, highest)
    return {
        "places": of[edges],
        "lowest": lowest,
        "lowest_at": lowest_at,
        "highest": highest,
        "highest_at": highest_at,
        "means": means,
        "first": values[edges],
        "first_at": times[edges],
        "last": values[ends],
        "last_at": times[ends],
    }


def _extreme(
    how: np.ufunc, values: NDArray[np.float64], times: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The extreme of each run of values that begins at an edge, and the first moment at which it was reached."""
    if not len(edges):
        return np.empty(0), np.empty(0, np.int64)
    found = how.reduceat(values, edges)
    of = np.repeat(np.arange(len(edges)), np.diff(edges, append=len(values)))
    hits = np.flatnonzero(values == found[of])
    return found, times[hits[_begins(of[hits])]]


def _sums(
    values: NDArray[np.float64], edges: NDArray[np.int64], *, over: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """The sum of each run of values that begins at an edge, divided by `over`.

    Values are cut at a power of two that is larger than the run's sum can be, so that adding the upper parts rounds
    nothing; what is left is cut again, three times in all (Rump, Ogita, Oishi: Accurate floating-point summation, part
    I, SIAM J. Sci. Comput. 31(1), 2008, `ExtractVector`). Each cut takes 52 bits less the logarithm of the count.
    """
    if not len(edges):
        return np.empty(0)
    sizes = np.diff(edges, append=len(values))
    peaks = np.maximum.reduceat(np.abs(values), edges)
    scales = np.where(peaks > _HUGE, 2.0**-100, 1.0)
    rest = values * np.repeat(scales, sizes)
    room = np.exp2(np.ceil(np.log2(sizes + 2)))
    _, exponent = np.frexp(peaks * scales)
    cut = room * np.ldexp(1.0, exponent)
    parts = []
    for _ in range(_EXTRACTIONS):
        bound = np.repeat(cut, sizes)
        upper = (bound + rest) - bound
        rest -= upper
        parts.append(np.add.reduceat(upper, edges))
        cut = cut * room * np.finfo(np.float64).eps
    total = np.add.reduceat(rest, edges)
    for part in reversed(parts):
        total += part
    result: NDArray[np.float64] = total / (1 if over is None else over) / scales
    return result


def _assembled(starts: NDArray[np.int64], tallies: _Columns, found: _Columns) -> Rollups:
    """Buckets of tallies, with what was found of the values of some of them."""
    columns: _Columns = {name: np.full(len(starts), np.nan) for name in _VALUES}
    columns |= {name: starts.copy() for name in _MOMENTS}
    for name, column in columns.items():
        column[found["places"]] = found[name]
    return Rollups(starts=starts, **tallies, **columns)
