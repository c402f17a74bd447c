"""Raising and clearing alarms from what was found wrong with sensors that the caller has locked."""

import asyncio
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, events, rows
from foodflow.kernel.meanwhile import giving_way, meanwhile
from foodflow.numerics.detection.watching import Finding, why
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.plant.events.alarms import AlarmClosed, AnomalyCleared, AnomalyRaised
from foodflow.plant.queries import alarms as queries
from foodflow.plant.queries.readings import Reporting
from foodflow.plant.queries.watching import Watched
from foodflow.plant.rules.alarms import AGAIN, NOT_OF_VALUES, RECENT, goes_on, worst_of
from foodflow.plant.tables.alarms import Alarm
from foodflow.plant.usecases import flooding
from foodflow.plant.usecases.noting import wire

LatestAlarms = Mapping[tuple[UUID, str], Alarm]
"""The latest alarm of each sensor and rule."""
_EARLIEST: Final = int(np.iinfo(np.int64).min)
_LATEST: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found wrong with a sensor, and the readings that were looked at: times (n,), int64 in microseconds, and
    values (n + 1,), float64, of which the last one stands for what comes after them.
    """

    sensor: Reporting
    known: Watched
    findings: Sequence[Finding]
    times: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    values: NDArray[np.float64] = field(default_factory=lambda: np.full(1, np.nan))
    _described: dict[tuple[Finding, str], dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def by_rule(self) -> Mapping[str, Sequence[Finding]]:
        """The findings of each rule that has any, or an alarm that is active."""
        by_rule: dict[str, list[Finding]] = {standing.rule: [] for standing in self.known.standing}
        for finding in self.findings:
            by_rule.setdefault(finding.rule, []).append(finding)
        return by_rule

    def put_into_words(self) -> None:
        """Describe of each rule what raised it last: most often it is what its alarm is going to tell."""
        for findings in self.by_rule.values():
            raised = next((finding for finding in reversed(findings) if finding.kind == "raised"), None)
            if raised is not None:
                self.described(raised, self.sensor.unit_of_measure)

    def described(self, finding: Finding, unit: str) -> dict[str, Any]:
        """What is wrong, as an alarm tells it; put into words once."""
        if (finding, unit) not in self._described:
            self._described[finding, unit] = _described(finding, unit, self.sensor.name)
        return self._described[finding, unit]

    def extremes(self, spells: Sequence["_Spell"]) -> list[tuple[float, float] | None]:
        """The lowest and the highest of the readings of each spell; None where there are none."""
        bounds = [at for spell in spells for at in (spell.start, spell.end)]
        places = self.times.searchsorted(bounds)
        lows, highs = (of.reduceat(self.values, places).tolist() for of in (np.minimum, np.maximum))
        edges = places.tolist()
        return [
            (lows[place], highs[place]) if edges[place] < edges[place + 1] else None
            for place in range(0, len(edges), 2)
        ]


class _Spell(NamedTuple):
    """From when a rule was raised to when it cleared; one that was raised before these readings began has no finding
    that raised it, one that lasts has none that cleared it.
    """

    raised: Finding | None
    cleared: Finding | None

    @property
    def start(self) -> int:
        """Its first moment, in microseconds."""
        return _EARLIEST if self.raised is None else self.raised.at

    @property
    def end(self) -> int:
        """The moment after its last one."""
        return _LATEST if self.cleared is None else self.cleared.at


@dataclass(slots=True)
class _Changes:
    """What became of alarms: those that are new, of those that were there the ones that changed, and which of all were
    raised or are over now.
    """

    fresh: list[Alarm] = field(default_factory=list)
    changed: list[Alarm] = field(default_factory=list)
    raised: list[Alarm] = field(default_factory=list)
    cleared: list[Alarm] = field(default_factory=list)


def is_further_out(known: Watched, lowest: float, highest: float) -> bool:
    """Whether readings that lie between two values show an alarm that stands a value further out than any before."""
    return any(
        worst_of(each.rule, each.worst, lowest=lowest, highest=highest, expected=each.expected) != each.worst
        for each in known.standing
    )


async def raise_and_clear(
    session: AsyncSession, found: Sequence[Found], latest: LatestAlarms, *, now: datetime
) -> None:
    """Raise and clear alarms with a constant number of statements, tell of them, and group those that are a flood.
    `latest` is what `latest_of` says of what was found.
    """
    changes = _Changes()
    async for each in giving_way(found):
        for rule, findings in each.by_rule.items():
            _go_through(changes, each, latest.get((each.sensor.id, rule)), findings, now=now)
    await flooding.group(session, changes.fresh)
    to_tell = [alarm for alarm in changes.raised if _is_to_be_told(alarm, now=now)]
    for alarm in to_tell:
        vars(alarm)["is_told"] = True
    async with meanwhile(_write(session, changes)):
        await asyncio.sleep(0)  # so that the database writes them while it is put here what there is to tell
        async for alarm in giving_way(to_tell):
            _tell_of_raising(session, alarm)
        async for alarm in giving_way(changes.cleared):
            _tell_of_clearing(session, alarm)


async def _write(session: AsyncSession, changes: _Changes) -> None:
    # Those that were there come first: one that is closed makes room for a new one of the same rule.
    written = [*changes.changed, *changes.fresh]
    values = [vars(alarm) for alarm in written]  # all of them are there, and asking an object for each takes long
    columns = {column.name: [each[column.name] for each in values] for column in queries.COLUMNS}
    await rows.put(session, Alarm, columns)


async def latest_of(session: AsyncSession, found: Sequence[Found]) -> LatestAlarms:
    """Of what was found, by sensor and rule, the alarm that is open, else the one that was the last to clear and may go
    on; locked.
    """
    if not found:
        return {}
    moments = [finding.at for each in found for finding in each.findings]
    since = from_micros(min(moments)) - AGAIN if moments else clock.now()
    alarms = await queries.open_or_cleared_since_for_update(session, [each.sensor.id for each in found], since)
    ordered = sorted(alarms, key=lambda alarm: (alarm.closed_at is None, alarm.latest_at))
    return {(alarm.sensor_id, alarm.rule): alarm for alarm in ordered}


def _go_through(
    changes: _Changes, found: Found, latest: Alarm | None, findings: Sequence[Finding], *, now: datetime
) -> None:
    """What one rule found, in order of time, and what it makes of the latest alarm of the sensor and the rule."""
    course = None if latest is None else _Course.of(latest)
    spells = _spells(findings, is_active=course is not None and course.is_active)
    is_of_values = not NOT_OF_VALUES.intersection(finding.rule for finding in findings[:1])
    reached = found.extremes(spells) if is_of_values else [None] * len(spells)
    for spell, extremes in zip(spells, reached, strict=True):
        if spell.raised is not None:
            if course is None or not course.goes_on(spell.raised.at):
                if course is not None:
                    course.end(changes, found)
                course = _Course.of(_made(found, spell.raised, now=now))
                changes.fresh.append(course.alarm)
            course.begin(spell.raised)
        if course is not None:
            course.reach(extremes)
            if spell.cleared is not None:
                course.clear(spell.cleared.at)
    if course is not None and spells:
        course.end(changes, found)


def _spells(findings: Sequence[Finding], *, is_active: bool) -> list[_Spell]:
    spells, raised = [], None
    for finding in findings:
        if finding.kind == "cleared":
            if is_active:
                spells.append(_Spell(raised, finding))
            raised, is_active = None, False
        elif not is_active:
            raised, is_active = finding, True
    return [*spells, _Spell(raised, None)] if is_active else spells


@dataclass(slots=True)
class _Course:
    """What becomes of an alarm in a call, in microseconds: it may come and go many times, and is written once."""

    alarm: Alarm
    is_of_values: bool
    occurrences: int
    cleared_at: int | None
    closed_at: int | None
    worst: float | None
    expected: float | None
    raised: Finding | None = None
    has_cleared: bool = False

    @classmethod
    def of(cls, alarm: Alarm) -> "_Course":
        """The course of an alarm that nothing has happened to yet."""
        what = vars(alarm)  # asking the object for each takes long
        cleared_at, closed_at = _micros(what["cleared_at"]), _micros(what["closed_at"])
        so_far = (what["occurrences"], cleared_at, closed_at, what["worst"], what["expected"])
        return cls(alarm, what["rule"] not in NOT_OF_VALUES, *so_far)

    @property
    def is_active(self) -> bool:
        """Whether its cause is there."""
        return self.closed_at is None and self.cleared_at is None

    def goes_on(self, at: int) -> bool:
        """Whether what is raised at a moment is the same alarm once more."""
        if self.closed_at is None:
            return True
        closed_at, cleared_at = from_micros(self.closed_at), _moment(self.cleared_at)
        return goes_on(closed_at=closed_at, by=self.alarm.closed_by, cleared_at=cleared_at, at=from_micros(at))

    def begin(self, finding: Finding) -> None:
        """It is raised, for the first time or once more. The worst value is that of all times."""
        self.occurrences, self.cleared_at, self.closed_at, self.raised = self.occurrences + 1, None, None, finding
        if self.worst is None or self.is_of_values:
            value, self.expected = _finite(finding.value) or 0.0, _finite(finding.expected)
            self.worst = value if self.worst is None else self.worst
            self.reach((value, value))

    def reach(self, extremes: tuple[float, float] | None) -> None:
        """While it was active the readings lay between two values."""
        if extremes is not None and self.is_of_values:
            lowest, highest = extremes
            rule, expected = self.alarm.rule, self.expected
            self.worst = worst_of(rule, self.worst, lowest=lowest, highest=highest, expected=expected)

    def clear(self, at: int) -> None:
        """Its cause is gone. What is seen and gone is over (ISA-18.2: normal)."""
        self.cleared_at, self.has_cleared = at, True
        if self.alarm.acknowledged_at is not None:
            self.closed_at = at

    def end(self, changes: _Changes, found: Found) -> None:
        """Write down what became of it, if anything did."""
        alarm = self.alarm
        if self.raised is None and not self.has_cleared and self.worst == alarm.worst:
            return
        what = vars(alarm)  # which is how an alarm that no session follows is changed (`queries.alarms.detached`)
        if self.raised is not None:
            what.update(found.described(self.raised, what["unit_of_measure"]))
            changes.raised.append(alarm)
        if self.closed_at is not None and alarm.closed_at is None:
            what["closed_by"] = ""
        if alarm is not (changes.fresh[-1] if changes.fresh else None):
            what["version"] += 1
            changes.changed.append(alarm)
        what.update(occurrences=self.occurrences, worst=self.worst)
        what.update(cleared_at=_moment(self.cleared_at), closed_at=_moment(self.closed_at))
        if self.cleared_at is not None:
            changes.cleared.append(alarm)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _made(found: Found, finding: Finding, *, now: datetime) -> Alarm:
    known, sensor, at = found.known, found.sensor, from_micros(finding.at)
    silenced = known.silenced_until is not None and known.silenced_until > now
    return queries.detached(
        {
            "id": clock.new_id(),
            "sensor_id": sensor.id,
            "sensor_code": sensor.sensor_code,
            "line_id": sensor.line_id,
            "line_number": known.line_number,
            "site": sensor.plant_name,
            "batch_id": known.batch_id,
            "rule": str(finding.rule),
            "priority": known.how.priority_of(finding.rule),
            "raised_at": at,
            "since": from_micros(finding.since),
            "cleared_at": None,
            "occurrences": 0,
            "worst": None,
            "unit_of_measure": sensor.unit_of_measure,
            "expected": None,  # what was found is described once it is known what became of it
            **dict.fromkeys(("acknowledged_at", "closed_at", "flood_id")),
            **dict.fromkeys(("acknowledged_by", "acknowledgement", "closed_by", "cause"), ""),
            "silenced_until": known.silenced_until if silenced else None,
            "silenced_by": known.silenced_by if silenced else "",
            "silence_reason": known.silence_reason if silenced else "",
            "leads": True,
            "is_told": False,
            "noticed_at": now,
            "version": 1,
        }
    )


def _described(finding: Finding, unit: str, name: str) -> dict[str, Any]:
    """What is wrong this time."""
    return {
        "latest_at": from_micros(finding.at),
        "value": _finite(finding.value) or 0.0,
        "expected": _finite(finding.expected),
        "low": _finite(finding.low),
        "high": _finite(finding.high),
        "certainty": min(max(_finite(finding.certainty) or 0.0, 0.0), 1.0),
        "why": why(finding, unit, name),
    }


def _finite(number: float | None) -> float | None:
    """A number that JSON and people know; the difference of two readings of 1e308 is none."""
    if number is None or math.isnan(number):
        return None
    return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


def of_alarm(alarm: Alarm) -> dict[str, Any]:
    """What every event of an alarm says of it."""
    return {
        "alarm_id": alarm.id,
        "sensor_id": alarm.sensor_id,
        "sensor_code": alarm.sensor_code,
        "line_id": alarm.line_id,
        "line_number": alarm.line_number,
        "plant_name": alarm.site,
        "rule": alarm.rule,
        "priority": alarm.priority,
    }


def _is_to_be_told(alarm: Alarm, *, now: datetime) -> bool:
    """Whether it is: unless somebody does not want to hear of it, a flood is told instead, or it is long over."""
    is_silenced = alarm.silenced_until is not None and alarm.silenced_until > now
    is_past = alarm.cleared_at is not None and alarm.cleared_at < now - RECENT
    return not (is_silenced or is_past or alarm.flood_id is not None)


def _tell_of_raising(session: AsyncSession, alarm: Alarm) -> None:
    raised = AnomalyRaised(
        **of_alarm(alarm),
        why=alarm.why,
        certainty=alarm.certainty,
        at=wire(alarm.latest_at),
        since=wire(alarm.since),
        value=alarm.value,
        expected=alarm.expected,
        low=alarm.low,
        high=alarm.high,
        unit_of_measure=alarm.unit_of_measure,
        batch_id=alarm.batch_id,
        occurrences=alarm.occurrences,
    )
    events.tell(session, raised)


def _tell_of_clearing(session: AsyncSession, alarm: Alarm) -> None:
    """Tell whoever has heard of it that it is over."""
    if not alarm.is_told or alarm.cleared_at is None:
        return
    ended = AnomalyCleared(
        **of_alarm(alarm),
        at=wire(alarm.cleared_at),
        since=wire(alarm.since),
        worst=alarm.worst,
        occurrences=alarm.occurrences,
    )
    events.tell(session, ended)
    if alarm.closed_at is not None:
        events.tell(session, AlarmClosed(**of_alarm(alarm), by="", cause=""))
