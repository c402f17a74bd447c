"""From signs to what is going on: a rule is raised once when it begins, and cleared once when it is over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Bits, Signs, bits
from foodflow.numerics.detection.findings import BITS, Bounds, Rule
from foodflow.numerics.detection.latest import before
from foodflow.numerics.detection.state import BLOCK, NEVER, Records
from foodflow.numerics.detection.strides import SECOND

SOON: Final = BITS[Rule.STUCK]
LATER: Final = (Rule.BELOW_LIMIT, Rule.ABOVE_LIMIT, Rule.RATE_OF_CHANGE)
"""Rules that are over after three readings, and after their off-delay."""
_LATER: Final = sum(BITS[rule] for rule in LATER)
CHARTS: Final = sum(BITS.values()) & ~(SOON | _LATER | BITS[Rule.GAP])

Moments = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edges:
    """`active` (32, columns): bits of the rules that are going on after each reading; `changed`: those that turned;
    `held_at` (3, columns): when each rule of `LATER` that is going on at the end of a block was seen last, where it has
    an off-delay.
    """

    active: Bits
    changed: Bits
    held_at: Moments


def edges(blocks: Blocks, bounds: Bounds, records: Records, signs: Signs, *, fresh: NDArray[np.bool_]) -> Edges:
    """Raise where a sign raises; clear where none has held for one reading, for three (limits, rate) or eight (charts),
    and for the rule's off-delay.

    Where another level has just been taken as normal, the charts' rules are over. The first new reading turns what was
    told before into what holds now, also where settings that have changed let older readings say something else.
    """
    if not (signs.raising.any() or records["active"].any() or records["told"].any()):
        nothing = np.zeros_like(signs.raising)
        return Edges(nothing, nothing, np.full((len(LATER), nothing.shape[1]), NEVER))
    lately, held_at = _lately(blocks, bounds, records, signs)
    raising, clearing = signs.raising.copy(), ~(_held(blocks.led(signs.holding, records["past_held"])) | lately)
    over = np.where(fresh, np.uint32(CHARTS), np.uint32(0))
    raising[0] &= ~over
    clearing[0] |= over
    active, before_block = _active(blocks, records, raising, clearing)
    changed = active.copy()
    changed[1:] ^= active[:-1]
    changed[0] ^= before_block
    first = (blocks.old[: blocks.first], np.arange(blocks.first))
    changed[first] = active[first] ^ records["told"]
    of_later = np.array([BITS[rule] for rule in LATER], np.uint32)[:, None]
    return Edges(active, changed, np.where(active[-1] & of_later, held_at, NEVER))


def _active(blocks: Blocks, records: Records, raising: Bits, clearing: Bits) -> tuple[Bits, Bits]:
    """What is going on after each reading (32, columns), and before each block (columns,)."""
    keeping = np.bitwise_and.accumulate(~clearing | raising, axis=0)
    begun = np.empty_like(raising)
    last = np.zeros(raising.shape[1], np.uint32)
    for place in range(BLOCK):
        last = raising[place] | (last & ~clearing[place])
        begun[place] = last
    earlier = np.empty(raising.shape[1], np.uint32)
    latest = records["active"]
    for here in blocks.ordinals():
        earlier[here] = latest[: here.stop - here.start]
        latest = begun[-1, here] | (keeping[-1, here] & earlier[here])
    return begun | (keeping & earlier), earlier


def _lately(blocks: Blocks, bounds: Bounds, records: Records, signs: Signs) -> tuple[Bits, Moments]:
    """The bits that held within their rule's off-delay (32, columns), and by the end of each block when each rule of
    `LATER` that has one held last (3, columns).
    """
    lately, held_at = np.zeros_like(signs.holding), np.full((len(LATER), len(blocks.sensor)), NEVER)
    for number, rule in enumerate(LATER):
        delays = bounds.rate_off_delay if rule is Rule.RATE_OF_CHANGE else bounds.limit_off_delay
        if (delays > 0).any():
            bit, micros = np.uint32(BITS[rule]), (np.nan_to_num(delays) * SECOND).astype(np.int64)
            latest = _latest(blocks, (signs.holding & bit) > 0, records["held_at"][:, number])
            lately |= bits(latest > blocks.times - micros[blocks.sensor], rule)
            held_at[number] = latest[-1]
    return lately, held_at


def _latest(blocks: Blocks, flags: NDArray[np.bool_], carried: Moments) -> Moments:
    """When a flag was last set by each reading, (32, columns); `carried` (sensors,) when it was before the blocks."""
    latest: Moments = np.where(flags, blocks.times, NEVER)
    np.maximum.accumulate(latest, axis=0, out=latest)
    return np.maximum(latest, before(blocks, latest[-1], carried), out=latest)


def _held(led: Bits) -> Bits:
    """The bits that held within as many readings as each rule takes to clear."""
    two = led[1:] | led[:-1]
    three = two[1:] | led[:-2]
    four = two[2:] | two[:-2]
    eight = four[4:] | four[:-4]
    soon, later, charts = (np.uint32(mask) for mask in (SOON, _LATER, CHARTS))
    held: Bits = (led[-BLOCK:] & soon) | (three[-BLOCK:] & later) | (eight[-BLOCK:] & charts)
    return held
