"""All that is to be known of the readings of a call, step by step, from the baseline to what is going on.

What the detectors learn, they learn from all readings. What is going on is worked out reading by reading for those
sensors alone of which something is going on, or of which any block has a reading that may raise something; of all
others it is known that nothing is. In the same way charts and the learned detector are asked of those alone of which
they may say something.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import Baseline, learn
from foodflow.numerics.detection.blocks import Blocks, laid_out
from foodflow.numerics.detection.bounds import Bits, Signs, Steps, bits, bound_signs, silences, steps
from foodflow.numerics.detection.charts import (
    CUSUM_LIMIT,
    EWMA_LIMIT,
    WINDOWS,
    Charts,
    Drift,
    charts,
    marks,
    residuals,
)
from foodflow.numerics.detection.edges import CHARTS, Edges, edges
from foodflow.numerics.detection.findings import BITS, Bounds, Rule, Runs
from foodflow.numerics.detection.lasting import Lasting, lasting
from foodflow.numerics.detection.learned import LEARNED_DIGITS, Learned, Unlikeliness, unlikeliness
from foodflow.numerics.detection.season import Expected, expected
from foodflow.numerics.detection.signing import chart_signs, learned_signs, run_signs
from foodflow.numerics.detection.state import NEVER, Records
from foodflow.numerics.detection.strides import SECOND, Strides, strides
from foodflow.numerics.detection.summaries import Summary, summarised

RUN_RULES: Final = sum(BITS[rule] for rule in WINDOWS)
DRIFTS: Final = BITS[Rule.DRIFT_CUSUM] | BITS[Rule.DRIFT_EWMA]


@dataclass(frozen=True, slots=True)
class Looked:
    """What all readings of a call say of what is normal; `known`: the records (in the order of the blocks), having
    learned from all blocks that are full now, and otherwise as they were before.
    """

    known: Records
    blocks: Blocks
    bounds: Bounds
    summary: Summary
    baseline: Baseline
    strides: Strides
    z: NDArray[np.float64]
    charts: Charts
    expected: Expected
    unlikely: Unlikeliness


@dataclass(frozen=True, slots=True)
class Judged:
    """All that is known of the readings of some sensors; `start`: their records before them. `charted` is of some of
    them alone: `which` (columns,) says where the column of each block stands there, -1 where it does not.
    """

    start: Records
    blocks: Blocks
    bounds: Bounds
    baseline: Baseline
    steps: Steps
    which: NDArray[np.intp]
    charted: "Charted"
    signs: Signs
    edges: Edges
    silent: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Charted:
    """What charts and the learned detector say of sensors, block by block; None where nobody asks for it."""

    z: NDArray[np.float64]
    drift: Drift | None
    learned: Learned | None


@dataclass(frozen=True, slots=True)
class Eventful:
    """The sensors of which something is going on or may begin, (k,) in rising order; whether charts and the learned
    detector may say anything of them, (k,); the bits of the rules that it is about; and those other sensors of which
    it is known that what goes on lasts.
    """

    sensors: NDArray[np.intp]
    are_charted: NDArray[np.bool_]
    rules: int = sum(BITS.values())
    lasting: Lasting | None = None


def look(runs: Runs, records: Records) -> Looked:
    """Look at runs of at least one reading each, and learn from them."""
    blocks = laid_out(runs, records)
    known = records.take(blocks.order)
    _meet(known, blocks)
    summary = summarised(blocks)
    baseline = learn(blocks, known, summary)
    found = strides(blocks, known)
    off, z = residuals(blocks, baseline, found)
    drifts = charts(blocks, known, z, baseline)
    means = expected(blocks, known, baseline, summary)
    off[:, means.columns] = blocks.values[:, means.columns] - means.means
    return Looked(
        known=known,
        blocks=blocks,
        bounds=runs.bounds.of(blocks.order),
        summary=summary,
        baseline=baseline,
        strides=found,
        z=z,
        charts=drifts,
        expected=means,
        unlikely=unlikeliness(blocks, known, baseline, z=z, off=off, repeats=found.repeats),
    )


def eventful(looked: Looked) -> Eventful:
    """The sensors of which something is going on, or may begin."""
    known, sensor = looked.known, looked.blocks.sensor
    going_on = known["active"] | known["told"]
    are_charted = ((going_on & np.uint32(CHARTS)) > 0) | looked.bounds.wants(RUN_RULES)
    each = looked.bounds.of(sensor)
    may_raise = _charts_may_raise(looked, each)
    are_charted[sensor[may_raise > 0]] = True
    may_raise |= _bounds_may_raise(looked, each)
    are_eventful = are_charted | (going_on > 0) | (known["gap_told"] != NEVER)
    are_eventful[sensor[may_raise > 0]] = True
    lasts = lasting(looked.blocks, looked.bounds, known, may_raise, found=looked.strides, among=~are_charted)
    if lasts is not None:
        are_eventful[lasts.sensors] = False
    sensors = np.flatnonzero(are_eventful)
    rules = np.bitwise_or.reduce(may_raise) | np.bitwise_or.reduce(going_on)
    return Eventful(sensors, are_charted[sensors], int(rules), lasts)


def _bounds_may_raise(looked: Looked, each: Bounds) -> Bits:
    """The bits of the rules that need nothing learned and may raise something in each block, (columns,); `each`: the
    bounds of its sensor.
    """
    summary, found = looked.summary, looked.strides
    may = bits(summary.least < each.low, Rule.BELOW_LIMIT)
    may |= bits(summary.greatest > each.high, Rule.ABOVE_LIMIT)
    may |= bits(found.steepest > each.max_rate * found.shortest, Rule.RATE_OF_CHANGE)
    may |= bits(found.longest > each.gap, Rule.GAP)
    repeated = found.repeats.columns
    lasted = ((looked.blocks.times[:, repeated] - found.repeats.since) / SECOND).max(axis=0)
    may[repeated] |= bits(lasted >= each.stuck[repeated], Rule.STUCK)
    return may & each.rules


def _charts_may_raise(looked: Looked, each: Bounds) -> Bits:
    """The bits of the charts of drifts and of the learned detector where those may raise something in a block,
    (columns,); `each`: the bounds of its sensor.
    """
    settled = looked.baseline.settled
    may = np.zeros(len(settled), np.uint32)
    digits = np.where(each.wants(BITS[Rule.LEARNED]), LEARNED_DIGITS / each.sensitivity, np.inf)
    may[looked.unlikely.passes(looked.blocks, digits)] = BITS[Rule.LEARNED]
    cusum, ewma = (
        np.where(settled & each.wants(BITS[rule]), limit / each.sensitivity, np.inf)
        for rule, limit in ((Rule.DRIFT_CUSUM, CUSUM_LIMIT), (Rule.DRIFT_EWMA, EWMA_LIMIT))
    )
    may[looked.charts.passes(looked.blocks, cusum, ewma)] |= np.uint32(DRIFTS)
    return may


def judge(looked: Looked, found: Eventful) -> Judged:
    """Judge all readings of some sensors."""
    columns, start = looked.blocks.columns_of(found.sensors), looked.known.take(found.sensors)
    blocks, bounds, baseline = (
        looked.blocks.of(found.sensors),
        looked.bounds.of(found.sensors),
        looked.baseline.of(columns),
    )
    step = steps(blocks, looked.strides, columns)
    signs = bound_signs(blocks, bounds, baseline, step, rules=found.rules)
    charted, also = _charted(looked, found.sensors[found.are_charted], found.rules)
    which = np.full(len(columns), -1)
    own = np.flatnonzero(found.are_charted[blocks.sensor])
    which[own] = np.arange(len(own))
    signs = signs.with_those_of(own, also).of_rules(bounds.rules[blocks.sensor])
    return Judged(
        start=start,
        blocks=blocks,
        bounds=bounds,
        baseline=baseline,
        steps=step,
        which=which,
        charted=charted,
        signs=signs,
        edges=edges(blocks, bounds, start, signs, baseline=baseline),
        silent=silences(blocks, bounds, start, step),
    )


def _charted(looked: Looked, sensors: NDArray[np.intp], rules: int) -> tuple[Charted, Signs]:
    """What charts and the learned detector say of some sensors, as far as some rules (their bits) go, and the signs of
    that.
    """
    columns, start = looked.blocks.columns_of(sensors), looked.known.take(sensors)
    blocks, bounds, baseline = looked.blocks.of(sensors), looked.bounds.of(sensors), looked.baseline.of(columns)
    z, drift, learned = looked.z.take(columns, axis=1), None, None
    signs = Signs(np.zeros(z.shape, np.uint32), np.zeros(z.shape, np.uint32))
    if rules & DRIFTS:
        drift = looked.charts.drift(blocks, columns, start)
        signs |= chart_signs(blocks, bounds, baseline, drifts=drift)
    if rules & BITS[Rule.LEARNED]:
        learned = looked.unlikely.at(columns, looked.expected)
        signs |= learned_signs(blocks, bounds, learned)
    if bounds.wants(RUN_RULES).any():
        signs |= run_signs(bounds, baseline, marks(blocks, start, z))
    return Charted(z, drift, learned), signs


def _meet(known: Records, blocks: Blocks) -> None:
    """Let a sensor's very first reading stand for the one before it."""
    is_new = known["before_time"] == NEVER
    if not is_new.any():
        return
    first = slice(0, blocks.first)
    for name, row in (("before_time", blocks.times), ("before_value", blocks.values), ("same_since", blocks.times)):
        known[name] = np.where(is_new, row[0, first], known[name])
