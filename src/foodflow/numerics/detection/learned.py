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
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import WARM_UP, Baseline, mean_of_blocks
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Steps
from foodflow.numerics.detection.smoothing import smoothed
from foodflow.numerics.detection.state import KINDS, Records

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

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """What the detector says of each reading, (32, columns).

    `digits`: minus the decimal logarithm of the chance of a reading this unusual, 0 where nothing is learned yet.
    `expected`: what it should have been. `smoothed` (kinds, 32, columns): the statistics, to carry on.
    """

    digits: Matrix
    expected: Matrix
    smoothed: Matrix


def unlikeliness(
    blocks: Blocks, records: Records, baseline: Baseline, *, z: Matrix, means: Matrix, steps: Steps
) -> Learned:
    """How unlikely each reading is; what full blocks teach goes into `records`, in place."""
    raw = _statistics(blocks, records, baseline, z=z, means=means)
    raw[-1] = np.minimum(steps.repeats, _MOST_REPEATS)
    learns = baseline.joins & baseline.ready
    centre, spread, count = _moments(blocks, records, raw, learns)
    excess = _excess(raw, centre, spread)
    rate, mean_excess = _tails(blocks, records, excess, learns)
    digits = np.zeros(z.shape)
    for kind in range(KINDS):
        own = excess[kind] / (mean_excess[kind] * _TEN) - np.log10(KINDS * rate[kind])
        np.maximum(digits, own, out=digits)
    np.minimum(digits, MOST_DIGITS, out=digits)
    digits *= baseline.settled & (count >= READY)
    return Learned(digits, means, raw)


def _statistics(blocks: Blocks, records: Records, baseline: Baseline, *, z: Matrix, means: Matrix) -> Matrix:
    reach = _MOST_OFF * baseline.spread * baseline.ready
    off = np.minimum(np.maximum(blocks.values - means, -reach), reach)
    size = np.minimum(np.abs(z), _MOST_SIZE)
    raw = np.empty((KINDS, *z.shape))
    raw[0] = z
    sources = [(off, share) for share in LEVELS] + [(size, share) for share in SIZES]
    for kind, (source, share) in enumerate(sources, start=1):
        raw[kind] = smoothed(blocks, source, records["smoothed"][:, kind], share=share, fresh=baseline.fresh)
    return raw


def _excess(raw: Matrix, centre: Matrix, spread: Matrix) -> Matrix:
    """How many deviations beyond two each statistic lies from its mean, 0 within."""
    excess = np.empty_like(raw)
    for kind in range(KINDS):
        own = excess[kind]
        np.subtract(raw[kind], centre[kind], out=own)
        np.abs(own, out=own)
        own *= 1 / spread[kind]
        own -= _BEYOND
        np.maximum(own, 0, out=own)
    return excess


def _means(raw: Matrix) -> Matrix:
    """Means over the 32 readings of each block, in one order of addition; (kinds, 32, columns) to (kinds, columns)."""
    means = np.empty((len(raw), raw.shape[2]))
    for kind, own in enumerate(raw):
        means[kind] = mean_of_blocks(own)
    return means


def _moments(
    blocks: Blocks, records: Records, raw: Matrix, learns: NDArray[np.bool_]
) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
    """Mean and deviation of each statistic before each block, (kinds, columns), and from how many blocks."""
    means = np.zeros((KINDS, raw.shape[2]))
    means[-len(SIZES) - 1 :] = _means(raw[-len(SIZES) - 1 :])
    squares = np.stack([mean_of_blocks(own * own) for own in raw])
    centre, variance = np.empty_like(means), np.empty_like(means)
    count = np.empty(means.shape[1], np.int64)
    known_centre, known_square = records["centre"].T.copy(), records["square"].T.copy()
    known_count = records["learned_blocks"].copy()
    for here in blocks.ordinals():
        own = slice(0, here.stop - here.start)
        number = known_count[own]
        centre[:, here], variance[:, here], count[here] = known_centre[:, own], known_square[:, own], number
        if not learns[here].any():
            continue
        share = np.maximum(1 / (number + 1.0), 1 / _MEMORY) * learns[here]
        most = np.where(number < WARM_UP, np.inf, _FAR * known_square[:, own])
        known_square[:, own] += share * (np.minimum(squares[:, here], most) - known_square[:, own])
        known_centre[:, own] += share * (means[:, here] - known_centre[:, own])
        known_count[own] += learns[here]
    records["centre"], records["square"], records["learned_blocks"] = known_centre.T, known_square.T, known_count
    variance -= centre**2
    variance[-1] = np.maximum(variance[-1], 1)
    return centre, np.sqrt(np.maximum(variance, _TINY)), count


def _tails(blocks: Blocks, records: Records, excess: Matrix, learns: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
    """How often each statistic lies beyond two deviations, and how far on average, before each block."""
    counts = np.stack([mean_of_blocks((own > 0).astype(np.float64)) for own in excess])
    sums = np.stack([mean_of_blocks(np.minimum(own, _MOST_EXCESS)) for own in excess])
    rate, total = np.empty_like(sums), np.empty_like(sums)
    known_rate, known_total = records["tail_rate"].T.copy(), records["tail_excess"].T.copy()
    known_count = records["taught_blocks"].copy()
    for here in blocks.ordinals():
        own = slice(0, here.stop - here.start)
        number = known_count[own]
        rate[:, here], total[:, here] = known_rate[:, own], known_total[:, own]
        if not learns[here].any():
            continue
        share = np.maximum(1 / (number + _PRIOR_BLOCKS), 1 / _TAIL_MEMORY) * (learns[here] & (number >= WARM_UP))
        known_rate[:, own] += share * (counts[:, here] - known_rate[:, own])
        known_total[:, own] += share * (sums[:, here] - known_total[:, own])
        known_count[own] += learns[here]
    records["tail_rate"], records["tail_excess"], records["taught_blocks"] = known_rate.T, known_total.T, known_count
    return rate, total / rate
