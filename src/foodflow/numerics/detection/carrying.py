"""What is carried on to the next call: the end of each sensor's last full block, and the readings after it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.judging import Judged
from foodflow.numerics.detection.state import BLOCK, PAST, Records


def carry_on(known: Records, judged: Judged) -> None:
    """Bring the records (in the order of the blocks) up to the last reading, in place."""
    blocks = judged.blocks
    counts = np.bincount(blocks.sensor)
    offsets = np.array(blocks.offsets)
    last = offsets[counts - 1] + np.arange(blocks.first)
    full = counts - (blocks.fill[last] < BLOCK)
    sensors = np.flatnonzero(full)
    if len(sensors):
        columns = offsets[full[sensors] - 1] + sensors
        for name, end in _ends(judged, columns).items():
            known[name][sensors] = end
    known["told"] = judged.edges.active[blocks.fill[last] - 1, last]
    known["fill"] = blocks.fill[last] % BLOCK
    known["tail_times"] = blocks.times[:, last].T
    known["tail_values"] = blocks.values[:, last].T
    known["tail_uncertain"] = blocks.uncertain[:, last].T


def _ends(judged: Judged, columns: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """What stands at the end of some columns, by the names of the record."""
    blocks, drift = judged.blocks, judged.drift
    return {
        "before_time": blocks.times[-1, columns],
        "before_value": blocks.values[-1, columns],
        "before_z": judged.z[-1, columns],
        "same_since": judged.steps.same_since[-1, columns],
        "repeats": judged.steps.repeats[-1, columns],
        "active": judged.edges.active[-1, columns],
        "cusum_up": drift.up[-1, columns],
        "cusum_down": drift.down[-1, columns],
        "ewma": drift.ewma[-1, columns],
        "cusum_zero": np.stack((drift.up_zero.ends(columns), drift.down_zero.ends(columns)), axis=1),
        "ewma_zero": drift.ewma_zero.ends(columns),
        "smoothed": judged.learned.smoothed[:, -1, columns].T,
        "past_times": blocks.times[-PAST:, columns].T,
        "past_zones": judged.marks.zones[-PAST:, columns].T,
        "past_turns": judged.marks.turns[-PAST:, columns].T,
        "past_held": judged.signs.holding[-PAST:, columns].T,
    }
