"""What needs nothing learned: limits, rate of change, stuck and gap."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.findings import BITS, RULES, Bounds, Rule
from foodflow.numerics.detection.state import NEVER, Records
from foodflow.numerics.detection.strides import SECOND, Strides

_NOISE: Final = 2.0
_MOST_OF_BAND: Final = 0.25

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Steps:
    """From each reading to the one before, (32, columns): the change, the seconds, and since when a value repeats."""

    change: Numbers
    seconds: Numbers
    same_since: NDArray[np.int64]


def steps(blocks: Blocks, found: Strides, columns: NDArray[np.intp]) -> Steps:
    """The steps between readings of some sensors, whose blocks stand in those columns of all."""
    since = blocks.times.copy()
    _, own, there = np.intersect1d(columns, found.repeats.columns, assume_unique=True, return_indices=True)
    since[:, own] = found.repeats.since[:, there]
    return Steps(*found.changes(columns), since)


@dataclass(frozen=True, slots=True)
class Signs:
    """Bits of rules at each reading, (32, columns): those that raise, and those that hold a raised one."""

    raising: Bits
    holding: Bits

    def with_those_of(self, columns: NDArray[np.intp], others: "Signs") -> "Signs":
        """These, and in some columns others as well."""
        raising, holding = self.raising.copy(), self.holding.copy()
        raising[:, columns] |= others.raising
        holding[:, columns] |= others.holding
        return Signs(raising, holding)

    def __or__(self, other: "Signs") -> "Signs":
        """The signs of both."""
        return Signs(self.raising | other.raising, self.holding | other.holding)

    def of_rules(self, rules: Bits) -> "Signs":
        """The signs of the rules in these masks, (columns,)."""
        return Signs(self.raising & rules, self.holding & rules)


def bits(flags: Flags, rule: Rule) -> Bits:
    """The bit of a rule where a flag is set."""
    found: Bits = flags.astype(np.uint32)
    found <<= np.uint32(RULES.index(rule))
    return found


def bound_signs(blocks: Blocks, bounds: Bounds, baseline: Baseline, found: Steps, *, rules: int) -> Signs:
    """Where readings lie outside limits, change too fast or repeat too long, as far as some rules (their bits) go."""
    sensor, values = blocks.sensor, blocks.values
    raising, holding = np.zeros(values.shape, np.uint32), np.zeros(values.shape, np.uint32)
    if rules & (BITS[Rule.BELOW_LIMIT] | BITS[Rule.ABOVE_LIMIT]):
        low, high, margin = bounds.low[sensor], bounds.high[sensor], margins(bounds, sensor, baseline)
        raising |= bits(values < low, Rule.BELOW_LIMIT) | bits(values > high, Rule.ABOVE_LIMIT)
        holding |= bits(values < low + margin, Rule.BELOW_LIMIT) | bits(values > high - margin, Rule.ABOVE_LIMIT)
    if rules & BITS[Rule.RATE_OF_CHANGE]:
        too_fast = bits(is_too_fast(found.change, found.seconds, bounds.max_rate[sensor]), Rule.RATE_OF_CHANGE)
        raising |= too_fast
        holding |= too_fast
    if rules & BITS[Rule.STUCK]:
        same, lasted = found.change == 0, (blocks.times - found.same_since) / SECOND
        raising |= bits(same & (lasted >= bounds.stuck[sensor]), Rule.STUCK)
        holding |= bits(same, Rule.STUCK)
    return Signs(raising, holding)


def is_too_fast(change: Numbers, seconds: Numbers, max_rate: Numbers) -> Flags:
    """Where a change is faster than it may be, (32, columns)."""
    too_fast: Flags = np.abs(change) > max_rate * seconds
    return too_fast


def margins(bounds: Bounds, sensor: NDArray[np.intp], baseline: Baseline) -> Numbers:
    """How far within a limit a reading must come back, (columns,)."""
    given = bounds.hysteresis[sensor]
    learned = np.where(baseline.ready, _NOISE * baseline.sigma, 0)
    most = _MOST_OF_BAND * (bounds.high[sensor] - bounds.low[sensor])
    return np.where(np.isnan(given), np.fmin(learned, most), given)


def silences(blocks: Blocks, bounds: Bounds, records: Records, found: Steps) -> Flags:
    """Readings that end a gap: too long a silence before them, or one that has been told already."""
    gap = np.where(bounds.wants(BITS[Rule.GAP]), bounds.gap, np.nan)
    ends: Flags = found.seconds > gap[blocks.sensor]
    told = (records["gap_told"] != NEVER) & (records["fill"] == blocks.old[: blocks.first])
    ends[blocks.old[: blocks.first][told], np.flatnonzero(told)] = True
    return ends
