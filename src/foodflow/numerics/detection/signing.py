"""Where the control charts raise, and where they hold what they have raised."""

from typing import Final

import numpy as np

from foodflow.numerics.detection.baseline import Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Signs, bits
from foodflow.numerics.detection.charts import CUSUM_LIMIT, EWMA_LIMIT, Drift, Marks, run_rules
from foodflow.numerics.detection.findings import Bounds, Rule
from foodflow.numerics.detection.learned import LEARNED_DIGITS, Learned

_HOLDS: Final = 0.5
_HELD_DIGITS: Final = 2.0


def chart_signs(blocks: Blocks, bounds: Bounds, baseline: Baseline, *, drifts: Drift) -> Signs:
    """The signs of EWMA and CUSUM, none before a baseline is settled; a drift holds from half its limit."""
    sensitivity = bounds.sensitivity[blocks.sensor]
    never = np.where(baseline.settled, 1.0, np.inf)
    cusum = np.maximum(drifts.up, drifts.down)
    ewma = np.abs(drifts.ewma)
    most_cusum, most_ewma = never * CUSUM_LIMIT / sensitivity, never * EWMA_LIMIT / sensitivity
    return Signs(
        bits(cusum > most_cusum, Rule.DRIFT_CUSUM) | bits(ewma > most_ewma, Rule.DRIFT_EWMA),
        bits(cusum > _HOLDS * most_cusum, Rule.DRIFT_CUSUM) | bits(ewma > _HOLDS * most_ewma, Rule.DRIFT_EWMA),
    )


def run_signs(bounds: Bounds, baseline: Baseline, marked: Marks) -> Signs:
    """The signs of the run rules, none before a baseline is ready; what raises one holds it."""
    rules = run_rules(marked, int(np.bitwise_or.reduce(bounds.rules)))
    rules *= baseline.ready
    return Signs(rules, rules)


def learned_signs(blocks: Blocks, bounds: Bounds, learned: Learned) -> Signs:
    """The signs of the learned detector; it holds from two digits. `sensitivity` divides the number of digits."""
    sensitivity = bounds.sensitivity[blocks.sensor]
    raising = learned.digits >= LEARNED_DIGITS / sensitivity
    holding = learned.digits >= _HELD_DIGITS / sensitivity
    return Signs(bits(raising, Rule.LEARNED), bits(holding, Rule.LEARNED))
