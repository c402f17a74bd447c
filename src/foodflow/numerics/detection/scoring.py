"""The learned detector's score of each reading, for measuring how good it is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.findings import Runs, Settings, bounds_of
from foodflow.numerics.detection.judging import look
from foodflow.numerics.detection.learned import LEARNED_DIGITS
from foodflow.numerics.detection.state import stacked, unpack
from foodflow.numerics.detection.telling import PRIOR

LULL: Final = 256
STEP: Final = 1.5
LEAST_DIGITS: Final = LEARNED_DIGITS / STEP**3
RAISED: Final = 1 / (1 + 10.0**-LEARNED_DIGITS / PRIOR)
_ROUNDING: Final = 1e-9


def scores(times: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How sure the learned detector is at each reading that something begins or grows worse, 0 to 1.

    `times` (n,) in microseconds, strictly increasing; `values` (n,). Each score knows the readings up to its own alone.
    Only news counts: a reading scores if the digits of its chance pass one of the steps 4 × 1.5ⁿ that none of the 256
    readings before it has passed; otherwise 0. The product raises its alarm from `RAISED` on.
    """
    if not len(times):
        return np.zeros(0)
    states = stacked([None])
    bounds, certain = bounds_of([Settings()]), np.zeros(len(times), np.bool_)
    run = Runs(bounds, states, np.array([len(times)]), times, values, certain)
    looked = look(run, unpack(states))
    everywhere = np.arange(len(looked.blocks.sensor))
    digits = looked.unlikely.at(everywhere, looked.expected).digits.T.ravel()[: len(times)]
    steps = _step(digits)
    padded = np.concatenate((np.full(LULL, _step(np.zeros(1))[0]), steps[:-1]))
    before = np.lib.stride_tricks.sliding_window_view(padded, LULL).max(axis=1)
    return np.where(steps > before, 1 / (1 + 10.0**-digits / PRIOR), 0)


def _step(digits: NDArray[np.float64]) -> NDArray[np.float64]:
    step: NDArray[np.float64] = np.floor(
        np.log(np.maximum(digits, LEAST_DIGITS) / LEARNED_DIGITS) / np.log(STEP) + _ROUNDING
    )
    return step
