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
from foodflow.numerics.detection.findings import BITS, Rule
from foodflow.numerics.detection.smoothing import smoothed
from foodflow.numerics.detection.state import BLOCK, NEVER, Records

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
_BEYOND_1, _BEYOND_2, _BEYOND_3 = 2, 3, 4
_NEAR_ZERO: Final = 0.25

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


def residuals(blocks: Blocks, records: Records, baseline: Baseline, seconds: Matrix) -> Matrix:
    """What a one-step prediction leaves, in sigmas, (32, columns); 0 where nothing is learned yet.

    After a pause of more than eight usual intervals (`seconds`, (32, columns), since the reading before) the prediction
    is the level, and the sigma that of the readings themselves.
    """
    led = blocks.led(blocks.values, records["before_value"][:, None])
    led -= baseline.level
    z: Matrix = led[1:] - baseline.correlation * led[:-1]
    scale = np.where(baseline.ready, 1 / np.where(baseline.sigma > 0, baseline.sigma, 1), 0)
    z *= scale
    paused = (seconds > _PAUSE * baseline.interval) & baseline.ready
    if paused.any():
        z = np.where(paused, led[1:] / np.where(baseline.spread > 0, baseline.spread, 1), z)
    return np.minimum(np.maximum(z, -_MOST), _MOST)


@dataclass(frozen=True, slots=True)
class Drift:
    """The statistics of both drift charts, (32, columns), and when each was last about zero, in microseconds."""

    up: Matrix
    down: Matrix
    ewma: Matrix
    up_zero: "Latest"
    down_zero: "Latest"
    ewma_zero: "Latest"


@dataclass(frozen=True, slots=True)
class Latest:
    """When something was last so: `flags` and `times` (32, columns), and when it was before each block, (columns,)."""

    flags: Flags
    times: NDArray[np.int64]
    before: NDArray[np.int64]

    def at(self, place: int, column: int) -> int:
        """At or before one reading."""
        places = np.flatnonzero(self.flags[: place + 1, column])
        return int(self.times[places[-1], column] if len(places) else self.before[column])

    def ends(self, columns: NDArray[np.intp]) -> NDArray[np.int64]:
        """At or before the ends of some blocks."""
        within = np.where(self.flags[:, columns], self.times[:, columns], NEVER).max(axis=0)
        ends: NDArray[np.int64] = np.maximum(within, self.before[columns])
        return ends


@dataclass(frozen=True, slots=True)
class _Clamped:
    """How a block changes a sum that is clamped from 0 to twice the limit: S → min(top, max(bottom, S + total))."""

    total: Matrix
    bottom: Matrix
    top: Matrix

    def at(self, sums: NDArray[np.float64]) -> Matrix:
        """The sums within the blocks, from those before them."""
        within = self.total + sums
        np.maximum(self.bottom, within, out=within)
        return np.minimum(self.top, within, out=within)

    def after(self, sums: NDArray[np.float64], here: slice) -> NDArray[np.float64]:
        """The sums after some blocks, from those before them."""
        ends = np.maximum(self.bottom[-1, here], self.total[-1, here] + sums)
        return np.minimum(self.top[-1, here], ends)


def _clamped(steps: Matrix) -> _Clamped:
    total, bottom, top = np.add.accumulate(steps, axis=0), steps.copy(), steps + 2 * CUSUM_LIMIT
    for sums in (bottom, top):
        for place, own in enumerate(sums):
            if place:
                np.add(sums[place - 1], steps[place], out=own)
            np.maximum(own, 0, out=own)
            np.minimum(own, 2 * CUSUM_LIMIT, out=own)
    return _Clamped(total, bottom, top)


def drift(blocks: Blocks, records: Records, z: Matrix, fresh: Flags) -> Drift:
    """Both drift charts over all blocks; after a newly accepted level they begin at zero."""
    clipped = np.clip(z, -_WINSOR, _WINSOR)
    ups, downs = _clamped(clipped - SLACK), _clamped(-clipped - SLACK)
    up, down = np.empty(z.shape[1]), np.empty(z.shape[1])
    last = (records["cusum_up"], records["cusum_down"])
    for here in blocks.ordinals():
        keeps = ~fresh[here]
        up[here], down[here] = (one[: here.stop - here.start] * keeps for one in last)
        last = (ups.after(up[here], here), downs.after(down[here], here))
    up_sums, down_sums = ups.at(up), downs.at(down)
    means = smoothed(blocks, clipped, records["ewma"], share=LAMBDA, fresh=fresh)
    return Drift(
        up_sums,
        down_sums,
        means,
        _latest(blocks, up_sums <= 0, records["cusum_zero"][:, 0]),
        _latest(blocks, down_sums <= 0, records["cusum_zero"][:, 1]),
        _latest(blocks, np.abs(means) <= EWMA_LIMIT * _NEAR_ZERO, records["ewma_zero"]),
    )


def _latest(blocks: Blocks, flags: Flags, carried: NDArray[np.int64]) -> Latest:
    """When each flag was last set; `carried` (sensors,) is when it was before the blocks."""
    within = np.where(flags, blocks.times, NEVER).max(axis=0)
    return Latest(flags, blocks.times, _before(blocks, within, carried))


def last_of(blocks: Blocks, rising: NDArray[np.int64], flags: Flags, carried: NDArray[np.int64]) -> NDArray[np.int64]:
    """The latest of rising numbers (32, columns) at which a flag was set; `carried` (sensors,) before the blocks."""
    within = rising.copy()
    # Most blocks have it everywhere: there each reading is its own.
    some = np.flatnonzero(~flags.all(axis=0))
    if len(some):
        within[:, some] = np.maximum.accumulate(np.where(flags[:, some], rising[:, some], NEVER), axis=0)
    before = _before(blocks, within[-1], carried)
    within[:, some] = np.maximum(within[:, some], before[some])
    return within


def _before(blocks: Blocks, ends: NDArray[np.int64], carried: NDArray[np.int64]) -> NDArray[np.int64]:
    """The latest before each block, from that within each (columns,)."""
    latest, before = carried, np.empty(len(ends), np.int64)
    for here in blocks.ordinals():
        before[here] = latest[: here.stop - here.start]
        latest = np.maximum(before[here], ends[here])
    return before


@dataclass(frozen=True, slots=True)
class Marks:
    """`zones` (15 + 32, columns): side times 1 within a sigma of zero, 2, 3, 4 beyond 1, 2, 3; `turns`: up or down."""

    zones: NDArray[np.int8]
    turns: NDArray[np.int8]


def marks(blocks: Blocks, records: Records, z: Matrix) -> Marks:
    """What the run rules look at, each block led by the 15 readings before it."""
    zones = np.clip(z, -3.5, 3.5).astype(np.int8)
    zones += np.sign(z).astype(np.int8)
    led = blocks.led(z, records["before_z"][:, None])
    turns = np.sign(led[1:] - led[:-1]).astype(np.int8)
    return Marks(blocks.led(zones, records["past_zones"]), blocks.led(turns, records["past_turns"]))


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
