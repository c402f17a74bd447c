"""What happens in the simulated plant."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StateChanged:
    """From `at` on the line is in `state`; never twice for one line at one instant."""

    at: datetime
    line: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """A batch begins on its line, which is running from this instant."""

    at: datetime
    line: str
    batch: str
    product_code: str
    product_name: str
    target_quantity: int
    shift: str


@dataclass(frozen=True, slots=True)
class BatchCompleted:
    """A batch has made its target quantity; its line is idle from this instant."""

    at: datetime
    line: str
    batch: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Items of a batch made up to `at` since the count before; reported each minute and when a batch completes."""

    at: datetime
    line: str
    batch: str
    good: int
    scrap: int
    scrap_reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Readings of one sensor within at most an hour: `times` (n, int64, microseconds since 1970 UTC), `values` (n).

    `at` is the time of the first.
    """

    at: datetime
    line: str
    sensor: str
    times: NDArray[np.int64]
    values: NDArray[np.float64]


Event = StateChanged | BatchStarted | BatchCompleted | Counted | Sampled
