"""Columns of marks (0 or 1) told from columns of measurements."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LABEL_NAME: Final = re.compile(
    r"(?:is_?)?(?:anomal(?:y|ous)|outlier|change_?point|label|class|target|ground_?truth|fault)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Marks:
    """Which values a column has shown so far."""

    zeros: bool = False
    ones: bool = False
    others: bool = False

    def see(self, values: NDArray[np.float64]) -> None:
        """Take note of some values (n, finite) of the column."""
        if self.others:
            return
        zeros, ones = int(np.count_nonzero(values == 0)), int(np.count_nonzero(values == 1))
        self.zeros |= zeros > 0
        self.ones |= ones > 0
        self.others = zeros + ones < len(values)

    def why_left_out(self, name: str) -> str | None:
        """Say why a column that nobody named gives no readings; None if it does.

        A column of both 0 and 1 and nothing else is a label. One that is constant may be a sensor
        at rest, so it is a label only if its name says so.
        """
        if self.others:
            return None
        if self.zeros and self.ones:
            return "holds only 0 and 1, as a label does"
        if not (self.zeros or self.ones):
            return "holds no value"
        return "is constant and named as a label" if _LABEL_NAME.fullmatch(name.strip()) else None
