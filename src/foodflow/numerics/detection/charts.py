"""Control charts of residuals: EWMA, CUSUM, and the run rules of Western Electric and Nelson.

EWMA: E(t) = (1 − λ) E(t−1) + λ z(t), λ = 0.1, raised beyond 5 σ √(λ / (2 − λ)) (Roberts 1959; Montgomery, "Introduction
to Statistical Quality Control", chapter 9). CUSUM: S(t) = min(2h, max(0, S(t−1) + z(t) − k)), and the same downwards,
k = 0.5, raised beyond h = 12 (Page 1954). Single outliers count four sigmas in both. The run rules are those of the
Western Electric handbook (1956) and of Nelson, "The Shewhart Control Chart: Tests for Special Causes" (1984).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.clamping import Clamped, clamped
from foodflow.numerics.detection.findings import BITS, Rule
from foodflow.numerics.detection.latest import Latest, latest, latest_within
from foodflow.numerics.detection.smoothing import Smoothed, smoothed
from foodflow.numerics.detection.state import BLOCK, NEVER, PAST, Records
from foodflow.numerics.detection.strides import SECOND, Strides

LAMBDA: Final = 0.1
EWMA_LIMIT: Final = 5 * (LAMBDA / (2 - LAMBDA)) ** 0.5
SLACK: Final = 0.5
CUSUM_LIMIT: Final = 12.0
WINDOWS: Final = {
    Rule.WESTERN_ELECTRIC_1: 1,
    Rule.WESTERN_ELECTRIC_2: 3,
    Rule.WESTERN_ELECTRIC_3: 5,
    Rule.WESTERN_ELECTRIC_4: 8,
    Rule.NELSON_2: 9,
    Rule.NELSON_3: 6,
    Rule.NELSON_4: 14,
    Rule.NELSON_7: 15,
    Rule.NELSON_8: 8,
}

_WINSOR: Final = 4.0
_PAUSE: Final = 8.0
_MOST: Final = 1e6
_ROUNDING: Final = 1e-6
_BEYOND_1, _BEYOND_2, _BEYOND_3 = 2, 3, 4
_NEAR_ZERO: Final = 0.25

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]
Moments = NDArray[np.int64]


def residuals(blocks: Blocks, baseline: Baseline, strides: Strides) -> tuple[Matrix, Matrix]:
    """How far readings lie from the level, and what a one-step prediction leaves of that in sigmas, both (32, columns);
    0 where nothing is learned yet.

    After a pause of more than eight usual intervals the prediction is the level, and the sigma that of the readings
    themselves.
    """
    off = blocks.values - baseline.level
    z = np.empty_like(off)
    np.multiply(baseline.correlation, off[:-1], out=z[1:])
    np.multiply(baseline.correlation, strides.value_before - baseline.level, out=z[0])
    np.subtract(off, z, out=z)
    z *= np.where(baseline.ready, 1 / np.where(baseline.sigma > 0, baseline.sigma, 1), 0)
    pause = _PAUSE * baseline.interval
    paused = np.flatnonzero((strides.longest > pause) & baseline.ready)
    if len(paused):
        after = strides.micros[:, paused] / SECOND > pause[paused]
        spread = baseline.spread[paused]
        z[:, paused] = np.where(after, off[:, paused] / np.where(spread > 0, spread, 1), z[:, paused])
    if not max(z.max(), -z.min()) <= _MOST:  # also where it is no number
        np.minimum(np.maximum(z, -_MOST, out=z), _MOST, out=z)
    return off, z


@dataclass(frozen=True, slots=True)
class Drift:
    """The statistics of both drift charts, (32, columns), over `blocks`; `carried` (sensors, 3): when CUSUM up, CUSUM
    down and EWMA were last about zero before them, in microseconds.
    """

    up: Matrix
    down: Matrix
    ewma: Matrix
    blocks: Blocks
    carried: Moments

    def up_zero(self) -> Latest:
        """When CUSUM up was last zero."""
        return latest(self.blocks, self.up <= 0, self.carried[:, 0])

    def down_zero(self) -> Latest:
        """When CUSUM down was last zero."""
        return latest(self.blocks, self.down <= 0, self.carried[:, 1])

    def ewma_zero(self) -> Latest:
        """When EWMA was last about zero."""
        return latest(self.blocks, _is_about_zero(self.ewma), self.carried[:, 2])


@dataclass(frozen=True, slots=True)
class Charts:
    """Both drift charts over all blocks; what they say at each reading is worked out where somebody asks for it."""

    cusum: Clamped
    ewma: Smoothed

    def passes(self, blocks: Blocks, cusum: Column, ewma: Column) -> NDArray[np.intp]:
        """The blocks in which a statistic passes its limit, (columns,) each."""
        may = (self.cusum.reach().max(axis=0) + _ROUNDING > cusum) | (self.ewma.reach()[0] + _ROUNDING > ewma)
        columns = np.flatnonzero(may)
        if not len(columns):
            return columns
        there = blocks.are_there(columns)
        passes = ((self.cusum.at(columns).max(axis=1) > cusum[columns]) & there).any(axis=0)
        passes |= ((np.abs(self.ewma.at(columns)[:, 0]) > ewma[columns]) & there).any(axis=0)
        found: NDArray[np.intp] = columns[passes]
        return found

    def drift(self, blocks: Blocks, columns: NDArray[np.intp], records: Records) -> Drift:
        """What the charts say at each reading of some sensors, whose blocks stand in those columns of all."""
        sums, means = self.cusum.at(columns), self.ewma.at(columns)[:, 0]
        carried = np.concatenate((records["cusum_zero"], records["ewma_zero"][:, None]), axis=1)
        return Drift(sums[:, 0], sums[:, 1], means, blocks, carried)

    def ends(self, blocks: Blocks, records: Records) -> dict[str, NDArray[Any]]:
        """What the charts say at the end of the last full block of the sensors that have one, (k,), and when CUSUM
        (k, 2) and EWMA (k,) were last about zero by then; by the names of the record.
        """
        sensors, columns = blocks.last_full()
        sums, means, times = self.cusum.at(columns), self.ewma.at(columns)[:, 0], blocks.times[:, columns]
        flags = (sums[:, 0] <= 0, sums[:, 1] <= 0, _is_about_zero(means))
        found = np.stack([latest_within(each, times) for each in flags], axis=1)
        longer_ago = np.flatnonzero((found == NEVER).any(axis=1))
        if len(longer_ago):
            some = sensors[longer_ago]
            part = blocks.of(some)
            drift = self.drift(part, blocks.columns_of(some), records.take(some))
            last = part.last_full()[1]
            zeros = (drift.up_zero(), drift.down_zero(), drift.ewma_zero())
            found[longer_ago] = np.stack([zero.ends(last) for zero in zeros], axis=1)
        up, down = sums[-1]
        said = {"cusum_up": up, "cusum_down": down, "ewma": means[-1]}
        return {**said, "cusum_zero": found[:, :2], "ewma_zero": found[:, 2]}


def charts(blocks: Blocks, records: Records, z: Matrix, baseline: Baseline) -> Charts:
    """Both drift charts over all blocks; after a newly accepted level they begin at zero."""
    fresh, means = baseline.fresh, np.empty((BLOCK, 1, z.shape[1]))
    clipped = np.clip(z, -_WINSOR, _WINSOR, out=means[:, 0])
    if not baseline.settled.all():
        clipped *= baseline.settled
    steps = np.empty((BLOCK, 2, z.shape[1]))
    np.subtract(clipped, SLACK, out=steps[:, 0])
    np.subtract(-SLACK, clipped, out=steps[:, 1])
    clipped *= LAMBDA
    sums = np.stack((records["cusum_up"], records["cusum_down"]))
    return Charts(
        clamped(blocks, steps, sums, most=2 * CUSUM_LIMIT, fresh=fresh),
        smoothed(blocks, means, records["ewma"][None], shares=(LAMBDA,), fresh=fresh),
    )


def _is_about_zero(means: Matrix) -> Flags:
    about: Flags = np.abs(means) <= EWMA_LIMIT * _NEAR_ZERO
    return about


@dataclass(frozen=True, slots=True)
class Marks:
    """`zones` (15 + 32, columns): side times 1 within a sigma of zero, 2, 3, 4 beyond 1, 2, 3; `turns`: up or down."""

    zones: NDArray[np.int8]
    turns: NDArray[np.int8]


def marks(blocks: Blocks, records: Records, z: Matrix) -> Marks:
    """What the run rules look at, each block led by the 15 readings before it."""
    led = blocks.led(z, records["before_z"][:, None])
    turns = _turns(led)
    return Marks(blocks.led(_zones(z), records["past_zones"]), blocks.led(turns, records["past_turns"]))


def marks_at_ends(z: Matrix) -> Marks:
    """The marks of the last 15 readings of some blocks, (15, k) each."""
    return Marks(_zones(z[-PAST:]), _turns(z[-PAST - 1 :]))


def _zones(z: Matrix) -> NDArray[np.int8]:
    zones: NDArray[np.int8] = np.clip(z, -3.5, 3.5).astype(np.int8)
    zones += np.sign(z).astype(np.int8)
    return zones


def _turns(led: Matrix) -> NDArray[np.int8]:
    turns: NDArray[np.int8] = np.sign(led[1:] - led[:-1]).astype(np.int8)
    return turns


def _all_of(flags: Flags, length: int) -> Flags:
    """Whether a flag is set at each of the last 32 rows and the `length` − 1 before."""
    height = 1
    while height < length:
        step = min(height, length - height)
        flags = flags[step:] & flags[:-step]
        height += step
    return flags[-BLOCK:]


def _some_of(flags: Flags, length: int, wanted: int) -> Flags:
    """Whether a flag is set now and at least `wanted` times in the last `length` rows."""
    counts = flags[-BLOCK:].astype(np.int8)
    for back in range(1, length):
        counts += flags[-BLOCK - back : -back]
    enough: Flags = (counts >= wanted) & flags[-BLOCK:]
    return enough


def run_rules(marked: Marks, wanted: int) -> NDArray[np.uint32]:
    """The bits of the run rules (those in the mask `wanted`) that hold at each reading, (32, columns)."""
    found = np.zeros((BLOCK, marked.zones.shape[1]), np.uint32)
    for rule in WINDOWS:
        if wanted & BITS[rule]:
            found |= np.where(_holds(rule, marked), np.uint32(BITS[rule]), np.uint32(0))
    return found


def _holds(rule: Rule, marked: Marks) -> Flags:
    zones, turns, length = marked.zones, marked.turns, WINDOWS[rule]
    if rule in {Rule.WESTERN_ELECTRIC_4, Rule.NELSON_2}:
        return _all_of(zones > 0, length) | _all_of(zones < 0, length)
    if rule is Rule.NELSON_3:
        return _all_of(turns > 0, length - 1) | _all_of(turns < 0, length - 1)
    if rule is Rule.NELSON_4:
        return _all_of(turns[1:] * turns[:-1] < 0, length - 2)
    if rule is Rule.NELSON_7:
        return _all_of((np.abs(zones) <= 1) & (zones != 0), length)
    if rule is Rule.NELSON_8:
        return _all_of(np.abs(zones) >= _BEYOND_1, length)
    beyond, share = _SHARES[rule]
    return _some_of(zones >= beyond, length, share) | _some_of(zones <= -beyond, length, share)


_SHARES: Final[dict[Any, tuple[int, int]]] = {
    Rule.WESTERN_ELECTRIC_1: (_BEYOND_3, 1),
    Rule.WESTERN_ELECTRIC_2: (_BEYOND_2, 2),
    Rule.WESTERN_ELECTRIC_3: (_BEYOND_1, 4),
}
