"""Watching sensors: what new readings say of each, given what is remembered, at a constant cost for each reading.

All sensors and all their readings are worked on together, as columns of blocks of 32 readings (`blocks`). What is
normal moves from block to block (`baseline`); what is going on within a block follows in closed form. A block that is
not full yet is judged anew with each call, so it makes no difference how readings are cut into calls.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.bounds import SECOND
from foodflow.numerics.detection.carrying import carry_on, carry_on_events
from foodflow.numerics.detection.explaining import why
from foodflow.numerics.detection.findings import RULES, USUAL_RULES, Finding, Rule, Run, Runs, Settings, Watched
from foodflow.numerics.detection.judging import eventful, judge, look
from foodflow.numerics.detection.state import NEVER, Records, is_sound, pack, put, unpack
from foodflow.numerics.detection.telling import tell

__all__ = [
    "RULES",
    "USUAL_RULES",
    "Finding",
    "Rule",
    "Run",
    "Runs",
    "Settings",
    "Watched",
    "is_sound",
    "overdue",
    "watch",
    "watch_all",
    "why",
]


def watch(runs: Sequence[Run]) -> list[Watched]:
    """What each run's readings say, in the order of the runs; a state that isn't `is_sound` begins anew."""
    if not runs:
        return []
    return watch_all(
        Runs(
            [run.settings for run in runs],
            [run.state for run in runs],
            np.array([len(run.times) for run in runs]),
            np.concatenate([run.times for run in runs]),
            np.concatenate([run.values for run in runs]),
            np.concatenate([run.uncertain for run in runs]),
        )
    )


def watch_all(runs: Runs) -> list[Watched]:
    """The same of runs that stand in one row."""
    records = unpack(runs.states)
    found: list[list[Finding]] = [[] for _ in runs.states]
    filled = np.flatnonzero(runs.counts)
    if len(filled):
        with np.errstate(all="ignore"):  # a reading of 1e308 is like any other, whatever its square is
            if len(filled) == len(found):
                _look_at(runs, records, found)
            else:
                chosen, told = records.take(filled), [found[place] for place in filled]
                _look_at(_only(runs, filled), chosen, told)
                put(records, filled, chosen)
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


def _only(runs: Runs, filled: NDArray[np.intp]) -> Runs:
    """Those runs that have readings."""
    settings, states = ([of_all[place] for place in filled] for of_all in (runs.settings, runs.states))
    return Runs(settings, states, runs.counts[filled], runs.times, runs.values, runs.uncertain)


def _look_at(runs: Runs, records: Records, findings: Sequence[list[Finding]]) -> None:
    """Add what is found to the findings of each run, and carry the records on in place."""
    looked = look(runs, records)
    sensors, order = eventful(looked), looked.blocks.order
    judged = judge(looked, sensors) if len(sensors) else None
    carry_on(looked)
    if judged is not None:
        known = looked.known.take(sensors)
        for place, told in zip(order[sensors].tolist(), tell(judged, known), strict=True):
            findings[place].extend(told)
        carry_on_events(known, judged)
        put(looked.known, sensors, known)
    put(records, order, looked.known)
