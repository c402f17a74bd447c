"""Status codes of readings: 32 bits, of which the two highest say how far a value is to be trusted.

Source: OPC UA, part 4, section 7.39: severity 00 is Good, 01 Uncertain, 10 Bad; 11 is reserved.
"""

import numpy as np
from numpy.typing import NDArray

GOOD = 0
UNCERTAIN = 0x4000_0000
BAD = 0x8000_0000

_SEVERITY = np.uint32(0xC000_0000)


def all_good(count: int) -> NDArray[np.uint32]:
    """The statuses of so many Good readings, of shape (count,)."""
    return np.zeros(count, np.uint32)


def are_bad(statuses: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which statuses say that a value is not to be used; of shape (n,)."""
    bad: NDArray[np.bool_] = (statuses & _SEVERITY) == BAD
    return bad


def are_uncertain(statuses: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which statuses say that a value is doubtful; of shape (n,)."""
    uncertain: NDArray[np.bool_] = (statuses & _SEVERITY) == UNCERTAIN
    return uncertain


def are_reserved(statuses: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which statuses have a severity that means nothing; of shape (n,)."""
    reserved: NDArray[np.bool_] = (statuses & _SEVERITY) == _SEVERITY
    return reserved
