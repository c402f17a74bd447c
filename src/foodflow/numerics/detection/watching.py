"""Watching sensors: what new readings say of each, given what is remembered, at a constant cost for each reading.

All sensors and all their readings are worked on together, as columns of blocks of 32 readings (`blocks`). What is
normal moves from block to block (`baseline`); what is going on within a block follows in closed form. A block that is
not full yet is judged anew with each call, so it makes no difference how readings are cut into calls.
"""

from collections.abc import Sequence

import numpy as np

from foodflow.numerics.detection.baseline import learn
from foodflow.numerics.detection.blocks import Blocks, laid_out
from foodflow.numerics.detection.bounds import SECOND, bounds_of, silences, steps
from foodflow.numerics.detection.bounds import signs as signs_of_bounds
from foodflow.numerics.detection.carrying import carry_on
from foodflow.numerics.detection.charts import drift, marks, residuals
from foodflow.numerics.detection.edges import edges
from foodflow.numerics.detection.explaining import why
from foodflow.numerics.detection.findings import RULES, USUAL_RULES, Finding, Rule, Run, Settings, Watched
from foodflow.numerics.detection.signing import chart_signs
from foodflow.numerics.detection.state import NEVER, Records, is_sound, pack, unpack
from foodflow.numerics.detection.telling import Judged, tell

__all__ = [
    "RULES",
    "USUAL_RULES",
    "Finding",
    "Rule",
    "Run",
    "Settings",
    "Watched",
    "is_sound",
    "overdue",
    "watch",
    "why",
]


def watch(runs: Sequence[Run]) -> list[Watched]:
    """What each run's readings say, in the order of the runs; a state that isn't `is_sound` begins anew."""
    records = unpack([run.state for run in runs])
    found: list[list[Finding]] = [[] for _ in runs]
    filled = [place for place, run in enumerate(runs) if len(run.times)]
    if filled:
        chosen = records[filled]
        told = _watched([runs[place] for place in filled], chosen)
        records[filled] = chosen
        for place, findings in zip(filled, told, strict=True):
            found[place] = findings
    return [Watched(state, findings) for state, findings in zip(pack(records), found, strict=True)]


def overdue(state: bytes, settings: Settings, now: int) -> tuple[list[Finding], bytes]:
    """The gap that the clock shows at `now` (microseconds), once, and the state to keep; no gap before any reading."""
    records = unpack([state])
    record = records[0]
    last = int(record["tail_times"][record["fill"] - 1] if record["fill"] else record["before_time"])
    is_watched = Rule.GAP in settings.rules and settings.gap_seconds is not None
    if not is_watched or last == NEVER or record["gap_told"] != NEVER:
        return [], pack(records)[0]
    silent = (now - last) / SECOND
    if silent <= (settings.gap_seconds or 0):
        return [], pack(records)[0]
    record["gap_told"] = last
    return [Finding(Rule.GAP, "raised", now, last, silent, None, None, settings.gap_seconds, 1.0)], pack(records)[0]


def _watched(runs: Sequence[Run], records: Records) -> list[list[Finding]]:
    """The findings of each run; the records are carried on in place."""
    blocks = laid_out(runs, records)
    known = records[blocks.order]
    _meet(known, blocks)
    bounds = bounds_of([runs[place].settings for place in blocks.order])
    start = known.copy()
    baseline = learn(blocks, known)
    step = steps(blocks, start)
    left = residuals(blocks, start, baseline)
    drifts = drift(blocks, start, left.z, baseline.fresh)
    marked = marks(blocks, start, left)
    signs = signs_of_bounds(blocks, bounds, baseline, step) | chart_signs(
        blocks, bounds, baseline, drifts=drifts, marked=marked
    )
    mask = bounds.rules[blocks.sensor]
    signs.raising[:] &= mask
    signs.holding[:] &= mask
    turned = edges(blocks, start, signs, baseline.fresh)
    judged = Judged(blocks, bounds, baseline, step, left.z, drifts, turned)
    told = tell(judged, start, known, silences(blocks, bounds, start, step))
    carry_on(known, judged, marked, signs.holding)
    records[blocks.order] = known
    findings: list[list[Finding]] = [[] for _ in runs]
    for place, one in zip(blocks.order.tolist(), told, strict=True):
        findings[place] = one
    return findings


def _meet(known: Records, blocks: Blocks) -> None:
    """Let a sensor's very first reading stand for the one before it."""
    is_new = known["before_time"] == NEVER
    first = slice(0, blocks.first)
    for name, row in (("before_time", blocks.times), ("before_value", blocks.values), ("same_since", blocks.times)):
        known[name] = np.where(is_new, row[0, first], known[name])
