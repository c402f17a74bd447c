"""What lasts: limits and rates that were passed before and go on being passed, of which it is known block by block that
they neither end nor begin anew. A sensor that is in alarm for long need not be looked at reading by reading.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Bits, bits, is_too_fast
from foodflow.numerics.detection.edges import LATER
from foodflow.numerics.detection.findings import BITS, Bounds, Rule
from foodflow.numerics.detection.state import BLOCK, HELD, NEVER, Records
from foodflow.numerics.detection.strides import SECOND, Strides

_OF_LATER = np.uint32(sum(BITS[rule] for rule in LATER))

Flags = NDArray[np.bool_]
Moments = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lasting:
    """Sensors, (n,), of which the same goes on from before the readings of a call to the last of them.

    Of those that have a full block, `ending` (k,): when each rule of `LATER` that goes on was passed last by the end of
    it, (k, 3), and which of them held its last readings, (k, 7).
    """

    sensors: NDArray[np.intp]
    ending: NDArray[np.intp]
    raised_at: Moments
    past_held: Bits


def lasting(
    blocks: Blocks, bounds: Bounds, records: Records, may_raise: Bits, *, found: Strides, among: Flags
) -> Lasting | None:
    """The sensors of which what goes on certainly lasts, None where there are none; `among` some (sensors,), and
    `may_raise` (columns,) what may be raised in each block.
    """
    active = records["active"]
    are_so = among & (active > 0) & (active == records["told"]) & (records["gap_told"] == NEVER)
    are_so &= (active & ~(bounds.rules & _OF_LATER)) == 0
    are_so[blocks.sensor[(may_raise & ~active[blocks.sensor]) > 0]] = False
    sensors = np.flatnonzero(are_so)
    if not len(sensors):
        return None
    if len(sensors) > len(are_so) // 2:
        sensors = np.arange(len(are_so))  # so that nothing is copied
    part, known, own = blocks.of(sensors), records.take(sensors), bounds.of(sensors)
    columns = blocks.columns_of(sensors)
    some, ends = part.last_full()
    lasts = are_so[sensors]
    raised_at, held = np.full((len(some), len(LATER)), NEVER), np.zeros((HELD, len(some)), np.uint32)
    for number, rule in enumerate(LATER):
        concerned = (known["active"] & np.uint32(BITS[rule])) > 0
        if concerned.any():
            if rule is Rule.RATE_OF_CHANGE:
                flags = is_too_fast(*found.changes(columns), own.max_rate[part.sensor])
                delay = np.nan_to_num(own.rate_off_delay)
            else:
                flags, delay = _are_beyond(part, own, rule), np.zeros(len(sensors))
            goes_on, latest = _goes_on(part, flags, known["raised_at"][:, number], delay)
            lasts[part.sensor[~goes_on & concerned[part.sensor]]] = False
            raised_at[:, number] = np.where(concerned[some], latest[ends], NEVER)
            held |= bits(flags[-HELD:, ends] & concerned[some], rule)
    kept = lasts[some]
    return Lasting(sensors[lasts], sensors[some[kept]], raised_at[kept], held.T[kept])


def _are_beyond(blocks: Blocks, bounds: Bounds, rule: Rule) -> Flags:
    """Where a limit is passed, (32, columns)."""
    below = rule is Rule.BELOW_LIMIT
    beyond: Flags = blocks.values < bounds.low[blocks.sensor] if below else blocks.values > bounds.high[blocks.sensor]
    return beyond


def _goes_on(blocks: Blocks, flags: Flags, carried: Moments, delay: NDArray[np.float64]) -> tuple[Flags, Moments]:
    """Whether what a flag shows certainly goes on in each block (because each reading has it, or because it was never
    missing for as long as the off-delay, in seconds of each sensor), and when the flag was last set by its end.
    """
    times, each = blocks.times, np.arange(flags.shape[1])
    has_any = flags.any(axis=0)
    first, last = times[flags.argmax(axis=0), each], times[BLOCK - 1 - flags[::-1].argmax(axis=0), each]
    before = blocks.previous(np.where(has_any, last, NEVER), carried)
    allowed = (delay * SECOND).astype(np.int64)[blocks.sensor]
    until = times[-1] - allowed
    goes_on = np.where(has_any, (before > first - allowed) & (first > until), before > until)
    return goes_on | flags.all(axis=0), np.where(has_any, last, before)
