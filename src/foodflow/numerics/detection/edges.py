"""From signs to what is going on: a rule is raised once when it begins, and cleared once when it is over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Bits, Signs
from foodflow.numerics.detection.findings import BITS, Rule
from foodflow.numerics.detection.state import BLOCK, Records

SOON: Final = BITS[Rule.STUCK]
LATER: Final = BITS[Rule.BELOW_LIMIT] | BITS[Rule.ABOVE_LIMIT] | BITS[Rule.RATE_OF_CHANGE]
CHARTS: Final = sum(BITS.values()) & ~(SOON | LATER | BITS[Rule.GAP])
_EVERYTHING: Final = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Edges:
    """`active` (32, columns): bits of the rules that are going on after each reading; `changed`: those that turned."""

    active: Bits
    changed: Bits


def edges(blocks: Blocks, records: Records, signs: Signs, fresh: NDArray[np.bool_]) -> Edges:
    """Raise where a sign raises; clear where none has held for one reading, for three (limits, rate) or eight (charts).

    Where another level has just been taken as normal, the charts' rules are over. The first new reading turns what was
    told before into what holds now, also where settings that have changed let older readings say something else.
    """
    if not (signs.raising.any() or records["active"].any() or records["told"].any()):
        nothing = np.zeros_like(signs.raising)
        return Edges(nothing, nothing)
    clearing = ~_held(blocks.led(signs.holding, records["past_held"]))
    raising = signs.raising.copy()
    over = np.where(fresh, np.uint32(CHARTS), np.uint32(0))
    raising[0] &= ~over
    clearing[0] |= over
    keeping = np.bitwise_and.accumulate(~clearing | raising, axis=0)
    begun = np.empty_like(raising)
    last = np.zeros(raising.shape[1], np.uint32)
    for place in range(BLOCK):
        last = raising[place] | (last & ~clearing[place])
        begun[place] = last
    before = np.empty(raising.shape[1], np.uint32)
    latest = records["active"]
    for here in blocks.ordinals():
        before[here] = latest[: here.stop - here.start]
        latest = begun[-1, here] | (keeping[-1, here] & before[here])
    active = begun | (keeping & before)
    changed = active.copy()
    changed[1:] ^= active[:-1]
    changed[0] ^= before
    first = (blocks.old[: blocks.first], np.arange(blocks.first))
    changed[first] = active[first] ^ records["told"]
    return Edges(active, changed)


def _held(led: Bits) -> Bits:
    """The bits that held within as many readings as each rule takes to clear."""
    two = led[1:] | led[:-1]
    three = two[1:] | led[:-2]
    four = two[2:] | two[:-2]
    eight = four[4:] | four[:-4]
    soon, later, charts = (np.uint32(mask) for mask in (SOON, LATER, CHARTS))
    held: Bits = (led[-BLOCK:] & soon) | (three[-BLOCK:] & later) | (eight[-BLOCK:] & charts)
    return held
