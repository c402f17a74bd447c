"""What is normal for a sensor: its level, its spread and how much a reading resembles the one before, from full blocks.

A first-order autoregression, x(t) − level = ρ (x(t−1) − level) + e(t), by Yule and Walker's equations: with c0 the mean
square of the deviations from the level and c1 the mean product of neighbouring ones, ρ = c1 / c0 and
σ² of e = c0 (1 + ρ²) − 2 ρ c1. Charts of the residuals e keep their false-alarm rates where readings resemble each
other (Alwan and Roberts, "Time-Series Modeling for Statistical Process Control", 1988).

Each block gives a median and squares of deviations winsorised at four robust sigmas, so that outliers do not join. The
first three blocks are averaged; then the block's share is 1/n, at least 1/50. A block whose median lies more than four
standard errors off, or whose spread is more than three times what is known, does not join at all; after 24 such blocks
in a row (768 readings) the new level is taken as normal.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK, Records

WARM_UP: Final = 3
MEMORY: Final = 50
RELEARN: Final = 24

_FAR: Final = 4.0
_WIDE: Final = 3.0
_WINSOR: Final = 4.0
_QUARTILES_TO_SIGMA: Final = 1.349
_MEDIAN_TO_MEAN: Final = 1.2533
_MOST_CORRELATED: Final = 0.995
_LEAST: Final = 1e-300

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was normal before each block, all of shape (columns,).

    `sigma` is the residuals', `spread` the readings' own. `ready` where it is learned well enough to judge by, `fresh`
    where another level has just been taken as normal.
    """

    level: Column
    sigma: Column
    spread: Column
    correlation: Column
    ready: NDArray[np.bool_]
    fresh: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Summary:
    """Each block's median, mean about it, mean square and mean product of neighbours about it, (columns,)."""

    median: Column
    mean: Column
    square: Column
    product: Column
    full: NDArray[np.bool_]
    complete: NDArray[np.bool_]


def learn(blocks: Blocks, records: Records) -> Baseline:
    """The normal before each block; `records` (sensors, in the order of the blocks) are carried on over full blocks."""
    columns = len(blocks.sensor)
    level, variance, covariance = (np.empty(columns) for _ in range(3))
    ready, fresh = (np.empty(columns, np.bool_) for _ in range(2))
    summary = _summarised(blocks)
    for here in blocks.ordinals():
        known = records[: here.stop - here.start]
        level[here], variance[here], covariance[here] = known["level"], known["variance"], known["covariance"]
        ready[here], fresh[here] = known["blocks"] >= WARM_UP, known["fresh"]
        _carry_on(known, summary, here)
    correlation, residual = _regression(variance, covariance)
    return Baseline(level, np.sqrt(residual), np.sqrt(variance), correlation, ready & (residual > _LEAST), fresh)


def _summarised(blocks: Blocks) -> _Summary:
    sorted_values = np.sort(blocks.values, axis=0)
    half, quarter = BLOCK // 2, BLOCK // 4
    median = (sorted_values[half - 1] + sorted_values[half]) / 2
    scale = (sorted_values[-quarter] - sorted_values[quarter - 1]) / _QUARTILES_TO_SIGMA
    about = blocks.values - median
    scale = np.where(scale > 0, scale, np.sqrt(_mean(about**2)))
    reach = _WINSOR * scale
    np.clip(about, -reach, reach, out=about)
    full = blocks.fill == BLOCK
    products = about.copy()
    products[1:] *= about[:-1]
    products[0] = 0
    return _Summary(
        median=median,
        mean=_mean(about),
        square=_mean(about**2),
        product=_mean(products) * (BLOCK / (BLOCK - 1)),
        full=full,
        complete=full & (blocks.uncertain.sum(axis=0) < half),
    )


def _mean(matrix: Matrix) -> Column:
    """The means of columns, in an order of addition that doesn't depend on how many columns there are."""
    height = BLOCK
    while height > 1:
        height //= 2
        matrix = matrix[:height] + matrix[height:]
    mean: Column = matrix[0] / BLOCK
    return mean


def _carry_on(known: Records, summary: _Summary, here: slice) -> None:
    """Learn one block of each sensor, in place."""
    median = summary.median[here]
    blocks = known["blocks"]
    warm = blocks < WARM_UP
    level = np.where(blocks == 0, median, known["level"])
    joins = (warm | _is_usual(known, median, summary.square[here])) & summary.complete[here]
    share = np.maximum(1 / (blocks + 1.0), 1 / MEMORY)
    moved = level + share * (median - level)
    away = median - moved
    mean = summary.mean[here]
    square = summary.square[here] + 2 * away * mean + away**2
    product = summary.product[here] + 2 * away * mean + away**2
    odd = np.where(summary.complete[here], known["odd"] + 1, known["odd"])
    candidate = known["candidate"] + (median - known["candidate"]) / np.maximum(odd, 1)
    accepted = (odd >= RELEARN) & ~joins
    known["fresh"] = np.where(summary.full[here], accepted, known["fresh"])
    known["odd"] = np.where(joins | accepted, 0, odd)
    known["candidate"] = np.where(joins | accepted, 0, candidate)
    known["level"] = np.where(joins, moved, np.where(accepted, candidate, known["level"]))
    for name, new, own in (
        ("variance", square, summary.square[here]),
        ("covariance", product, summary.product[here]),
    ):
        old = known[name]
        known[name] = np.where(joins, old + share * (new - old), np.where(accepted, own, old))
    known["blocks"] = np.where(accepted, WARM_UP, blocks + joins)


def _is_usual(known: Records, median: Column, square: Column) -> NDArray[np.bool_]:
    """Whether a block's median and spread are such as the learned normal brings forth."""
    variance = known["variance"]
    correlation, _ = _regression(variance, known["covariance"])
    likeness = np.minimum((1 + correlation) / (1 - correlation) / BLOCK, 1)
    error = _MEDIAN_TO_MEAN**2 * variance * likeness
    away = (median - known["level"]) ** 2
    usual: NDArray[np.bool_] = (away <= _FAR**2 * error) & (square <= _WIDE**2 * variance)
    return usual


def _regression(variance: Column, covariance: Column) -> tuple[Column, Column]:
    """ρ, and the variance of what it leaves unexplained."""
    correlation = np.clip(covariance / np.maximum(variance, _LEAST), 0, _MOST_CORRELATED)
    left = variance * (1 + correlation**2) - 2 * correlation * covariance
    return correlation, np.maximum(left, 0)
