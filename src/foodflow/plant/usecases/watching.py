"""Watching sensors as their readings come in, in the transaction that stores them: what the detectors remember and what
they find is there exactly when the readings are.

The number of statements is the same for one sensor and for thousands; the cost of a reading is constant.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel import rows as stored
from foodflow.kernel.actor import Actor
from foodflow.kernel.beside import Beside
from foodflow.numerics.detection import watching as detection
from foodflow.numerics.detection.findings import Rule, Runs, Settings
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import are_bad, are_uncertain
from foodflow.numerics.steps import NONE, usual_steps
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import watching as queries
from foodflow.plant.queries.readings import Reporting
from foodflow.plant.queries.watching import Watched
from foodflow.plant.rules.watches import gap_of, rhythm_after, settings_of
from foodflow.plant.tables.watches import WatchState
from foodflow.plant.usecases import raising
from foodflow.plant.usecases.noting import Rows
from foodflow.plant.usecases.raising import Found

BESIDE = 2000
"""From so many readings on the detectors work in a process beside this one, so that other callers go on meanwhile."""
LIVE = 3600.0
"""A sensor reports as it happens when its latest reading is no older than so many seconds, or than it may be silent."""
_SECOND = 1_000_000
_BESIDE = Beside()


class _Turn(NamedTuple):
    """One sensor's readings of a call that are watched, and how."""

    sensor: Reporting
    known: Watched
    mine: slice
    settings: Settings
    last_at: int
    rhythm: float
    seen: int


@dataclass(frozen=True, slots=True)
class Looking:
    """Readings that are being looked at, sensor by sensor."""

    rows: Rows
    turns: Sequence[_Turn]
    told: Awaitable[detection.AllWatched]
    now: datetime


async def begin(session: AsyncSession, sensors: Sequence[Reporting], rows: Rows) -> Looking | None:
    """Begin to look at readings of sensors that the caller has locked. Many are looked at in a thread, while the caller
    has the database write them.

    Late and Bad readings are left out: the detectors follow the time, and a Bad value says nothing.
    """
    left_out = rows.late | are_bad(rows.statuses)
    timely = rows.only(~left_out) if left_out.any() else rows
    if not len(timely.keys):
        return None
    now = clock.now()
    turns = await _turns(session, sensors, timely, now=now)
    if not turns:
        return None
    told = _detected(_runs(turns, timely))
    return Looking(timely, turns, told, now)


async def conclude(session: AsyncSession, looking: Looking | None) -> None:
    """Once the readings are written, keep what the detectors remember, and raise and clear alarms."""
    if looking is None:
        return
    rows, turns, told = looking.rows, looking.turns, await looking.told
    await _remember(session, turns, told.states.tobytes())
    found = [
        Found(
            sensor=turn.sensor,
            known=turn.known,
            findings=told.findings.get(place, ()),
            times=rows.times[turn.mine],
            values=rows.values[turn.mine],
        )
        for place, turn in enumerate(turns)
        if place in told.findings or turn.known.standing
    ]
    await raising.raise_and_clear(session, [each for each in found if each.is_news], now=looking.now)


async def _turns(session: AsyncSession, sensors: Sequence[Reporting], rows: Rows, *, now: datetime) -> list[_Turn]:
    """Each sensor's part of a call, but for those that nobody wants watched."""
    starts = np.flatnonzero(np.diff(rows.keys, prepend=-1))
    ends = np.append(starts[1:], len(rows.keys))
    keys = rows.keys[starts].tolist()
    known, by_key = await queries.watched(session, keys), {sensor.key: sensor for sensor in sensors}
    each_known = [known[key] for key in keys]
    if not any(each.how.rules for each in each_known):
        return []
    last_at = [NONE if each.last_at is None else each.last_at for each in each_known]
    middles, counts = usual_steps(rows.times, starts, np.array(last_at, np.int64))
    columns = (starts, ends, rows.times[ends - 1], middles, counts)
    parts = zip(each_known, *(column.tolist() for column in columns), strict=True)
    moment = to_micros(now)
    return [
        _turn(by_key[each.key], each, slice(start, end), last_at=last, steps=(middle, count), now=moment)
        for each, start, end, last, middle, count in parts
        if each.how.rules
    ]


def _turn(sensor: Reporting, known: Watched, mine: slice, *, last_at: int, steps: tuple[float, int], now: int) -> _Turn:
    middle, count = steps
    rhythm, seen = rhythm_after(known.rhythm, known.seen, middle=middle, steps=count)
    gap = gap_of(known.how.gap_seconds, rhythm=rhythm, seen=seen)
    is_live = gap is not None and now - last_at <= max(LIVE, gap) * _SECOND
    settings = settings_of(
        known.how,
        sensor.min_value,
        sensor.max_value,
        gap_seconds=gap if is_live else None,
        line_state=known.line_state,
    )
    return _Turn(sensor, known, mine, settings, last_at, rhythm, seen)


def _runs(turns: Sequence[_Turn], rows: Rows) -> Runs:
    """What the detectors are to look at."""
    counts = np.array([turn.mine.stop - turn.mine.start for turn in turns])
    times, values, uncertain = rows.times, rows.values, are_uncertain(rows.statuses)
    if counts.sum() < len(times):
        mine = np.concatenate([np.arange(turn.mine.start, turn.mine.stop) for turn in turns])
        times, values, uncertain = times[mine], values[mine], uncertain[mine]
    settings = [turn.settings for turn in turns]
    states = detection.stacked([turn.known.state for turn in turns])
    return Runs(settings, states, counts, times, values, uncertain)


async def _remember(session: AsyncSession, turns: Sequence[_Turn], states: bytes) -> None:
    """Keep what the detectors remember, and until when each sensor is expected to report again."""
    others: dict[str, Sequence[float | None]] = {
        "last_at": [turn.last_at for turn in turns],
        "rhythm": [turn.rhythm for turn in turns],
        "seen": [turn.seen for turn in turns],
        "gap_seconds": [turn.settings.gap_seconds if Rule.GAP in turn.known.how.rules else None for turn in turns],
    }
    await queries.keep_states(session, [turn.known.key for turn in turns], states, others)


def _detected(runs: Runs) -> Awaitable[detection.AllWatched]:
    if len(runs.times) >= BESIDE:
        return _BESIDE.call(detection.watch_all, runs)  # it begins at once; a task would wait for its turn
    looked_at: asyncio.Future[detection.AllWatched] = asyncio.get_running_loop().create_future()
    looked_at.set_result(detection.watch_all(runs))
    return looked_at


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
    found: list[Found] = []
    remembered: defaultdict[str, list[object]] = defaultdict(list)
    for sensor in sensors:
        each = known[sensor.key]
        if each.state is None or each.last_at is None:
            continue
        gap = gap_of(each.how.gap_seconds, rhythm=each.rhythm, seen=each.seen)
        settings = settings_of(
            each.how, sensor.min_value, sensor.max_value, gap_seconds=gap, line_state=each.line_state
        )
        findings, state = detection.overdue(each.state, settings, to_micros(now))
        is_awaited = Rule.GAP in each.how.rules and not findings
        # Where nobody expects a line to report, its sensors' silence counts from now on.
        last_at, gap_seconds = to_micros(now), gap if is_awaited else None
        row = {"sensor_key": sensor.key, "state": state, "last_at": last_at, "gap_seconds": gap_seconds}
        for name, value in row.items():
            remembered[name].append(value)
        if findings:
            found.append(Found(sensor=sensor, known=each, findings=findings))
    if remembered:
        await stored.change(session, WatchState, remembered)
    await raising.raise_and_clear(session, found, now=now)
