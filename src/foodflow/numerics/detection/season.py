"""What time of day has to do with a value: an hourly profile of workdays and one of weekends, learned as days pass.

48 means (24 hours of Monday to Friday, 24 of Saturday and Sunday, all UTC), each an average over its first ten visits
and an exponential one after that; a visit is an hour's worth of readings. The profile is believed while its squared
error, made before learning from the reading, is below 0.6 times that of the plain level, both averaged over about five
days, and after two days' worth of hours have been met a second time.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import MOST, Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK, HOURS, Records

HOUR: Final = 3_600_000_000
_DAY_HOURS: Final = 24
_MOST_VISITS: Final = 10.0
_MET_BEFORE: Final = 0.75
_ENOUGH_HOURS: Final = 48.0
_MEMORY_HOURS: Final = 120.0
_GAIN: Final = 0.6
_WINSOR: Final = 3.0
_TINY: Final = 1e-12

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Each block's readings by place in the profile, (columns, 2 or 48): how many, sum and squares about the middle."""

    places: NDArray[np.int64]
    middle: Matrix
    counts: Matrix
    sums: Matrix
    squares: Matrix
    hours: NDArray[np.float64]


def hour_of(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place in the profile of moments in microseconds: 0 to 23 on workdays, 24 to 47 at weekends."""
    hours = times // HOUR
    weekday = (hours // _DAY_HOURS + 3) % 7
    return hours % _DAY_HOURS + np.where(weekday >= 5, _DAY_HOURS, 0)  # noqa: PLR2004 - Saturday


def expected(blocks: Blocks, records: Records, baseline: Baseline) -> Matrix:
    """What each reading should be by the profile or, where none is believed, the level, (32, columns).

    Learns the full blocks into `records`, in place.
    """
    places = hour_of(blocks.times)
    pieces = _pieces(blocks, places)
    full = blocks.fill == BLOCK
    means = np.broadcast_to(baseline.level, blocks.values.shape).copy()
    for here in blocks.ordinals():
        known = records[: here.stop - here.start]
        believed = _is_believed(known)
        if believed.any():
            hours = places[:, here].T
            profile = np.take_along_axis(known["season"], hours, axis=1).T
            visits = np.take_along_axis(known["visits"], hours, axis=1).T
            means[:, here] = np.where(believed & (visits >= _MET_BEFORE), profile, means[:, here])
        if full[here].any():
            _carry_on(known, pieces, here, full=full[here], baseline=baseline)
    return means


def _is_believed(known: Records) -> NDArray[np.bool_]:
    helps: NDArray[np.bool_] = known["season_error"] < _GAIN * known["level_error"]
    return helps & (known["season_hours"] >= _ENOUGH_HOURS)


def _pieces(blocks: Blocks, places: NDArray[np.int64]) -> _Pieces:
    """Blocks that last an hour at most lie in two pieces; all in as many columns as the longest block needs."""
    columns = places.shape[1]
    values = np.minimum(np.maximum(blocks.values, -MOST), MOST)
    middle = values[BLOCK // 2]
    about = (values - middle).ravel()
    time = blocks.times[-1] - blocks.times[0]
    if (time <= HOUR).all():
        wide = 2
        is_second = places != places[0]
        first, second = places[0], np.where(is_second[-1], places[-1], (places[0] + 1) % HOURS)
        named, local = np.stack((first, second), axis=1), is_second.astype(np.int64)
    else:
        wide = HOURS
        named, local = np.broadcast_to(np.arange(HOURS), (columns, HOURS)), places
    keys = (local + np.arange(columns) * wide).ravel()
    counts, sums, squares = (
        np.bincount(keys, weights, columns * wide).reshape(columns, wide).astype(np.float64)
        for weights in (None, about, about * about)
    )
    return _Pieces(named, middle[:, None], counts, sums, squares, np.minimum(time / (BLOCK - 1) / HOUR, 1))


def _carry_on(known: Records, pieces: _Pieces, here: slice, *, full: NDArray[np.bool_], baseline: Baseline) -> None:
    """Learn one block of each sensor, in place: first how wrong the profile was, then the profile."""
    places, middle, counts, sums = pieces.places[here], pieces.middle[here], pieces.counts[here], pieces.sums[here]
    visits, season = (np.take_along_axis(known[name], places, axis=1) for name in ("visits", "season"))
    was_met = visits >= _MET_BEFORE
    met = counts * (was_met & full[:, None])
    number = _total(met)
    hours = number * pieces.hours[here]
    share = hours / (known["season_hours"] + hours + _TINY)
    for name, centre in (("season_error", season), ("level_error", baseline.level[here][:, None])):
        away = centre - middle
        wrong = (pieces.squares[here] - 2 * away * sums + counts * away**2) * (met > 0)
        known[name] += share * (_total(wrong) / np.maximum(number, 1) - known[name])
    known["season_hours"] = np.minimum(known["season_hours"] + hours, _MEMORY_HOURS)
    weight = counts * (pieces.hours[here] * full)[:, None]
    reach = np.where(was_met, _WINSOR * np.sqrt(known["season_error"])[:, None], np.inf)
    moves = np.minimum(np.maximum(sums / np.maximum(counts, 1) + middle - season, -reach), reach)
    season = season + weight / (visits + weight + _TINY) * moves
    np.put_along_axis(known["season"], places, season, axis=1)
    np.put_along_axis(known["visits"], places, np.minimum(visits + weight, _MOST_VISITS), axis=1)
    if baseline.shift[here].any():
        known["season"] += baseline.shift[here][:, None]


def _total(matrix: Matrix) -> NDArray[np.float64]:
    """Sums of rows of 2 or 48, in one order of addition."""
    if matrix.shape[1] == HOURS:
        third = HOURS // 3
        matrix = matrix[:, :third] + matrix[:, third : 2 * third] + matrix[:, 2 * third :]
    while matrix.shape[1] > 1:
        half = matrix.shape[1] // 2
        matrix = matrix[:, :half] + matrix[:, half:]
    total: NDArray[np.float64] = matrix[:, 0]
    return total
