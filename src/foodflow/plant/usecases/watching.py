"""Watching sensors as their readings come in, in the transaction that stores them: what the detectors remember and what
they find is there exactly when the readings are.

The number of statements is the same for one sensor and for thousands; the cost of a reading is constant.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, live
from foodflow.kernel import rows as stored
from foodflow.kernel.actor import Actor
from foodflow.kernel.beside import Beside
from foodflow.kernel.meanwhile import giving_way, meanwhile
from foodflow.numerics.detection import watching as detection
from foodflow.numerics.detection.findings import Rule, Runs
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import are_bad, are_uncertain
from foodflow.numerics.steps import NONE, usual_steps
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import watching as queries
from foodflow.plant.queries.readings import Reporting
from foodflow.plant.queries.watching import AllWatched
from foodflow.plant.rules.watches import gaps_of, rhythms_after, settings_of
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


@dataclass(slots=True)
class Looking:
    """Readings that are being looked at: those of sensor i lie between `edges[i]` and `edges[i + 1]` of the rows."""

    rows: Rows
    edges: NDArray[np.int64]
    sensors: Sequence[Reporting]
    known: AllWatched
    pace: "_Pace"
    told: asyncio.Future[detection.AllWatched]
    now: datetime
    is_remembered: bool = False


@dataclass(frozen=True, slots=True)
class _Pace:
    """How sensors report: when each did last (microseconds), its usual step (seconds) after so many `seen`, and how
    long it may be silent from now on (seconds, NaN where nobody says or it does not report as it happens).
    """

    last_at: NDArray[np.int64]
    rhythms: NDArray[np.float64]
    seen: NDArray[np.int64]
    gaps: NDArray[np.float64]


async def begin(session: AsyncSession, sensors: Sequence[Reporting], rows: Rows) -> Looking | None:
    """Begin to look at readings of sensors that the caller has locked. Many are looked at in a thread, while the caller
    has the database write them.

    Late and Bad readings are left out: the detectors follow the time, and a Bad value says nothing. So are the readings
    of sensors that nobody wants watched.
    """
    left_out = rows.late | are_bad(rows.statuses)
    timely = rows.only(~left_out) if left_out.any() else rows
    if not len(timely.keys):
        return None
    now, edges = clock.now(), _edges(timely)
    known = await queries.watched(session, timely.keys[edges[:-1]])
    is_watched = np.array([bool(how.rules) for how, _ in known.kinds])[known.which]
    if not is_watched.any():
        return None
    if not is_watched.all():
        timely, known = timely.only(np.repeat(is_watched, np.diff(edges))), known.only(is_watched)
        edges = _edges(timely)
    by_key = {sensor.key: sensor for sensor in sensors}
    mine = [by_key[each.key] for each in known.sensors]
    pace = _pace(known, timely.times, edges, now=to_micros(now))
    bounds, uncertain = replace(_bounds(mine, known), gap=pace.gaps), are_uncertain(timely.statuses)
    states = await queries.states_of(session, known)
    told = _detected(Runs(bounds, states, np.diff(edges), timely.times, timely.values, uncertain))
    return Looking(timely, edges, mine, known, pace, told, now)


async def conclude(session: AsyncSession, looking: Looking | None) -> None:
    """Once the readings are written, keep what the detectors remember, and raise and clear alarms."""
    if looking is None:
        return
    # What needs nothing of the detectors is done while they work.
    further_out, values = _further_out(looking), np.append(looking.rows.values, np.nan)
    if not looking.is_remembered:
        await live.write(session)  # what was published so far; what is published from here on is written at the end
    told = await looking.told
    found = [_found(looking, values, place, told) for place in sorted(further_out.union(told.findings))]
    # The database looks for the alarms, and writes what is left while it is worked out here what becomes of them.
    left = live.write(session) if looking.is_remembered else _remember(session, looking)
    async with meanwhile(raising.latest_of(session, found)) as latest, meanwhile(left):
        await asyncio.sleep(0)  # so that both begin
        async for each in giving_way(found):
            each.put_into_words()
        await raising.raise_and_clear(session, found, await latest, now=looking.now)


@asynccontextmanager
async def remembering(session: AsyncSession, looking: Looking | None) -> AsyncIterator[None]:
    """Where the detectors are done, the database writes what they remember while the block goes on; where they are not,
    `conclude` writes it.
    """
    if looking is None or not looking.told.done():
        yield
        return
    async with meanwhile(_remember(session, looking)):
        yield


async def _remember(session: AsyncSession, looking: Looking) -> None:
    told = await looking.told
    await queries.keep_states(session, looking.known, told.states, _to_remember(looking.known, looking.pace))
    looking.is_remembered = True


def _further_out(looking: Looking) -> set[int]:
    """The places of the sensors of which an alarm that stands is to show a value further out than before."""
    rows, starts = looking.rows, looking.edges[:-1]
    lowest, highest = (of.reduceat(rows.values, starts).tolist() for of in (np.minimum, np.maximum))
    known = looking.known.sensors
    return {
        place
        for place, each in enumerate(known)
        if each.standing and raising.is_further_out(each, lowest[place], highest[place])
    }


def _found(looking: Looking, values: NDArray[np.float64], place: int, told: detection.AllWatched) -> Found:
    """What was found of a sensor, and its readings; `values`: those of all sensors, and one number more."""
    begin, end = looking.edges[place : place + 2].tolist()
    return Found(
        sensor=looking.sensors[place],
        known=looking.known.sensors[place],
        findings=told.findings.get(place, ()),
        times=looking.rows.times[begin:end],
        values=values[begin : end + 1],
    )


def _edges(rows: Rows) -> NDArray[np.int64]:
    """Where each sensor's rows begin, and where those of the last one end."""
    return np.append(rows.starts, len(rows.keys))


