"""Exponentially weighted means over blocks, in closed form from block to block."""

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK


def smoothed(
    blocks: Blocks,
    matrix: NDArray[np.float64],
    carried: NDArray[np.float64],
    *,
    share: float,
    fresh: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """M(t) = (1 − share) M(t−1) + share x(t), (32, columns); `carried` (sensors,) is the mean before the blocks.

    It begins at zero in blocks that are `fresh` (columns,).
    """
    local = _from_zero(matrix, share)
    fading = (1 - share) ** np.arange(1, BLOCK + 1)
    before, last = np.empty(matrix.shape[1]), carried
    for here in blocks.ordinals():
        before[here] = last[: here.stop - here.start] * ~fresh[here]
        last = local[-1, here] + fading[-1] * before[here]
    local += fading[:, None] * before
    return local


def _from_zero(matrix: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    means = matrix * share
    faded = np.empty(matrix.shape[1])
    for place in range(1, BLOCK):
        np.multiply(1 - share, means[place - 1], out=faded)
        means[place] += faded
    return means
