"""From reading to reading: how far, how long, and how often the same again; by block, so that only what needs a closer
look is looked at reading by reading.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import PLACES, Blocks
from foodflow.numerics.detection.latest import last_of
from foodflow.numerics.detection.state import BLOCK, Records

SECOND: Final = 1_000_000
_NEVER_AGAIN: Final = np.iinfo(np.int64).max

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Where values repeat: the `columns` that have any (k,), since when (32, k, microseconds) and how often (32, k) the
    value of each reading does there; and both at the end of every block (columns,).
    """

    columns: NDArray[np.intp]
    since: NDArray[np.int64]
    counts: NDArray[np.int64]
    since_at_end: NDArray[np.int64]
    counts_at_end: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strides:
    """The steps between readings: microseconds and changes (32, columns), the value before each block, of each block
    the longest and the shortest seconds and the greatest change either way (columns,), and repeats.
    """

    micros: NDArray[np.int64]
    change: Numbers
    value_before: Numbers
    longest: Numbers
    shortest: Numbers
    steepest: Numbers
    repeats: Repeats

    def changes(self, columns: NDArray[np.intp]) -> tuple[Numbers, Numbers]:
        """From each reading of some blocks to the one before, (32, k): the change, and how many seconds it took."""
        if len(columns) == self.change.shape[1]:
            return self.change, self.micros / SECOND
        return self.change.take(columns, axis=1), self.micros.take(columns, axis=1) / SECOND


def strides(blocks: Blocks, records: Records) -> Strides:
    """The steps between readings; the first reading of all is taken as a change in no time."""
    micros, change = np.empty_like(blocks.times), np.empty_like(blocks.values)
    value_before = blocks.previous(blocks.values[-1], records["before_value"])
    np.subtract(blocks.times[1:], blocks.times[:-1], out=micros[1:])
    np.subtract(blocks.times[0], blocks.previous(blocks.times[-1], records["before_time"]), out=micros[0])
    np.subtract(blocks.values[1:], blocks.values[:-1], out=change[1:])
    np.subtract(blocks.values[0], value_before, out=change[0])
    same, real = change == 0, micros
    if not blocks.full.all():
        same &= blocks.fill > PLACES
    if not (micros[0].all() and micros[-1].all()):  # the first reading of all, or one repeated to fill a block
        real = micros.copy()
        np.copyto(real, _NEVER_AGAIN, where=micros == 0)
    return Strides(
        micros,
        change,
        value_before,
        longest=micros.max(axis=0) / SECOND,
        shortest=real.min(axis=0) / SECOND,
        steepest=np.maximum(change.max(axis=0), -change.min(axis=0)),
        repeats=_repeats(blocks, records, same),
    )


def _repeats(blocks: Blocks, records: Records, same: Flags) -> Repeats:
    columns = np.flatnonzero(same.any(axis=0))
    changed = ~same[:, columns]
    since, since_at_end = last_of(
        blocks,
        columns,
        changed,
        rising=blocks.times[:, columns],
        ends=blocks.times[-1],
        carried=records["same_since"],
    )
    begins = blocks.ordinal * BLOCK
    places, ends = PLACES + begins[columns], begins + BLOCK - 1
    changes, last_change = last_of(blocks, columns, changed, rising=places, ends=ends, carried=-1 - records["repeats"])
    return Repeats(columns, since, places - changes, since_at_end, ends - last_change)