def _pace(known: AllWatched, times: NDArray[np.int64], edges: NDArray[np.int64], *, now: int) -> _Pace:
    """How sensors report once these readings came."""
    before = np.array([NONE if each.last_at is None else each.last_at for each in known.sensors], np.int64)
    middles, steps = usual_steps(times, edges[:-1], before)
    rhythms, seen = rhythms_after(*_rhythms(known), middles=middles, steps=steps)
    last_at, gaps = times[edges[1:] - 1], gaps_of(_said_gaps(known), rhythms=rhythms, seen=seen)
    gaps[now - last_at > np.fmax(LIVE, gaps) * _SECOND] = np.nan
    return _Pace(last_at, rhythms, seen, gaps)


def _rhythms(known: AllWatched) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each sensor's usual step so far (seconds), and how many were seen."""
    steps, seen = [each.rhythm for each in known.sensors], [each.seen for each in known.sensors]
    return np.array(steps, np.float64), np.array(seen, np.int64)


def _said_gaps(known: AllWatched) -> NDArray[np.float64]:
    """How long somebody said that each sensor may be silent; NaN where nobody did."""
    return np.array([how.gap_seconds for how, _ in known.kinds], np.float64)[known.which]


def _bounds(sensors: Sequence[Reporting], known: AllWatched) -> detection.Bounds:
    """What the detectors are to look for, but for silence."""
    low = np.array([sensor.min_value for sensor in sensors], np.float64)
    high = np.array([sensor.max_value for sensor in sensors], np.float64)
    kinds = detection.bounds_of([settings_of(how, line_state) for how, line_state in known.kinds])
    return replace(kinds.of(known.which), low=low, high=high)


def _to_remember(known: AllWatched, pace: _Pace) -> dict[str, NDArray[Any]]:
    """How sensors report, and until when each one is expected to report again, by the names of the columns."""
    is_awaited = np.array([Rule.GAP in how.rules for how, _ in known.kinds])[known.which]
    gaps = np.where(is_awaited, pace.gaps, np.nan)
    return {"last_at": pace.last_at, "rhythm": pace.rhythms, "seen": pace.seen, "gap_seconds": gaps}


def _detected(runs: Runs) -> asyncio.Future[detection.AllWatched]:
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
    if not sensors:
        return
    known = await queries.watched(session, np.array([sensor.key for sensor in sensors], np.int32))
    states, (rhythms, seen) = await queries.states_of(session, known), _rhythms(known)
    gaps = gaps_of(_said_gaps(known), rhythms=rhythms, seen=seen).tolist()
    found: list[Found] = []
    remembered: defaultdict[str, list[object]] = defaultdict(list)
    for place, (sensor, each) in enumerate(zip(sensors, known.sensors, strict=True)):
        if each.last_at is None:
            continue
        how, line_state = known.kinds[known.which[place]]
        gap = None if math.isnan(gaps[place]) else gaps[place]
        settings = replace(settings_of(how, line_state), gap_seconds=gap)
        findings, state = detection.overdue(states[place].tobytes(), settings, to_micros(now))
        is_awaited = Rule.GAP in how.rules and not findings
        # Where nobody expects a line to report, its sensors' silence counts from now on.
        last_at, gap_seconds = to_micros(now), gap if is_awaited else None
        row = {"sensor_key": sensor.key, "state": state, "last_at": last_at, "gap_seconds": gap_seconds}
        for name, value in row.items():
            remembered[name].append(value)
        if findings:
            found.append(Found(sensor=sensor, known=each, findings=findings))
    if remembered:
        await stored.change(session, WatchState, remembered)
    await raising.raise_and_clear(session, found, await raising.latest_of(session, found), now=now)
