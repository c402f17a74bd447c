"""All that is to be known of the readings of a call, step by step, from the baseline to what is going on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import Baseline, learn
from foodflow.numerics.detection.blocks import Blocks, laid_out
from foodflow.numerics.detection.bounds import Bounds, Signs, Steps, bound_signs, bounds_of, silences, steps
from foodflow.numerics.detection.charts import Drift, Marks, drift, marks, residuals
from foodflow.numerics.detection.edges import Edges, edges
from foodflow.numerics.detection.findings import Run
from foodflow.numerics.detection.learned import Learned, unlikeliness
from foodflow.numerics.detection.season import expected
from foodflow.numerics.detection.signing import chart_signs, learned_signs
from foodflow.numerics.detection.state import NEVER, Records


@dataclass(frozen=True, slots=True)
class Judged:
    """All that is known of the readings of a call; `start`: the records (in the order of the blocks) before them."""

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


def judge(runs: Sequence[Run], records: Records) -> tuple[Judged, Records]:
    """Judge runs of at least one reading each; also their records, having learned from all blocks that are full now."""
    blocks = laid_out(runs, records)
    known = records[blocks.order]
    _meet(known, blocks)
    start = known.copy()
    bounds = bounds_of([runs[place].settings for place in blocks.order])
    baseline = learn(blocks, known)
    step = steps(blocks, start)
    z = residuals(blocks, start, baseline, step.seconds)
    drifts, marked = drift(blocks, start, z * baseline.settled, baseline.fresh), marks(blocks, start, z)
    learned = unlikeliness(blocks, known, baseline, z=z, means=expected(blocks, known, baseline), steps=step)
    signs = (
        bound_signs(blocks, bounds, baseline, step)
        | chart_signs(blocks, bounds, baseline, drifts=drifts, marked=marked)
        | learned_signs(blocks, bounds, learned)
    ).of_rules(bounds.rules[blocks.sensor])
    judged = Judged(
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
        edges=edges(blocks, start, signs, baseline.fresh),
        silent=silences(blocks, bounds, start, step),
    )
    return judged, known


def _meet(known: Records, blocks: Blocks) -> None:
    """Let a sensor's very first reading stand for the one before it."""
    is_new = known["before_time"] == NEVER
    first = slice(0, blocks.first)
    for name, row in (("before_time", blocks.times), ("before_value", blocks.values), ("same_since", blocks.times)):
        known[name] = np.where(is_new, row[0, first], known[name])
