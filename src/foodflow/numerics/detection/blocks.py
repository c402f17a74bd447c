"""Readings of many sensors laid out as blocks of 32, so that all blocks are worked on at once.

The matrices have the shape (32, blocks): a column is a block, in time downwards. The columns stand in the order of
their ordinal (all first blocks, then all second ones), the sensors with most blocks first within each; so the columns
of one ordinal lie side by side, and so do the blocks that follow them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.findings import Run
from foodflow.numerics.detection.state import BLOCK, Records


@dataclass(frozen=True, slots=True)
class Blocks:
    """The readings of all runs.

    `order` (sensors,): places of the runs, those with most blocks first. `offsets` (ordinals + 1,): where the columns
    of each ordinal begin. `sensor` (columns,): place in `order`. `times`, `values`, `uncertain` (32, columns): beyond
    a block's `fill` (columns,) the last reading is repeated. `old` (columns,): readings that were judged before.
    """

    order: NDArray[np.intp]
    offsets: list[int]
    sensor: NDArray[np.intp]
    ordinal: NDArray[np.intp]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    uncertain: NDArray[np.bool_]
    fill: NDArray[np.int64]
    old: NDArray[np.int64]

    def ordinals(self) -> Iterator[slice]:
        """The columns of each ordinal in turn; the sensors of the n-th are the first ones of `order`."""
        return (slice(begin, end) for begin, end in zip(self.offsets[:-1], self.offsets[1:], strict=True))

    @property
    def first(self) -> int:
        """How many columns are the first of their sensor."""
        return self.offsets[1]

    def before(self) -> NDArray[np.intp]:
        """The column before each of those that are not the first of their sensor."""
        widths = np.diff(self.offsets)
        back: NDArray[np.intp] = np.repeat(widths[:-1], widths[1:])
        return np.arange(self.first, self.offsets[-1]) - back

    def is_new(self) -> NDArray[np.bool_]:
        """Which readings are judged for the first time, (32, columns)."""
        place = np.arange(BLOCK)[:, None]
        return (place >= self.old) & (place < self.fill)

    def led(self, matrix: NDArray[Any], past: NDArray[Any]) -> NDArray[Any]:
        """A matrix with what came before each block on top: `past` (sensors, k) or the end of the block before."""
        height = past.shape[1]
        led = np.empty((height + BLOCK, matrix.shape[1]), matrix.dtype)
        led[height:] = matrix
        led[:height, : self.first] = past.T
        if len(self.offsets) > 2:  # noqa: PLR2004 - more than one ordinal
            led[:height, self.first :] = matrix[BLOCK - height :].take(self.before(), axis=1)
        return led


def laid_out(runs: Sequence[Run], records: Records) -> Blocks:
    """Lay out the new readings of runs, each after the tail of its record; every run has at least one reading."""
    new = np.array([len(run.times) for run in runs])
    old = records["fill"].astype(np.int64)
    lengths = old + new
    counts = -(-lengths // BLOCK)
    order = np.argsort(-counts, kind="stable")
    counts = counts[order]
    widths = np.searchsorted(-counts, -np.arange(1, counts[0] + 1), side="right")
    offsets = np.concatenate(([0], np.cumsum(widths)))
    ordinal = np.repeat(np.arange(len(widths)), widths)
    sensor = np.arange(offsets[-1]) - offsets[ordinal]
    left = lengths[order][sensor] - ordinal * BLOCK
    fill = np.minimum(left, BLOCK)
    starts = np.concatenate(([0], np.cumsum(BLOCK + new)))[order][sensor] + BLOCK - old[order][sensor] + ordinal * BLOCK
    places = starts + np.minimum(np.arange(BLOCK)[:, None], fill - 1)
    in_first = np.where(ordinal == 0, old[order][sensor], 0)
    return Blocks(
        order=order,
        offsets=offsets.tolist(),
        sensor=sensor,
        ordinal=ordinal,
        times=_joined(records, "tail_times", [run.times for run in runs]).take(places),
        values=_joined(records, "tail_values", [run.values for run in runs]).take(places),
        uncertain=_joined(records, "tail_uncertain", [run.uncertain for run in runs]).take(places),
        fill=fill,
        old=in_first,
    )


def _joined(records: Records, name: str, new: list[NDArray[Any]]) -> NDArray[Any]:
    """Each tail, shifted to the end of its 32 places, with the new readings after it, all in one row."""
    parts: list[NDArray[Any]] = []
    for tail, fresh in zip(_right_aligned(records, name), new, strict=True):
        parts += (tail, fresh)
    return np.concatenate(parts)


def _right_aligned(records: Records, name: str) -> NDArray[Any]:
    shift = (np.arange(BLOCK) + records["fill"][:, None].astype(np.int64)) % BLOCK
    return np.take_along_axis(records[name], shift, axis=1)
