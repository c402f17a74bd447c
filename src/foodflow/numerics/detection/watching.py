"""Watching sensors: what new readings say of each, given what is remembered, at a constant cost for each reading.

All sensors and all their readings are worked on together, as columns of blocks of 32 readings (`blocks`). What is
normal moves from block to block (`baseline`); what is going on within a block follows in closed form. A block that is
not full yet is judged anew with each call, so it makes no difference how readings are cut into calls.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.carrying import carry_on, carry_on_events, carry_on_lasting
from foodflow.numerics.detection.explaining import why
from foodflow.numerics.detection.findings import (
    RULES,
    USUAL_RULES,
    AllWatched,
    Bounds,
    Finding,
    Rule,
    Run,
    Runs,
    Settings,
    Watched,
    bounds_of,
)
from foodflow.numerics.detection.judging import eventful, judge, look
from foodflow.numerics.detection.state import NEVER, SEAL, SIZE, Records, is_sound, pack, put, stacked, unpack
from foodflow.numerics.detection.strides import SECOND
from foodflow.numerics.detection.telling import tell

__all__ = [
    "RULES",
    "SEAL",
    "SIZE",
    "USUAL_RULES",
    "AllWatched",
    "Bounds",
    "Finding",
    "Rule",
    "Run",
    "Runs",
    "Settings",
    "Watched",
    "bounds_of",
    "is_sound",
    "overdue",
    "stacked",
    "watch",
    "watch_all",
    "why",
]


def watch(runs: Sequence[Run]) -> list[Watched]:
    """What each run's readings say, in the order of the runs; a state that isn't `is_sound` begins anew."""
    if not runs:
        return []
    told = watch_all(
        Runs(
            bounds_of([run.settings for run in runs]),
            stacked([run.state for run in runs]),
            np.array([len(run.times) for run in runs]),
            np.concatenate([run.times for run in runs]),
            np.concatenate([run.values for run in runs]),
            np.concatenate([run.uncertain for run in runs]),
        )
    )
    return [Watched(state.tobytes(), told.findings.get(place, [])) for place, state in enumerate(told.states)]


def watch_all(runs: Runs) -> AllWatched:
    """The same of runs that stand in one row."""
    records, filled = unpack(runs.states), np.flatnonzero(runs.counts)
    findings: dict[int, list[Finding]] = {}
    with np.errstate(all="ignore"):  # a reading of 1e308 is like any other, whatever its square is
        if len(filled) == len(records):
            findings = _look_at(runs, records)
        elif len(filled):
            chosen = records.take(filled)
            told = _look_at(_only(runs, filled), chosen)
            findings = {int(filled[place]): one for place, one in told.items()}
            put(records, filled, chosen)
    return AllWatched(pack(records), findings)


def overdue(state: bytes, settings: Settings, now: int) -> tuple[list[Finding], bytes]:
    """The gap that the clock shows at `now` (microseconds), once, and the state to keep; no gap before any reading."""
    records = unpack(stacked([state]))
    record = records[0]
    last = int(record["tail_times"][record["fill"] - 1] if record["fill"] else record["before_time"])
    is_watched = Rule.GAP in settings.rules and settings.gap_seconds is not None
    if not is_watched or last == NEVER or record["gap_told"] != NEVER:
        return [], pack(records).tobytes()
    silent = (now - last) / SECOND
    if silent <= (settings.gap_seconds or 0):
        return [], pack(records).tobytes()
    record["gap_told"] = last
    gap = Finding(Rule.GAP, "raised", now, last, silent, None, None, settings.gap_seconds, 1.0)
    return [gap], pack(records).tobytes()


def _only(runs: Runs, filled: NDArray[np.intp]) -> Runs:
    """Those runs that have readings."""
    counts, times, values = runs.counts[filled], runs.times, runs.values
    return Runs(runs.bounds.of(filled), runs.states[filled], counts, times, values, runs.uncertain)


def _look_at(runs: Runs, records: Records) -> dict[int, list[Finding]]:
    """What is found of each run, by its place; the records are carried on in place."""
    looked, findings = look(runs, records), dict[int, list[Finding]]()
    found, order = eventful(looked), looked.blocks.order
    sensors = found.sensors
    judged = judge(looked, found) if len(sensors) else None
    carry_on(looked)
    if found.lasting is not None:
        carry_on_lasting(looked.known, found.lasting)
    if judged is not None:
        known = looked.known.take(sensors)
        told = zip(order[sensors].tolist(), tell(judged, known), strict=True)
        findings = {place: one for place, one in told if one}
        carry_on_events(known, judged)
        put(looked.known, sensors, known)
    put(records, order, looked.known)
    return findings
