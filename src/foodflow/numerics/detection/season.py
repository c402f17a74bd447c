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

from foodflow.numerics.detection.baseline import Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK, HOURS, Records
from foodflow.numerics.detection.summaries import Summary, moderate, within

HOUR: Final = 3_600_000_000
_DAY_HOURS: Final = 24
_MOST_VISITS: Final = 10.0
_MET_BEFORE: Final = 0.75
_ENOUGH_HOURS: Final = 48.0
_MEMORY_HOURS: Final = 120.0
_GAIN: Final = 0.6
_WINSOR: Final = 3.0
_TINY: Final = 1e-12

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Expected:
    """What each reading should be: the level, but in the `columns` (k,) where a profile is believed: there it is
    `means` (32, k).
    """

    level: Column
    columns: NDArray[np.intp]
    means: Matrix

    def at(self, columns: NDArray[np.intp]) -> Matrix:
        """In some blocks, rising, (32, k)."""
        means = np.broadcast_to(self.level[columns], (BLOCK, len(columns))).copy()
        _, own, here = np.intersect1d(self.columns, columns, assume_unique=True, return_indices=True)
        means[:, here] = self.means[:, own]
        return means


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Each block's readings by place in the profile, (columns, 1, 2 or 48): how many, twice the sum, and squares, all
    about the middle. `local` (32, columns) is the piece of each reading; None where all are of the first.
    """

    places: NDArray[np.int64]
    middle: Column
    counts: Matrix
    twice_sums: Matrix
    squares: Matrix
    hours: Column
    local: NDArray[np.int64] | None


@dataclass(slots=True)
class _Learning:
    """What is to be learned from each block whatever the profile says, (columns,) or (columns, pieces).

    `met`: how many readings are of hours that were met before, and how many in all (`number`, at least one);
    `share`: of the block in the errors; `gain`: of its means in the profile; `free`: infinite where an hour may move as
    it likes.
    """

    visits: NDArray[np.float32]
    met: Matrix
    number: Column
    share: Column
    gain: Matrix
    free: Matrix
    hours_before: Column


@dataclass(slots=True)
class _Course:
    """What the profile said before each block, (columns, pieces), and its error and that of the level, (columns,)."""

    season: Matrix
    season_error: Column
    level_error: Column


def hour_of(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place in the profile of moments in microseconds: 0 to 23 on workdays, 24 to 47 at weekends."""
    hours = times // HOUR
    weekday = (hours // _DAY_HOURS + 3) % 7
    return hours % _DAY_HOURS + np.where(weekday >= 5, _DAY_HOURS, 0)  # noqa: PLR2004 - Saturday


def expected(blocks: Blocks, records: Records, baseline: Baseline, summary: Summary) -> Expected:
    """What each reading should be by the profile or, where none is believed, the level.

    Learns the full blocks into `records`, in place.
    """
    pieces = _pieces(blocks, summary)
    learning = _learning(blocks, records, pieces)
    course = _go_through(blocks, records, pieces, learning=learning, baseline=baseline)
    helps = course.season_error < _GAIN * course.level_error
    columns = np.flatnonzero(helps & (learning.hours_before >= _ENOUGH_HOURS))
    local = np.zeros((BLOCK, len(columns)), np.int64) if pieces.local is None else pieces.local[:, columns]
    profile = np.take_along_axis(course.season[columns], local.T, axis=1).T
    visits = np.take_along_axis(learning.visits[columns], local.T, axis=1).T
    means = np.where(visits >= _MET_BEFORE, profile, baseline.level[columns])
    return Expected(baseline.level, columns, means)


def _pieces(blocks: Blocks, summary: Summary) -> _Pieces:
    """A block lies in one piece, in two where it begins in one hour and ends in the next, and in any of 48 where it
    lasts longer; all have as many as the longest one needs.
    """
    columns, values = len(blocks.sensor), blocks.values
    if not within(summary.least, summary.greatest):
        values = moderate(values)
    middle = values[BLOCK // 2].copy()
    about = values - middle
    time = blocks.times[-1] - blocks.times[0]
    wide, local = 1, None
    if (time <= HOUR).all():
        begin, end = hour_of(blocks.times[0]), hour_of(blocks.times[-1])
        mixed = begin != end
        named = begin[:, None]
        if mixed.any():
            wide, named = 2, np.stack((begin, np.where(mixed, end, (begin + 1) % HOURS)), axis=1)
            local = np.zeros(values.shape, np.int64)
            local[:, mixed] = hour_of(blocks.times[:, mixed]) != begin[mixed]
    else:
        wide, local = HOURS, hour_of(blocks.times)
        named = np.broadcast_to(np.arange(HOURS), (columns, HOURS))
    counts, sums, squares = _parted(about, local, wide)
    return _Pieces(named, middle, counts, 2 * sums, squares, np.minimum(time / (BLOCK - 1) / HOUR, 1), local)


def _parted(about: Matrix, local: NDArray[np.int64] | None, wide: int) -> tuple[Matrix, Matrix, Matrix]:
    """Counts, sums and sums of squares of each piece of each block, added up in the order of time."""
    columns = about.shape[1]
    if local is None and columns > 1:
        parts = np.zeros((3, columns, wide))
        parts[0, :, 0] = BLOCK
        # Over all but the fast axis NumPy adds one row after the other.
        np.add.reduce(about, axis=0, out=parts[1, :, 0])
        np.add.reduce(about * about, axis=0, out=parts[2, :, 0])
        return parts[0], parts[1], parts[2]
    keys = np.arange(columns) * wide + (np.zeros(about.shape, np.int64) if local is None else local)
    flat, keys = about.ravel(), keys.ravel()
    counts, sums, squares = (
        np.bincount(keys, weights, columns * wide).reshape(columns, wide).astype(np.float64)
        for weights in (None, flat, flat * flat)
    )
    return counts, sums, squares


def _learning(blocks: Blocks, records: Records, pieces: _Pieces) -> _Learning:
    """What follows from how often the hours were met, which moves along in `records`."""
    full = blocks.full
    weight = pieces.counts * (pieces.hours * full)[:, None]
    places = pieces.places + (blocks.sensor * HOURS)[:, None]
    visits: NDArray[np.float32] = np.empty(weight.shape, np.float32)
    known = records["visits"].ravel()
    for here in blocks.ordinals():
        own = known.take(places[here])
        visits[here] = own
        known.put(places[here], np.minimum(own + weight[here], _MOST_VISITS))
    records["visits"] = known.reshape(-1, HOURS)
    was_met = visits >= _MET_BEFORE
    met = pieces.counts * (was_met & full[:, None])
    number = _total(met)
    hours = number * pieces.hours
    hours_before, total = np.empty(len(hours)), records["season_hours"].copy()
    for here in blocks.ordinals():
        sum_of_hours = total[: here.stop - here.start]
        hours_before[here] = sum_of_hours
        np.minimum(sum_of_hours + hours[here], _MEMORY_HOURS, out=sum_of_hours)
    records["season_hours"] = total
    return _Learning(
        visits,
        met,
        np.maximum(number, 1),
        share=hours / (hours_before + hours + _TINY),
        gain=weight / (visits + weight + _TINY),
        free=np.where(was_met, 0, np.inf),
        hours_before=hours_before,
    )


def _go_through(
    blocks: Blocks, records: Records, pieces: _Pieces, *, learning: _Learning, baseline: Baseline
) -> _Course:
    """Learn block after block, in place: first how wrong the profile was, then the profile."""
    known, errors = records["season"].ravel(), records["season_error"].copy()
    course = _Course(
        np.empty(pieces.twice_sums.shape),
        np.empty(len(blocks.sensor)),
        _level_errors(blocks, records, pieces, learning=learning, baseline=baseline),
    )
    places = pieces.places + (blocks.sensor * HOURS)[:, None]
    middle = pieces.middle[:, None]
    target = pieces.twice_sums / (2 * np.maximum(pieces.counts, 1)) + middle
    is_met = (learning.met > 0).astype(np.float64)
    shifts = bool(baseline.shift.any())
    for here in blocks.ordinals():
        own = errors[: here.stop - here.start]
        season = known.take(places[here])
        course.season[here], course.season_error[here] = season, own
        wrong = _wrong(pieces, here, season - middle[here])
        wrong *= is_met[here]
        own += learning.share[here] * (_total(wrong) / learning.number[here] - own)
        reach = (_WINSOR * np.sqrt(own))[:, None] + learning.free[here]
        moves = target[here] - season
        np.minimum(np.maximum(moves, -reach, out=moves), reach, out=moves)
        moves *= learning.gain[here]
        moves += season
        known.put(places[here], moves)
        if shifts and baseline.shift[here].any():
            known.reshape(-1, HOURS)[: here.stop - here.start] += baseline.shift[here][:, None]
    records["season"], records["season_error"] = known.reshape(-1, HOURS), errors
    return course


def _level_errors(
    blocks: Blocks, records: Records, pieces: _Pieces, *, learning: _Learning, baseline: Baseline
) -> Column:
    """The mean square error of the level before each block, which moves along in `records`."""
    away = (baseline.level - pieces.middle)[:, None]
    wrong = _total(_wrong(pieces, slice(None), away) * (learning.met > 0)) / learning.number
    before, known = np.empty(len(wrong)), records["level_error"].copy()
    for here in blocks.ordinals():
        own = known[: here.stop - here.start]
        before[here] = own
        own += learning.share[here] * (wrong[here] - own)
    records["level_error"] = known
    return before


def _wrong(pieces: _Pieces, here: slice, away: Matrix) -> Matrix:
    """The sums of squares about another value than the middle, `away` from it."""
    return pieces.squares[here] - away * pieces.twice_sums[here] + pieces.counts[here] * away**2


def _total(matrix: Matrix) -> Column:
    """Sums of rows of 1, 2 or 48, in one order of addition."""
    if matrix.shape[1] == HOURS:
        third = HOURS // 3
        matrix = matrix[:, :third] + matrix[:, third : 2 * third] + matrix[:, 2 * third :]
    while matrix.shape[1] > 1:
        half = matrix.shape[1] // 2
        matrix = matrix[:, :half] + matrix[:, half:]
    total: Column = matrix[:, 0]
    return total
