"""Sums that are clamped from zero to a limit, over blocks in closed form: S → min(top, max(bottom, S + total))."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clamped:
    """Sums of some kinds: `totals` (32, kinds, columns) of the steps; `bounds` (32, 2, kinds, columns) what the sums
    are at least and at most, whatever came before; `before` (kinds, columns) what each block begins with.
    """

    totals: Matrix
    bounds: Matrix
    before: Matrix

    def at(self, columns: NDArray[np.intp]) -> Matrix:
        """The sums in some blocks, (32, kinds, k)."""
        within = self.totals.take(columns, axis=2) + self.before[:, columns]
        bounds = self.bounds.take(columns, axis=3)
        np.maximum(bounds[:, 0], within, out=within)
        return np.minimum(bounds[:, 1], within, out=within)

    def reach(self) -> Matrix:
        """What no sum of a block is greater than, (kinds, columns), but for rounding."""
        greatest: Matrix = self.bounds[:, 0].max(axis=0) + self.before
        return greatest


def clamped(
    blocks: Blocks, steps: Matrix, carried: NDArray[np.float64], *, most: float, fresh: NDArray[np.bool_]
) -> Clamped:
    """S(t) = min(most, max(0, S(t−1) + x(t))) of x (32, kinds, columns), which is written over; `carried`
    (kinds, sensors) is the sum before the blocks, and one begins at zero in blocks that are `fresh` (columns,).
    """
    totals, bounds = _gone_through(steps, most)
    lowest, highest = bounds[-1]
    before, last = np.empty(steps.shape[1:]), carried
    starts_anew = bool(fresh.any())
    for here in blocks.ordinals():
        own = last[:, : here.stop - here.start]
        before[:, here] = own * ~fresh[here] if starts_anew else own
        ends = totals[-1, :, here] + before[:, here]
        np.maximum(lowest[:, here], ends, out=ends)
        last = np.minimum(highest[:, here], ends, out=ends)
    return Clamped(totals, bounds, before)


def _gone_through(steps: Matrix, most: float) -> tuple[Matrix, Matrix]:
    """The totals of the steps, and what becomes of a sum that begins at zero, and of one that begins at the most."""
    bounds = np.empty((BLOCK, 2, *steps.shape[1:]))
    bounds[0, 0] = steps[0]
    np.add(steps[0], most, out=bounds[0, 1])
    zeros, limits = np.zeros(bounds.shape[1:]), np.full(bounds.shape[1:], most)
    for place in range(BLOCK):
        own = bounds[place]
        if place:
            np.add(bounds[place - 1], steps[place], out=own)
        np.maximum(own, zeros, out=own)
        np.minimum(own, limits, out=own)
    for place in range(1, BLOCK):
        steps[place] += steps[place - 1]
    return steps, bounds
