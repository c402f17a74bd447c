"""Exponentially weighted means over blocks, in closed form from block to block."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Means of some kinds: `local` (32, kinds, columns) as if each block began at zero, `before` (kinds, columns) what
    it begins with, and `fading` (32, kinds, 1) the share of that which is left.
    """

    local: Matrix
    before: Matrix
    fading: Matrix

    def at(self, columns: NDArray[np.intp]) -> Matrix:
        """The means in some blocks, (32, kinds, k)."""
        found: Matrix = self.local.take(columns, axis=2) + self.fading * self.before[:, columns]
        return found

    def reach(self) -> Matrix:
        """What no mean of a block lies beyond, either way, (kinds, columns)."""
        furthest = np.maximum(self.local.max(axis=0), -self.local.min(axis=0))
        reach: Matrix = furthest + np.abs(self.before)
        return reach


def smoothed(
    blocks: Blocks, given: Matrix, carried: NDArray[np.float64], *, shares: Sequence[float], fresh: NDArray[np.bool_]
) -> Smoothed:
    """M(t) = (1 − share) M(t−1) + x(t), x (32, kinds, columns) being what comes in times its share, which is written
    over; `carried` (kinds, sensors) is the mean before the blocks, and one begins at zero in blocks that are `fresh`
    (columns,).
    """
    keeps = 1 - np.array(shares)[:, None]
    local = _from_zero(given, keeps)
    fading: Matrix = (keeps ** np.arange(1.0, BLOCK + 1)).T[:, :, None]
    before, last = np.empty(local.shape[1:]), carried
    starts_anew = bool(fresh.any())
    for here in blocks.ordinals():
        own = last[:, : here.stop - here.start]
        before[:, here] = own * ~fresh[here] if starts_anew else own
        last = local[-1, :, here] + fading[-1] * before[:, here]
    return Smoothed(local, before, fading)


def _from_zero(given: Matrix, keeps: Matrix) -> Matrix:
    faded = np.empty(given.shape[1:])
    for place in range(1, BLOCK):
        np.multiply(keeps, given[place - 1], out=faded)
        given[place] += faded
    return given
