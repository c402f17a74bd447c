"""What each block says of itself: a mean that outliers do not join, and how its readings lie about that.

Values are winsorised at four robust sigmas about the block's median; the sigma is the distance of the quartiles over
1.349 or, where that is nothing, the root of the mean square.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.state import BLOCK

# Larger values than this are possible, and their squares are not.
MOST: Final = 1e150

_SECOND: Final = 1_000_000
_WINSOR: Final = 4.0
_QUARTILES_TO_SIGMA: Final = 1.349

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """Each block's winsorised mean, and the mean square and mean product of neighbours about it, (columns,).

    `least`, `greatest`: of its values as they are. `interval`: mean seconds between readings.
    """

    middle: Column
    square: Column
    product: Column
    interval: Column
    least: Column
    greatest: Column
    full: NDArray[np.bool_]
    complete: NDArray[np.bool_]

    def of(self, columns: NDArray[np.intp]) -> "Summary":
        """Of some blocks alone."""
        return Summary(
            self.middle[columns],
            self.square[columns],
            self.product[columns],
            self.interval[columns],
            self.least[columns],
            self.greatest[columns],
            self.full[columns],
            self.complete[columns],
        )


def summarised(blocks: Blocks) -> Summary:
    """The summary of each block, full or not."""
    values = np.sort(blocks.values, axis=0)
    least, greatest = values[0].copy(), values[-1].copy()
    is_moderate = within(least, greatest)
    if not is_moderate:
        np.minimum(np.maximum(values, -MOST, out=values), MOST, out=values)
    half, quarter = BLOCK // 2, BLOCK // 4
    median = (values[half - 1] + values[half]) / 2
    scale = (values[-quarter] - values[quarter - 1]) / _QUARTILES_TO_SIGMA
    lowest, highest = values[0] - median, values[-1] - median
    about = np.subtract(blocks.values if is_moderate else moderate(blocks.values), median, out=values)
    if not (scale > 0).all():
        scale = np.where(scale > 0, scale, np.sqrt(mean_of_blocks(about**2)))
    reach = _WINSOR * scale
    beyond = np.flatnonzero((highest > reach) | (lowest < -reach))
    if len(beyond):
        about[:, beyond] = np.clip(about[:, beyond], -reach[beyond], reach[beyond])
    mean = mean_of_blocks(about)
    about -= mean
    products = np.empty_like(about)
    np.multiply(about[1:], about[:-1], out=products[1:])
    products[0] = 0
    full = blocks.full
    few_uncertain = not blocks.uncertain.any() or blocks.uncertain.sum(axis=0) < half
    return Summary(
        middle=median + mean,
        square=mean_of_blocks(np.multiply(about, about, out=about)),
        product=mean_of_blocks(products) * (BLOCK / (BLOCK - 1)),
        interval=(blocks.times[-1] - blocks.times[0]) / (_SECOND * (BLOCK - 1)),
        least=least,
        greatest=greatest,
        full=full,
        complete=full & few_uncertain,
    )


def within(least: Column, greatest: Column) -> bool:
    """Whether all values have squares."""
    return bool(least.min() >= -MOST and greatest.max() <= MOST)


def moderate(values: Matrix) -> Matrix:
    """Values that have squares."""
    return np.minimum(np.maximum(values, -MOST), MOST)


def mean_of_blocks(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """The means over the first axis, in an order of addition that doesn't depend on how many columns there are."""
    height = BLOCK
    while height > 1:
        height //= 2
        matrix = matrix[:height] + matrix[height:]
    mean: NDArray[np.float64] = matrix[0] / BLOCK
    return mean
