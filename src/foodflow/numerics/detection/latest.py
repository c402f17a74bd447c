"""When something was last so, over blocks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import PLACES, Blocks
from foodflow.numerics.detection.state import NEVER

Flags = NDArray[np.bool_]
Moments = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Latest:
    """When something was last so: `flags` and `times` (32, columns), and when it was before each block, (columns,)."""

    flags: Flags
    times: Moments
    before: Moments

    def at(self, places: NDArray[np.intp], columns: NDArray[np.intp]) -> Moments:
        """At or before some readings, (k,)."""
        within = self.flags[:, columns] & (places >= PLACES)
        found: Moments = np.maximum(latest_within(within, self.times[:, columns]), self.before[columns])
        return found

    def ends(self, columns: NDArray[np.intp]) -> Moments:
        """At or before the ends of some blocks."""
        ends: Moments = np.maximum(latest_within(self.flags[:, columns], self.times[:, columns]), self.before[columns])
        return ends


def latest(blocks: Blocks, flags: Flags, carried: Moments) -> Latest:
    """When each flag was last set; `carried` (sensors,) is when it was before the blocks."""
    return Latest(flags, blocks.times, before(blocks, latest_within(flags, blocks.times), carried))


def latest_within(flags: Flags, times: Moments) -> Moments:
    """When a flag was last set within each block, (columns,); `NEVER` where it was not."""
    count = (flags * (PLACES + 1).astype(np.int8)).max(axis=0)
    return np.where(count > 0, times[count - 1, np.arange(len(count))], NEVER)


def last_of(
    blocks: Blocks, columns: NDArray[np.intp], flags: Flags, *, rising: Moments, ends: Moments, carried: Moments
) -> tuple[Moments, Moments]:
    """The latest of rising numbers (32, k) at which a flag (32, k) was set, in the `columns` (k,) where it is not set
    everywhere, and at the end of every block; `ends` (columns,) are the numbers there, `carried` (sensors,) those
    before the blocks.
    """
    within = np.maximum.accumulate(np.where(flags, rising, NEVER), axis=0)
    at_end = ends.copy()
    if len(columns):
        at_end[columns] = within[-1]
        within = np.maximum(within, before(blocks, at_end, carried)[columns])
        at_end[columns] = within[-1]
    return within, at_end


def before(blocks: Blocks, ends: Moments, carried: Moments) -> Moments:
    """The latest before each block, from that within each (columns,)."""
    known, found = carried, np.empty(len(ends), np.int64)
    for here in blocks.ordinals():
        found[here] = known[: here.stop - here.start]
        known = np.maximum(found[here], ends[here])
    return found
