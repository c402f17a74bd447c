"""Readings of many sensors laid out as blocks of 32, so that all blocks are worked on at once.

The matrices have the shape (32, blocks): a column is a block, in time downwards. The columns stand in the order of
their ordinal (all first blocks, then all second ones), the sensors with most blocks first within each; so the columns
of one ordinal lie side by side, and so do the blocks that follow them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.findings import Runs
from foodflow.numerics.detection.state import BLOCK, Records

PLACES = np.arange(BLOCK)[:, None]
"""The places of readings within a block, (32, 1)."""


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

    def ordinals(self) -> Iterable[slice]:
        """The columns of each ordinal in turn; the sensors of the n-th are the first ones of `order`."""
        return map(slice, self.offsets[:-1], self.offsets[1:])

    @property
    def first(self) -> int:
        """How many columns are the first of their sensor."""
        return self.offsets[1]

    @property
    def full(self) -> NDArray[np.bool_]:
        """Which blocks are full, (columns,)."""
        full: NDArray[np.bool_] = self.fill == BLOCK
        return full

    def before(self) -> NDArray[np.intp]:
        """The column before each of those that are not the first of their sensor."""
        widths = np.diff(self.offsets)
        back: NDArray[np.intp] = np.repeat(widths[:-1], widths[1:])
        return np.arange(self.first, self.offsets[-1]) - back

    def are_there(self, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which readings of some blocks are more than the last one repeated, (32, k)."""
        there: NDArray[np.bool_] = self.fill[columns] > PLACES
        return there

    def previous(self, last: NDArray[Any], past: NDArray[Any]) -> NDArray[Any]:
        """What stands before each block, (columns,): `past` (sensors,) or the `last` (columns,) of the block before."""
        if len(self.offsets) == 2:  # noqa: PLR2004 - one ordinal
            return past
        return np.concatenate((past, last.take(self.before())))

    def led(self, matrix: NDArray[Any], past: NDArray[Any]) -> NDArray[Any]:
        """A matrix with what came before each block on top: `past` (sensors, k) or the end of the block before."""
        height = past.shape[1]
        led = np.empty((height + BLOCK, matrix.shape[1]), matrix.dtype)
        led[height:] = matrix
        led[:height, : self.first] = past.T
        if len(self.offsets) > 2:  # noqa: PLR2004 - more than one ordinal
            led[:height, self.first :] = matrix[BLOCK - height :].take(self.before(), axis=1)
        return led

    def last_full(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The sensors that have a full block, and the column of the last one of each."""
        counts = np.bincount(self.sensor[self.full], minlength=self.first)
        sensors = np.flatnonzero(counts)
        return sensors, np.array(self.offsets)[counts[sensors] - 1] + sensors

    def columns_of(self, sensors: NDArray[np.intp]) -> NDArray[np.intp]:
        """The columns of some sensors, in their order."""
        chosen = np.zeros(self.first, np.bool_)
        chosen[sensors] = True
        return np.flatnonzero(chosen[self.sensor])

    def of(self, sensors: NDArray[np.intp]) -> "Blocks":
        """The blocks of some sensors alone (rising places in `order`): those of `columns_of`."""
        if len(sensors) == self.first:
            return self
        columns = self.columns_of(sensors)
        ordinal = self.ordinal[columns]
        return Blocks(
            order=self.order[sensors],
            offsets=[0, *np.cumsum(np.bincount(ordinal, minlength=1)).tolist()],
            sensor=np.searchsorted(sensors, self.sensor[columns]),
            ordinal=ordinal,
            times=self.times.take(columns, axis=1),
            values=self.values.take(columns, axis=1),
            uncertain=self.uncertain.take(columns, axis=1),
            fill=self.fill[columns],
            old=self.old[columns],
        )


def laid_out(runs: Runs, records: Records) -> Blocks:
    """Lay out the new readings of runs, each after the tail of its record; every run has at least one reading."""
    new, old = runs.counts, records["fill"].astype(np.int64)
    lengths = old + new
    counts = -(-lengths // BLOCK)
    order = np.argsort(-counts, kind="stable")
    counts = counts[order]
    widths = np.searchsorted(-counts, -np.arange(1, counts[0] + 1), side="right")
    offsets = np.concatenate(([0], np.cumsum(widths)))
    ordinal = np.repeat(np.arange(len(widths)), widths)
    sensor = np.arange(offsets[-1]) - offsets[ordinal]
    run = order[sensor]
    ends = np.cumsum(new)
    # Among the new readings; those that are of a tail lie before them.
    places = PLACES + ((ends - lengths)[run] + ordinal * BLOCK)
    np.minimum(places, ends[run] - 1, out=places)
    tails = _Tails(records, order, old[order] > PLACES)
    return Blocks(
        order=order,
        offsets=offsets.tolist(),
        sensor=sensor,
        ordinal=ordinal,
        times=tails.before("tail_times", runs.times, places),
        values=tails.before("tail_values", runs.values, places),
        uncertain=tails.before("tail_uncertain", runs.uncertain, places),
        fill=np.minimum(lengths[run] - ordinal * BLOCK, BLOCK),
        old=np.where(ordinal == 0, old[run], 0),
    )


@dataclass(frozen=True, slots=True)
class _Tails:
    """What is kept of blocks that were not full; `there` (32, sensors) says which readings are."""

    records: Records
    order: NDArray[np.intp]
    there: NDArray[np.bool_]

    def before(self, name: str, new: NDArray[Any], places: NDArray[np.intp]) -> NDArray[Any]:
        """New readings by their places, and where a tail was kept, that."""
        laid = new.take(places, mode="clip")
        if self.there.any():
            np.copyto(laid[:, : len(self.order)], self.records[name][self.order].T, where=self.there)
        return laid
