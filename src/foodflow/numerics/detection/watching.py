"""Watching sensors: what new readings say of each, given what is remembered, at a constant cost for each reading.

All sensors and all their readings are worked on together, as columns of blocks of 32 readings (`blocks`). What is
normal moves from block to block (`baseline`); what is going on within a block follows in closed form. A block that is
not full yet is judged anew with each call, so it makes no difference how readings are cut into calls.
"""

from collections.abc import Sequence

import numpy as np

from foodflow.numerics.detection.bounds import SECOND
from foodflow.numerics.detection.carrying import carry_on
from foodflow.numerics.detection.explaining import why
from foodflow.numerics.detection.findings import RULES, USUAL_RULES, Finding, Rule, Run, Settings, Watched
from foodflow.numerics.detection.judging import judge
from foodflow.numerics.detection.state import NEVER, Records, is_sound, pack, unpack
from foodflow.numerics.detection.telling import tell

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
        all_report = len(filled) == len(runs)
        chosen = records if all_report else records[filled]
        with np.errstate(over="ignore", invalid="ignore"):
            told = _watched([runs[place] for place in filled], chosen)
        if not all_report:
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
    judged, known = judge(runs, records)
    findings: list[list[Finding]] = [[] for _ in runs]
    for place, told in zip(judged.blocks.order.tolist(), tell(judged, known), strict=True):
        findings[place] = told
    carry_on(known, judged)
    records[judged.blocks.order] = known
    return findings
