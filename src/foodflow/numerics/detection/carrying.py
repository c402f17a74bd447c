"""What is carried on to the next call: the end of each sensor's last full block, and the readings after it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.charts import marks_at_ends
from foodflow.numerics.detection.edges import LATER
from foodflow.numerics.detection.judging import Judged, Looked
from foodflow.numerics.detection.lasting import Lasting
from foodflow.numerics.detection.state import BLOCK, HELD, NEVER, PAST, Records


def carry_on(looked: Looked) -> None:
    """Bring the records up to the last reading, in place, as if nothing were going on."""
    known, blocks = looked.known, looked.blocks
    sensors, columns = blocks.last_full()
    if len(sensors):
        everywhere = len(sensors) == len(known)
        for name, end in _ends(looked, columns).items():
            if everywhere:
                known[name] = end
            else:
                known[name][sensors] = end
    last = _last(looked.blocks.offsets, np.bincount(blocks.sensor))
    known["fill"] = blocks.fill[last] % BLOCK
    known["tail_times"] = blocks.times[:, last].T
    known["tail_values"] = blocks.values[:, last].T
    known["tail_uncertain"] = blocks.uncertain[:, last].T


def carry_on_lasting(known: Records, lasts: Lasting) -> None:
    """Bring the records of sensors of which the same goes on up to that."""
    known["raised_at"][lasts.ending] = lasts.raised_at
    known["past_held"][lasts.ending] = lasts.past_held


def carry_on_events(known: Records, judged: Judged) -> None:
    """Bring the records of some sensors of which something may be going on up to what is."""
    blocks, active = judged.blocks, judged.edges.active
    sensors, columns = blocks.last_full()
    known["active"][sensors] = active[-1, columns]
    # Of a rule that is not going on it does not matter what held it: what raises it holds it.
    known["past_held"][sensors] = (judged.edges.holding[-HELD:, columns] & active[-1, columns]).T
    known["raised_at"][sensors] = judged.edges.raised_at[:, columns].T
    last = _last(blocks.offsets, np.bincount(blocks.sensor))
    known["told"] = active[blocks.fill[last] - 1, last]


def _last(offsets: list[int], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """The last column of each sensor."""
    last: NDArray[np.intp] = np.array(offsets)[counts - 1] + np.arange(len(counts))
    return last


def _ends(looked: Looked, columns: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """What stands at the end of some columns, by the names of the record; the last full ones of each sensor."""
    blocks, repeats, z = looked.blocks, looked.strides.repeats, looked.z[-PAST - 1 :, columns]
    marked = marks_at_ends(z)
    return {
        "before_time": blocks.times[-1, columns],
        "before_value": blocks.values[-1, columns],
        "before_z": z[-1],
        "same_since": repeats.since_at_end[columns],
        "repeats": repeats.counts_at_end[columns],
        **looked.charts.ends(blocks, looked.known),
        "smoothed": looked.unlikely.statistics[-1, :, columns],
        "past_times": blocks.times[-PAST:, columns].T,
        "past_zones": marked.zones.T,
        "past_turns": marked.turns.T,
        "raised_at": np.full((len(columns), len(LATER)), NEVER),
        "past_held": np.zeros((len(columns), HELD), np.uint32),
    }
