"""What is normal for a sensor: its level, its spread and how much a reading resembles the one before, from full blocks.

A first-order autoregression, x(t) − level = ρ (x(t−1) − level) + e(t), by Yule and Walker's equations: with c0 the mean
square of the deviations from the level and c1 the mean product of neighbouring ones, ρ = c1 / c0 and
σ² of e = c0 (1 + ρ²) − 2 ρ c1. Charts of the residuals e keep their false-alarm rates where readings resemble each
other (Alwan and Roberts, "Time-Series Modeling for Statistical Process Control", 1988).

Each block gives means winsorised at four robust sigmas about its median, so that outliers do not join (`summaries`).
The first three blocks are averaged; then the block's share is 1/n, at least 1/50. A block whose mean lies more than
five standard errors off, or whose spread is more than three times what is known, does not join at all; after 24 such
blocks in a row (768 readings) the new level is taken as normal.

Nearly always all blocks of a call join. Then each step is a share of a difference and nothing else, so that is taken
for granted first, for all sensors; those of which it turns out not to be so are gone through again, block by block.
"""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK, Records, put
from foodflow.numerics.detection.summaries import Column, Summary

WARM_UP: Final = 3
SETTLED: Final = 8
MEMORY: Final = 50
RELEARN: Final = 24

_FAR: Final = 5.0
_WIDE: Final = 3.0
_MOST_CORRELATED: Final = 0.995
_LEAST: Final = 1e-300

Flags = NDArray[np.bool_]


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
    ready: Flags
    settled: Flags
    fresh: Flags
    joins: Flags
    shift: Column
    interval: Column

    def of(self, columns: NDArray[np.intp]) -> "Baseline":
        """Of some blocks alone."""
        return Baseline(*[each[columns] for each in _NORMAL(self)])


_NORMAL: Final = attrgetter(*(field.name for field in fields(Baseline)))


@dataclass(slots=True)
class _Course:
    """What was known before each block, and what became of the block, all of shape (columns,)."""

    level: Column
    variance: Column
    covariance: Column
    interval: Column
    number: NDArray[np.int64]
    fresh: Flags
    joins: Flags
    shift: Column

    def put(self, columns: NDArray[np.intp], other: "_Course") -> None:
        """Let what is known of some blocks be that of others."""
        for field in fields(self):
            getattr(self, field.name)[columns] = getattr(other, field.name)


def learn(blocks: Blocks, records: Records, summary: Summary) -> Baseline:
    """The normal before each block; `records` (sensors, in the order of the blocks) are carried on over full blocks."""
    course, ends = _if_all_join(blocks, records, summary)
    correlation, residual = _regression(course.variance, course.covariance)
    usual = (course.number < WARM_UP) | _is_usual(course, correlation, summary)
    # Of a first block the interval is taken as it is.
    even = (course.number == 0) | (summary.interval <= _WIDE * course.interval)
    odd = summary.full & ~(summary.complete & usual & even)
    if odd.any():
        sensors = np.unique(blocks.sensor[odd])
        columns, known = blocks.columns_of(sensors), records.take(sensors)
        course.put(columns, _block_by_block(blocks.of(sensors), known, summary.of(columns)))
        correlation, residual = _regression(course.variance, course.covariance)
        _keep(blocks, records, ends)
        put(records, sensors, known)
    else:
        _keep(blocks, records, ends)
    return Baseline(
        level=course.level,
        sigma=np.sqrt(residual),
        spread=np.sqrt(course.variance),
        correlation=correlation,
        ready=(course.number >= WARM_UP) & (residual > _LEAST),
        settled=(course.number >= SETTLED) & (residual > _LEAST),
        fresh=course.fresh,
        joins=course.joins,
        shift=course.shift,
        interval=course.interval,
    )


