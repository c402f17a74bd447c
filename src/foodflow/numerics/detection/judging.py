"""All that is to be known of the readings of a call, step by step, from the baseline to what is going on.

What the detectors learn, they learn from all readings. What is going on is worked out reading by reading for those
sensors alone of which something is going on, or of which any block has a reading that may raise something; of all
others it is known that nothing is.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import Baseline, learn
from foodflow.numerics.detection.blocks import Blocks, laid_out
from foodflow.numerics.detection.bounds import Signs, Steps, bound_signs, silences, steps
from foodflow.numerics.detection.charts import (
    CUSUM_LIMIT,
    EWMA_LIMIT,
    WINDOWS,
    Charts,
    Drift,
    Marks,
    charts,
    marks,
    residuals,
)
from foodflow.numerics.detection.edges import Edges, edges
from foodflow.numerics.detection.findings import BITS, Bounds, Rule, Runs
from foodflow.numerics.detection.learned import LEARNED_DIGITS, Learned, Unlikeliness, unlikeliness
from foodflow.numerics.detection.season import Expected, expected
from foodflow.numerics.detection.signing import chart_signs, learned_signs
from foodflow.numerics.detection.state import NEVER, Records
from foodflow.numerics.detection.strides import SECOND, Strides, strides
from foodflow.numerics.detection.summaries import Summary, summarised

RUN_RULES: Final = sum(BITS[rule] for rule in WINDOWS)


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
    """All that is known of the readings of some sensors; `start`: their records before them."""

    start: Records
    blocks: Blocks
    bounds: Bounds
    baseline: Baseline
    steps: Steps
    z: NDArray[np.float64]
    drift: Drift
    marks: Marks
    learned: Learned
    signs: Signs
    edges: Edges
    silent: NDArray[np.bool_]


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


def eventful(looked: Looked) -> NDArray[np.intp]:
    """The sensors of which something is going on, or may begin."""
    known, bounds = looked.known, looked.bounds
    is_eventful = (known["active"] > 0) | (known["told"] > 0) | (known["gap_told"] != NEVER) | bounds.wants(RUN_RULES)
    is_eventful[looked.blocks.sensor[_may_raise(looked)]] = True
    return np.flatnonzero(is_eventful)


def _may_raise(looked: Looked) -> NDArray[np.bool_]:
    """The blocks, (columns,), that have a reading of which any rule may raise something."""
    each, summary, found = looked.bounds.of(looked.blocks.sensor), looked.summary, looked.strides
    may = (summary.least < each.low) & each.wants(BITS[Rule.BELOW_LIMIT])
    may |= (summary.greatest > each.high) & each.wants(BITS[Rule.ABOVE_LIMIT])
    may |= (found.steepest > each.max_rate * found.shortest) & each.wants(BITS[Rule.RATE_OF_CHANGE])
    may |= (found.longest > each.gap) & each.wants(BITS[Rule.GAP])
    digits = np.where(each.wants(BITS[Rule.LEARNED]), LEARNED_DIGITS / each.sensitivity, np.inf)
    may[looked.unlikely.passes(looked.blocks, digits)] = True
    repeated = found.repeats.columns
    lasted = ((looked.blocks.times[:, repeated] - found.repeats.since) / SECOND).max(axis=0)
    may[repeated] |= (lasted >= each.stuck[repeated]) & each.wants(BITS[Rule.STUCK])[repeated]
    settled = looked.baseline.settled
    cusum, ewma = (
        np.where(settled & each.wants(BITS[rule]), limit / each.sensitivity, np.inf)
        for rule, limit in ((Rule.DRIFT_CUSUM, CUSUM_LIMIT), (Rule.DRIFT_EWMA, EWMA_LIMIT))
    )
    may[looked.charts.passes(looked.blocks, cusum, ewma)] = True
    return may


def judge(looked: Looked, sensors: NDArray[np.intp]) -> Judged:
    """Judge all readings of some sensors, in rising order."""
    columns, start = looked.blocks.columns_of(sensors), looked.known.take(sensors)
    blocks, bounds, baseline = looked.blocks.of(sensors), looked.bounds.of(sensors), looked.baseline.of(columns)
    step, z = steps(blocks, start, looked.strides, columns), looked.z.take(columns, axis=1)
    drifts, marked = looked.charts.drift(blocks, columns, start), marks(blocks, start, z)
    learned = looked.unlikely.at(columns, looked.expected)
    signs = (
        bound_signs(blocks, bounds, baseline, step)
        | chart_signs(blocks, bounds, baseline, drifts=drifts, marked=marked)
        | learned_signs(blocks, bounds, learned)
    ).of_rules(bounds.rules[blocks.sensor])
    return Judged(
        start=start,
        blocks=blocks,
        bounds=bounds,
        baseline=baseline,
        steps=step,
        z=z,
        drift=drifts,
        marks=marked,
        learned=learned,
        signs=signs,
        edges=edges(blocks, bounds, start, signs, fresh=baseline.fresh),
        silent=silences(blocks, bounds, start, step),
    )


def _meet(known: Records, blocks: Blocks) -> None:
    """Let a sensor's very first reading stand for the one before it."""
    is_new = known["before_time"] == NEVER
    if not is_new.any():
        return
    first = slice(0, blocks.first)
    for name, row in (("before_time", blocks.times), ("before_value", blocks.values), ("same_since", blocks.times)):
        known[name] = np.where(is_new, row[0, first], known[name])
