"""What is normal for a sensor: its level, its spread and how much a reading resembles the one before, from full blocks.

A first-order autoregression, x(t) − level = ρ (x(t−1) − level) + e(t), by Yule and Walker's equations: with c0 the mean
square of the deviations from the level and c1 the mean product of neighbouring ones, ρ = c1 / c0 and
σ² of e = c0 (1 + ρ²) − 2 ρ c1. Charts of the residuals e keep their false-alarm rates where readings resemble each
other (Alwan and Roberts, "Time-Series Modeling for Statistical Process Control", 1988).

Each block gives means winsorised at four robust sigmas about its median, so that outliers do not join. The
first three blocks are averaged; then the block's share is 1/n, at least 1/50. A block whose mean lies more than five
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
SETTLED: Final = 8
MEMORY: Final = 50
RELEARN: Final = 24
# Larger values than this are possible, and their squares are not.
MOST: Final = 1e150

_FAR: Final = 5.0
_WIDE: Final = 3.0
_SECOND: Final = 1_000_000
_WINSOR: Final = 4.0
_QUARTILES_TO_SIGMA: Final = 1.349
_MOST_CORRELATED: Final = 0.995
_LEAST: Final = 1e-300

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was normal before each block, all of shape (columns,).

    `sigma` is the residuals', `spread` the readings' own. `ready` where it is learned well enough to judge single
    readings by (three blocks), `settled` where it is to judge drifts by (eight); `fresh` where another level has just
    been taken as normal, `joins` where the block itself is learned from. `shift`: by how much the level moves after the
    block because another one is taken as normal. `interval`: the usual seconds between readings.
    """

    level: Column
    sigma: Column
    spread: Column
    correlation: Column
    ready: NDArray[np.bool_]
    settled: NDArray[np.bool_]
    fresh: NDArray[np.bool_]
    joins: NDArray[np.bool_]
    shift: Column
    interval: Column


@dataclass(frozen=True, slots=True)
class _Summary:
    """Each block's winsorised mean, and the mean square and mean product of neighbours about it, (columns,)."""

    middle: Column
    square: Column
    product: Column
    interval: Column
    full: NDArray[np.bool_]
    complete: NDArray[np.bool_]


def learn(blocks: Blocks, records: Records) -> Baseline:
    """The normal before each block; `records` (sensors, in the order of the blocks) are carried on over full blocks."""
    columns = len(blocks.sensor)
    level, variance, covariance, shift, interval = (np.empty(columns) for _ in range(5))
    ready, settled, fresh, joins = (np.empty(columns, np.bool_) for _ in range(4))
    summary = _summarised(blocks)
    for here in blocks.ordinals():
        known = records[: here.stop - here.start]
        level[here], variance[here], covariance[here] = known["level"], known["variance"], known["covariance"]
        ready[here], settled[here] = known["blocks"] >= WARM_UP, known["blocks"] >= SETTLED
        fresh[here], interval[here] = known["fresh"], known["interval"]
        joins[here], shift[here] = _carry_on(known, summary, here)
    correlation, residual = _regression(variance, covariance)
    return Baseline(
        level=level,
        sigma=np.sqrt(residual),
        spread=np.sqrt(variance),
        correlation=correlation,
        ready=ready & (residual > _LEAST),
        settled=settled & (residual > _LEAST),
        fresh=fresh,
        joins=joins,
        shift=shift,
        interval=interval,
    )


def _summarised(blocks: Blocks) -> _Summary:
    values = np.minimum(np.maximum(blocks.values, -MOST), MOST)
    sorted_values = np.sort(values, axis=0)
    half, quarter = BLOCK // 2, BLOCK // 4
    median = (sorted_values[half - 1] + sorted_values[half]) / 2
    scale = (sorted_values[-quarter] - sorted_values[quarter - 1]) / _QUARTILES_TO_SIGMA
    about = values - median
    scale = np.where(scale > 0, scale, np.sqrt(mean_of_blocks(about**2)))
    reach = _WINSOR * scale
    np.clip(about, -reach, reach, out=about)
    mean = mean_of_blocks(about)
    about -= mean
    full = blocks.fill == BLOCK
    products = about.copy()
    products[1:] *= about[:-1]
    products[0] = 0
    return _Summary(
        middle=median + mean,
        square=mean_of_blocks(about**2),
        product=mean_of_blocks(products) * (BLOCK / (BLOCK - 1)),
        interval=(blocks.times[-1] - blocks.times[0]) / (_SECOND * (BLOCK - 1)),
        full=full,
        complete=full & (blocks.uncertain.sum(axis=0) < half),
    )


def mean_of_blocks(matrix: Matrix) -> Column:
    """The means of columns, in an order of addition that doesn't depend on how many columns there are."""
    height = BLOCK
    while height > 1:
        height //= 2
        matrix = matrix[:height] + matrix[height:]
    mean: Column = matrix[0] / BLOCK
    return mean


def _carry_on(known: Records, summary: _Summary, here: slice) -> tuple[NDArray[np.bool_], Column]:
    """Learn one block of each sensor, in place; which of them join, and by how much a newly accepted level differs."""
    middle = summary.middle[here]
    blocks = known["blocks"]
    warm = blocks < WARM_UP
    level = np.where(blocks == 0, middle, known["level"])
    joins = (warm | _is_usual(known, middle, summary.square[here])) & summary.complete[here]
    share = np.maximum(1 / (blocks + 1.0), 1 / MEMORY)
    moved = level + share * (middle - level)
    away_squared = (middle - moved) ** 2
    square, product = summary.square[here] + away_squared, summary.product[here] + away_squared
    odd = np.where(summary.complete[here], known["odd"] + 1, known["odd"])
    candidate = known["candidate"] + (middle - known["candidate"]) / np.maximum(odd, 1)
    accepted = (odd >= RELEARN) & ~joins
    shift = np.where(accepted, candidate - known["level"], 0)
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
    seconds = np.where(blocks == 0, summary.interval[here], known["interval"])
    seconds = seconds + share * (np.minimum(summary.interval[here], _WIDE * seconds) - seconds)
    known["interval"] = np.where(summary.full[here], seconds, known["interval"])
    known["blocks"] = np.where(accepted, WARM_UP, blocks + joins)
    return joins, shift


def _is_usual(known: Records, middle: Column, square: Column) -> NDArray[np.bool_]:
    """Whether a block's mean and spread are such as the learned normal brings forth."""
    variance = known["variance"]
    correlation, _ = _regression(variance, known["covariance"])
    likeness = np.minimum((1 + correlation) / (1 - correlation) / BLOCK, 1)
    error = variance * likeness
    away = (middle - known["level"]) ** 2
    usual: NDArray[np.bool_] = (away <= _FAR**2 * error) & (square <= _WIDE**2 * variance)
    return usual


def _regression(variance: Column, covariance: Column) -> tuple[Column, Column]:
    """ρ, and the variance of what it leaves unexplained."""
    correlation = np.clip(covariance / np.maximum(variance, _LEAST), 0, _MOST_CORRELATED)
    left = variance * (1 + correlation**2) - 2 * correlation * covariance
    return correlation, np.maximum(left, 0)
