"""From signs to what is going on: a rule is raised once when it begins, and cleared once when it is over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.baseline import Baseline
from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Bits, Signs, bits
from foodflow.numerics.detection.findings import BITS, Bounds, Rule
from foodflow.numerics.detection.latest import before
from foodflow.numerics.detection.state import BLOCK, NEVER, Records
from foodflow.numerics.detection.strides import SECOND

SOON: Final = BITS[Rule.STUCK]
LATER: Final = (Rule.BELOW_LIMIT, Rule.ABOVE_LIMIT, Rule.RATE_OF_CHANGE)
"""Rules that are over after three readings, and after their off-delay."""
_PATIENCE: Final = BLOCK
"""Within a hysteresis that was learned a limit is held for so many usual steps after it was passed last: noise about a
limit passes it more often, and what lies about another level is back to normal however wide the noise once was."""
_LATER: Final = sum(BITS[rule] for rule in LATER)
CHARTS: Final = sum(BITS.values()) & ~(SOON | _LATER | BITS[Rule.GAP])

Moments = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edges:
    """`active` (32, columns): bits of the rules that are going on after each reading; `changed`: those that turned;
    `holding`: those that held what was going on. `raised_at` (3, columns): when each rule of `LATER` that is going on
    at the end of a block had a sign to raise it last.
    """

    active: Bits
    changed: Bits
    holding: Bits
    raised_at: Moments


def edges(blocks: Blocks, bounds: Bounds, records: Records, signs: Signs, *, baseline: Baseline) -> Edges:
    """Raise where a sign raises; clear where none has held for one reading, for three (limits, rate) or eight (charts),
    and where none has raised for the rule's off-delay.

    Where another level has just been taken as normal, the charts' rules are over. The first new reading turns what was
    told before into what holds now, also where settings that have changed let older readings say something else.
    """
    if not (signs.raising.any() or records["active"].any() or records["told"].any()):
        nothing = np.zeros_like(signs.raising)
        return Edges(nothing, nothing, nothing, np.full((len(LATER), nothing.shape[1]), NEVER))
    spans, raised_at = _spans(blocks, bounds, records, signs, baseline=baseline)
    holding = signs.holding & ~spans.stale
    raising, clearing = signs.raising.copy(), ~(_held(blocks.led(holding, records["past_held"])) | spans.lately)
    over = np.where(baseline.fresh, np.uint32(CHARTS), np.uint32(0))
    raising[0] &= ~over
    clearing[0] |= over
    active, before_block = _active(blocks, records, raising, clearing)
    changed = active.copy()
    changed[1:] ^= active[:-1]
    changed[0] ^= before_block
    first = (blocks.old[: blocks.first], np.arange(blocks.first))
    changed[first] = active[first] ^ records["told"]
    of_later = np.array([BITS[rule] for rule in LATER], np.uint32)[:, None]
    return Edges(active, changed, holding, np.where(active[-1] & of_later, raised_at, NEVER))


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


@dataclass(frozen=True, slots=True)
class _Spans:
    """Bits of the rules of `LATER`, (32, columns): that had a sign to raise them within their off-delay (`lately`), and
    none for so long that what was learned of the noise holds them no more (`stale`).
    """

    lately: Bits
    stale: Bits


def _spans(
    blocks: Blocks, bounds: Bounds, records: Records, signs: Signs, *, baseline: Baseline
) -> tuple[_Spans, Moments]:
    """The spans since each rule of `LATER` was last raised by a sign, and when that was at the end of each block."""
    spans = _Spans(np.zeros_like(signs.raising), np.zeros_like(signs.raising))
    raised_at = np.full((len(LATER), len(blocks.sensor)), NEVER)
    patience = (_PATIENCE * baseline.interval * SECOND).astype(np.int64)
    is_learned = np.isnan(bounds.hysteresis)[blocks.sensor] & baseline.ready
    for number, rule in enumerate(LATER):
        bit = np.uint32(BITS[rule])
        concerned = (records["active"] & bit) > 0
        concerned[blocks.sensor[(np.bitwise_or.reduce(signs.raising, axis=0) & bit) > 0]] = True
        sensors = np.flatnonzero(concerned)
        if not len(sensors):
            continue
        part = blocks.of(sensors)
        here = slice(None) if part is blocks else blocks.columns_of(sensors)
        delays = bounds.rate_off_delay if rule is Rule.RATE_OF_CHANGE else bounds.limit_off_delay
        delay = (np.nan_to_num(delays[sensors]) * SECOND).astype(np.int64)[part.sensor]
        latest = _latest(part, (signs.raising[:, here] & bit) > 0, records["raised_at"][sensors, number])
        spans.lately[:, here] |= bits(latest > part.times - delay, rule)
        if rule is not Rule.RATE_OF_CHANGE:
            spans.stale[:, here] |= bits(is_learned[here] & (latest < part.times - patience[here]), rule)
        raised_at[number, here] = latest[-1]
    return spans, raised_at


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
