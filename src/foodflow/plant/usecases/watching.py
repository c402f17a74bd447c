"""Watching sensors as their readings come in, in the transaction that stores them: what the detectors remember and what
they find is there exactly when the readings are.

The number of statements is the same for one sensor and for thousands; the cost of a reading is constant.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel import rows as stored
from foodflow.kernel.actor import Actor
from foodflow.numerics.detection import watching as detection
from foodflow.numerics.detection.findings import Finding, Rule, Run, Settings
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.status_codes import are_bad, are_uncertain
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import watching as queries
from foodflow.plant.queries.readings import Reporting
from foodflow.plant.queries.watching import Watched
from foodflow.plant.rules.watches import gap_of, rhythm_after, settings_of
from foodflow.plant.tables.watches import WatchState
from foodflow.plant.usecases import raising
from foodflow.plant.usecases.noting import Rows
from foodflow.plant.usecases.raising import Found

IN_A_THREAD = 2000
"""From so many readings on the detectors work in a thread, so that other callers go on meanwhile."""
LIVE = timedelta(hours=1)
"""A sensor reports as it happens when its latest reading is no older than this, or than the gap that it may have."""
_STEPS = 200
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class _Turn:
    """One sensor's readings of a call that are watched, and how."""

    sensor: Reporting
    known: Watched
    settings: Settings
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    uncertain: NDArray[np.bool_]
    row: Mapping[str, object]

    def run(self) -> Run:
        """What the detectors are given."""
        return Run(self.settings, self.known.state, self.times, self.values, self.uncertain)


async def watch(session: AsyncSession, sensors: Sequence[Reporting], rows: Rows) -> None:
    """Look at readings that were just stored, of sensors that the caller has locked; raise and clear alarms.

    Late and Bad readings are left out: the detectors follow the time, and a Bad value says nothing.
    """
    timely = rows.only(np.flatnonzero(~rows.late & ~are_bad(rows.statuses)))
    if not len(timely.keys):
        return
    known = await queries.watched(session, np.unique(timely.keys).tolist())
    now = clock.now()
    turns = [
        turn
        for sensor in sensors
        if sensor.key in known and (turn := _turn(sensor, known[sensor.key], timely, now=now))
    ]
    if not turns:
        return
    told = await _detected([turn.run() for turn in turns], readings=len(timely.keys))
    remembered = [{**turn.row, "state": each.state} for turn, each in zip(turns, told, strict=True)]
    await stored.put(session, WatchState, remembered)
    found = [_found(turn, each.findings) for turn, each in zip(turns, told, strict=True)]
    await raising.raise_and_clear(session, [each for each in found if each.is_news], now=now)


async def _detected(runs: Sequence[Run], *, readings: int) -> list[detection.Watched]:
    if readings >= IN_A_THREAD:
        return await asyncio.to_thread(_looked_at, runs)
    return _looked_at(runs)


def _looked_at(runs: Sequence[Run]) -> list[detection.Watched]:
    with np.errstate(all="ignore"):  # a reading of 1e308 is stored like any other, whatever its square is
        return detection.watch(runs)


def _turn(sensor: Reporting, known: Watched, rows: Rows, *, now: datetime) -> _Turn | None:
    """A sensor's part of a call, unless nobody wants it watched or all of it was seen before."""
    start, end = (int(np.searchsorted(rows.keys, sensor.key, side)) for side in ("left", "right"))
    if known.last_at is not None:
        start += int(np.searchsorted(rows.times[start:end], to_micros(known.last_at), "right"))
    if start == end or not known.how.rules:
        return None
    times = rows.times[start:end]
    last_at = from_micros(times[-1])
    rhythm, seen = rhythm_after(known.rhythm, known.seen, _steps(known.last_at, times))
    gap = gap_of(known.how.gap_seconds, rhythm=rhythm, seen=seen)
    is_live = gap is not None and now - last_at <= max(LIVE, timedelta(seconds=gap))
    settings = settings_of(
        known.how,
        sensor.min_value,
        sensor.max_value,
        gap_seconds=gap if is_live else None,
        line_state=known.line_state,
    )
    gap_seconds = settings.gap_seconds if Rule.GAP in settings.rules else None
    row = {"sensor_key": sensor.key, "last_at": last_at, "rhythm": rhythm, "seen": seen}
    row |= {"silent_from": last_at, "gap_seconds": gap_seconds}
    uncertain = are_uncertain(rows.statuses[start:end])
    return _Turn(sensor, known, settings, times, rows.values[start:end], uncertain, row)


def _steps(last_at: datetime | None, times: NDArray[np.int64]) -> list[float]:
    """The seconds between a call's readings, and from the one before them; of many, the last ones."""
    before = [] if last_at is None else [to_micros(last_at)]
    latest = np.concatenate((np.array(before, np.int64), times))[-_STEPS:]
    steps: list[float] = (np.diff(latest) / _SECOND).tolist()
    return steps


def _found(turn: _Turn, findings: Sequence[Finding]) -> Found:
    return Found(
        sensor=turn.sensor,
        known=turn.known,
        findings=findings,
        times=turn.times,
        values=turn.values,
    )


async def notice_silence(session: AsyncSession, actor: Actor) -> None:
    """Raise an alarm for each sensor that should have reported by now, unless its line is not expected to run; safe to
    repeat.
    """
    now = clock.now()
    ids = await queries.silent(session, now)
    if not ids:
        return
    sensors = await reading_queries.reporting_for_update(session, actor, ids)
    known = await queries.watched(session, [sensor.key for sensor in sensors])
    found, remembered = [], []
    for sensor in sensors:
        each = known[sensor.key]
        if each.state is None or each.last_at is None:
            continue
        gap = gap_of(each.how.gap_seconds, rhythm=each.rhythm, seen=each.seen)
        settings = settings_of(
            each.how, sensor.min_value, sensor.max_value, gap_seconds=gap, line_state=each.line_state
        )
        findings, state = detection.overdue(each.state, settings, to_micros(now))
        is_wanted = Rule.GAP in each.how.rules
        # Where nobody expects a line to report, its sensors' silence counts from now on.
        awaited = {"silent_from": now, "gap_seconds": None if findings or not is_wanted else gap}
        remembered.append({"sensor_key": sensor.key, "state": state, **awaited})
        if findings:
            found.append(Found(sensor=sensor, known=each, findings=findings))
    await stored.change(session, WatchState, remembered)
    await raising.raise_and_clear(session, found, now=now)
