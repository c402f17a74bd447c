"""The learned detector: how unlikely the latest readings are, given the level, season and scatter learned so far.

Statistics of each reading: the residual of the one-step prediction (a spike); exponentially weighted means of the
deviations from level or season, quick and slow (a wrong level); and of the sizes of residuals (a burst, or a silence of
the noise). Each is standardised by its own learned mean and deviation. The chance of what lies beyond two deviations is
that of peaks over a threshold with an exponential tail, q exp(−(s − 2) / m), with the rate q and the mean excess m
learned as well (Pickands 1975; Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", 2017), so that
a sensor with heavy tails is not an alarm each day. Besides, a value that repeats n times has the chance r^n, r being
the learned share of repeats. The chance of a reading is the least of all, times how many they are. Blocks that do not
join the baseline are not learned from.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import WARM_UP, Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.season import Expected
from foodflow.numerics.detection.smoothing import smoothed
from foodflow.numerics.detection.state import BLOCK, KINDS, Records
from foodflow.numerics.detection.strides import Repeats
from foodflow.numerics.detection.summaries import mean_of_blocks

# An alarm from here on: with one reading in ten thousand the first of something wrong, as likely real as not.
LEARNED_DIGITS: Final = 4.0
MOST_DIGITS: Final = 30.0
READY: Final = 8
# Which statistics are means of deviations, and which of sizes, with the share of the newest reading.
LEVELS: Final = (1 / 8, 1 / 32)
SIZES: Final = (1 / 16, 1 / 64)

_MOST_OFF: Final = 16.0
_MOST_SIZE: Final = 8.0
_MOST_REPEATS: Final = 1e6
_MEMORY: Final = 100
_TAIL_MEMORY: Final = 300
_BEYOND: Final = 2.0
_MOST_EXCESS: Final = 8.0
_PRIOR_BLOCKS: Final = 30.0
_FAR: Final = 9.0
_TINY: Final = 1e-300
_TEN: Final = float(np.log(10))

# The first three kinds are of deviations about what is expected, so their means are taken to be nothing.
_CENTRED: Final = KINDS - len(SIZES) - 1

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """What the detector says of each reading, (32, columns).

    `digits`: minus the decimal logarithm of the chance of a reading this unusual, 0 where nothing is learned yet.
    `expected`: what it should have been.
    """

    digits: Matrix
    expected: Matrix


@dataclass(frozen=True, slots=True)
class Unlikeliness:
    """What the detector knows of all readings: `statistics` (32, kinds, columns); and of those that lie beyond two
    deviations from their mean, where enough is known, at which `places` of which `columns` they do, and the `digits` of
    the chance of that, all of shape (n,).
    """

    statistics: Matrix
    places: NDArray[np.intp]
    columns: NDArray[np.intp]
    digits: Column

    def at(self, columns: NDArray[np.intp], expected: Expected) -> Learned:
        """What the detector says of the readings of some blocks, in rising order."""
        own = np.full(self.statistics.shape[2], -1)
        own[columns] = np.arange(len(columns))
        here = np.flatnonzero(own[self.columns] >= 0)
        digits = np.zeros((BLOCK, len(columns)))
        np.maximum.at(digits, (self.places[here], own[self.columns[here]]), self.digits[here])
        return Learned(digits, expected.at(columns))

    def passes(self, blocks: Blocks, digits: Column) -> NDArray[np.intp]:
        """The blocks in which any reading has so many digits, (columns,)."""
        is_so = (self.digits >= digits[self.columns]) & (self.places < blocks.fill[self.columns])
        return np.unique(self.columns[is_so])


def unlikeliness(
    blocks: Blocks, records: Records, baseline: Baseline, *, z: Matrix, off: Matrix, repeats: Repeats
) -> Unlikeliness:
    """How unlikely each reading is; what full blocks teach goes into `records`, in place. `off` (32, columns): how far
    readings lie from what was expected of them.
    """
    statistics = _statistics(blocks, records, baseline, z=z, off=off)
    statistics[:, -1] = 0
    statistics[:, -1, repeats.columns] = np.minimum(repeats.counts, _MOST_REPEATS)
    learns = baseline.joins & baseline.ready
    centre, spread, count = _moments(blocks, records, statistics, learns)
    beyond = _beyond(statistics, centre, spread)
    rate, mean_excess = _tails(blocks, records, beyond, learns)
    columns = beyond.which % len(learns)
    judged = np.flatnonzero((baseline.settled & (count >= READY))[columns])
    usual, rare = (mean_excess * _TEN).ravel(), np.log10(KINDS * rate).ravel()
    which = beyond.which[judged]
    digits = np.minimum(beyond.excess[judged] / usual[which] - rare[which], MOST_DIGITS)
    return Unlikeliness(statistics, beyond.where[judged] // statistics[0].size, columns[judged], digits)


def _statistics(blocks: Blocks, records: Records, baseline: Baseline, *, z: Matrix, off: Matrix) -> Matrix:
    reach = _MOST_OFF * baseline.spread * baseline.ready
    found = np.empty((BLOCK, KINDS, z.shape[1]))
    found[:, 0] = z
    means = found[:, 1:-1]
    given = np.maximum(off, -reach)
    np.minimum(given, reach, out=given)
    for kind, share in enumerate(LEVELS):
        np.multiply(given, share, out=means[:, kind])
    np.minimum(np.abs(z, out=given), _MOST_SIZE, out=given)
    for kind, share in enumerate(SIZES, len(LEVELS)):
        np.multiply(given, share, out=means[:, kind])
    carried = records["smoothed"].T[1:-1]
    whole = smoothed(blocks, means, carried, shares=(*LEVELS, *SIZES), fresh=baseline.fresh)
    carried_on = np.empty_like(whole.before)
    for place in range(BLOCK):
        means[place] += np.multiply(whole.fading[place], whole.before, out=carried_on)
    return found


class _Beyond(NamedTuple):
    """The statistics that lie more than two deviations from their mean: where among all of them, of which kind and
    block, and by how many deviations more, all of shape (n,).
    """

    where: NDArray[np.intp]
    which: NDArray[np.intp]
    excess: Column


def _beyond(statistics: Matrix, centre: Matrix, spread: Matrix) -> _Beyond:
    reach = _BEYOND * spread
    where = np.flatnonzero((statistics > centre + reach) | (statistics < centre - reach))
    which = where % centre.size
    away = np.abs(statistics.ravel()[where] - centre.ravel()[which])
    return _Beyond(where, which, np.maximum(away / spread.ravel()[which] - _BEYOND, 0))


def _moments(
    blocks: Blocks, records: Records, statistics: Matrix, learns: NDArray[np.bool_]
) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
    """Mean and deviation of each statistic before each block, (kinds, columns), and from how many blocks."""
    means = np.zeros(statistics.shape[1:])
    means[_CENTRED:] = mean_of_blocks(statistics[:, _CENTRED:])
    squares = np.einsum("pkc,pkc->kc", statistics, statistics) / BLOCK
    centre, variance = np.empty_like(means), np.empty_like(means)
    count = _counted(blocks, records, "learned_blocks", learns)
    share = np.maximum(1 / (count + 1.0), 1 / _MEMORY) * learns
    free = np.where(count < WARM_UP, np.inf, 0)
    known_centre, known_square = records["centre"].T.copy(), records["square"].T.copy()
    for here in blocks.ordinals():
        own_centre, own_square = (each[:, : here.stop - here.start] for each in (known_centre, known_square))
        centre[:, here], variance[:, here] = own_centre, own_square
        most = _FAR * own_square + free[here]
        np.minimum(squares[:, here], most, out=most)
        own_square += share[here] * (most - own_square)
        own_centre += share[here] * (means[:, here] - own_centre)
    records["centre"], records["square"] = known_centre.T, known_square.T
    variance -= centre**2
    variance[-1] = np.maximum(variance[-1], 1)
    return centre, np.sqrt(np.maximum(variance, _TINY)), count


def _tails(blocks: Blocks, records: Records, beyond: _Beyond, learns: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
    """How often each statistic lies beyond two deviations, and how far on average, before each block: (kinds, columns)
    each.
    """
    weights = (None, np.minimum(beyond.excess, _MOST_EXCESS))
    totals = [np.bincount(beyond.which, each, KINDS * len(learns)).reshape(KINDS, -1) for each in weights]
    seen, before = np.concatenate(totals) / BLOCK, np.empty((2 * KINDS, len(learns)))
    number = _counted(blocks, records, "taught_blocks", learns)
    share = np.maximum(1 / (number + _PRIOR_BLOCKS), 1 / _TAIL_MEMORY) * (learns & (number >= WARM_UP))
    known = np.concatenate((records["tail_rate"].T, records["tail_excess"].T))
    for here in blocks.ordinals():
        own = known[:, : here.stop - here.start]
        before[:, here] = own
        own += share[here] * (seen[:, here] - own)
    records["tail_rate"], records["tail_excess"] = known[:KINDS].T, known[KINDS:].T
    return before[:KINDS], before[KINDS:] / before[:KINDS]


def _counted(blocks: Blocks, records: Records, name: str, learns: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many blocks were learned from before each block, (columns,), which moves along in `records`."""
    known = records[name].astype(np.int64)
    if learns.all():
        records[name] = known + np.bincount(blocks.sensor)
        return known[blocks.sensor] + blocks.ordinal
    before = np.empty(len(learns), np.int64)
    for here in blocks.ordinals():
        own = known[: here.stop - here.start]
        before[here] = own
        own += learns[here]
    records[name] = known
    return before