def _if_all_join(blocks: Blocks, records: Records, summary: Summary) -> tuple[_Course, NDArray[np.float64]]:
    """The course of things if each full block joins, and where level, variance, covariance and interval (4, sensors)
    end then.
    """
    first = slice(0, blocks.first)
    number = records["blocks"][blocks.sensor] + blocks.ordinal
    share = np.where(summary.full, np.maximum(1 / (number + 1.0), 1 / MEMORY), 0)
    begins = (number[first] == 0) & summary.full[first]
    known = np.stack([records[name] for name in ("level", "variance", "covariance", "interval")])
    before = np.empty((4, len(share)))
    level, others = known[0].copy(), known[1:].copy()
    level[begins], others[2, begins] = summary.middle[first][begins], summary.interval[first][begins]
    moved = np.empty(len(share))
    for here in blocks.ordinals():
        own = level[: here.stop - here.start]
        before[0, here] = own
        own += share[here] * (summary.middle[here] - own)
        moved[here] = own
    away_squared = (summary.middle - moved) ** 2
    new = np.stack((summary.square + away_squared, summary.product + away_squared, summary.interval))
    for here in blocks.ordinals():
        rest = others[:, : here.stop - here.start]
        before[1:, here] = rest
        rest += share[here] * (new[:, here] - rest)
    before[:, first] = known
    fresh = np.zeros(len(share), np.bool_)
    fresh[first] = records["fresh"]
    course = _Course(
        level=before[0],
        variance=before[1],
        covariance=before[2],
        interval=before[3],
        number=number,
        fresh=fresh,
        joins=summary.full.copy(),
        shift=np.zeros(len(share)),
    )
    return course, np.concatenate((level[None], others))


def _keep(blocks: Blocks, records: Records, ends: NDArray[np.float64]) -> None:
    """Keep what is known once all full blocks have joined."""
    records["level"], records["variance"], records["covariance"], records["interval"] = ends
    joined = np.bincount(blocks.sensor[blocks.full], minlength=blocks.first)
    records["blocks"] += joined
    for name in ("odd", "candidate", "fresh"):
        records[name] = np.where(joined > 0, 0, records[name])


def _block_by_block(blocks: Blocks, records: Records, summary: Summary) -> _Course:
    """The course of things, whichever blocks join; the records are carried on in place."""
    columns = len(blocks.sensor)
    course = _Course(
        level=np.empty(columns),
        variance=np.empty(columns),
        covariance=np.empty(columns),
        interval=np.empty(columns),
        number=np.empty(columns, np.int64),
        fresh=np.empty(columns, np.bool_),
        joins=np.empty(columns, np.bool_),
        shift=np.empty(columns),
    )
    for here in blocks.ordinals():
        known = records[: here.stop - here.start]
        for name in ("level", "variance", "covariance", "interval", "fresh"):
            getattr(course, name)[here] = known[name]
        course.number[here] = known["blocks"]
        course.joins[here], course.shift[here] = _carry_on(known, summary, course, here)
    return course


def _carry_on(known: Records, summary: Summary, course: _Course, here: slice) -> tuple[Flags, Column]:
    """Learn one block of each sensor, in place; which of them join, and by how much a newly accepted level differs."""
    middle = summary.middle[here]
    blocks = known["blocks"]
    warm = blocks < WARM_UP
    level = np.where(blocks == 0, middle, known["level"])
    joins = (warm | _is_usual_here(course, summary, here)) & summary.complete[here]
    share = np.maximum(1 / (blocks + 1.0), 1 / MEMORY)
    moved = level + share * (middle - level)
    away_squared = (middle - moved) ** 2
    square, product = summary.square[here] + away_squared, summary.product[here] + away_squared
    odd = np.where(summary.complete[here], known["odd"] + 1, known["odd"])
    candidate = known["candidate"]
    candidate = np.where(summary.complete[here], candidate + (middle - candidate) / np.maximum(odd, 1), candidate)
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


def _is_usual_here(course: _Course, summary: Summary, here: slice) -> Flags:
    level, variance, covariance = course.level[here], course.variance[here], course.covariance[here]
    correlation, _ = _regression(variance, covariance)
    return _usual(level, variance, correlation, middle=summary.middle[here], square=summary.square[here])


def _is_usual(course: _Course, correlation: Column, summary: Summary) -> Flags:
    return _usual(course.level, course.variance, correlation, middle=summary.middle, square=summary.square)


def _usual(level: Column, variance: Column, correlation: Column, *, middle: Column, square: Column) -> Flags:
    """Whether a block's mean and spread are such as the learned normal brings forth."""
    likeness = np.minimum((1 + correlation) / (1 - correlation) / BLOCK, 1)
    error = variance * likeness
    away = (middle - level) ** 2
    usual: Flags = (away <= _FAR**2 * error) & (square <= _WIDE**2 * variance)
    return usual


def _regression(variance: Column, covariance: Column) -> tuple[Column, Column]:
    """ρ, and the variance of what it leaves unexplained."""
    correlation = np.clip(covariance / np.maximum(variance, _LEAST), 0, _MOST_CORRELATED)
    left = variance * (1 + correlation**2) - 2 * correlation * covariance
    return correlation, np.maximum(left, 0)
