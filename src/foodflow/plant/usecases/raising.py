"""Raising and clearing alarms from what was found wrong with sensors that the caller has locked."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, events, rows
from foodflow.numerics.detection.watching import Finding, why
from foodflow.numerics.epoch import from_micros
from foodflow.plant.events.alarms import AlarmClosed, AnomalyCleared, AnomalyRaised
from foodflow.plant.queries import alarms as queries
from foodflow.plant.queries.readings import Reporting
from foodflow.plant.queries.watching import Watched
from foodflow.plant.rules.alarms import AGAIN, RECENT, goes_on, worst_of
from foodflow.plant.tables.alarms import Alarm
from foodflow.plant.usecases import flooding
from foodflow.plant.usecases.noting import wire

_Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found wrong with a sensor, and the readings that were looked at: times int64 in microseconds, values
    float64, both of shape (n,).
    """

    sensor: Reporting
    known: Watched
    findings: Sequence[Finding]
    times: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0, np.float64))

    @property
    def is_news(self) -> bool:
        """Whether an alarm is to be raised, cleared, or made to show a value further out."""
        return bool(self.findings) or any(
            self.worst(each.rule, each.worst, each.expected) != each.worst for each in self.known.standing
        )

    def worst(
        self,
        rule: str,
        so_far: float | None,
        expected: float | None,
        *,
        start: int | None = None,
        end: int | None = None,
    ) -> float | None:
        """The value furthest out, of one and of the readings within [start, end)."""
        first, last = (None if at is None else int(np.searchsorted(self.times, at)) for at in (start, end))
        values = self.values[first:last]
        if not len(values):
            return so_far
        lowest, highest = float(values.min()), float(values.max())
        return worst_of(rule, so_far, lowest=lowest, highest=highest, expected=expected)


@dataclass(slots=True)
class _Changes:
    """The alarms that were looked at, by sensor and rule the latest one, and what became of them."""

    latest: dict[_Key, Alarm]
    fresh: list[Alarm] = field(default_factory=list)
    changed: dict[UUID, Alarm] = field(default_factory=dict)
    raised: dict[UUID, Alarm] = field(default_factory=dict)
    cleared: dict[UUID, Alarm] = field(default_factory=dict)


async def raise_and_clear(session: AsyncSession, found: Sequence[Found], *, now: datetime) -> None:
    """Raise and clear alarms with a constant number of statements, tell of them, and group those that are a flood."""
    if not found:
        return
    changes = _Changes(await _latest(session, found))
    for each in found:
        active = dict.fromkeys((standing.rule for standing in each.known.standing), 0)
        for finding in each.findings:
            _apply(changes, each, finding, active, now=now)
        for rule, start in active.items():
            _stretch(changes, each, rule, start=start)
    await flooding.group(session, changes.fresh)
    for alarm in changes.raised.values():
        _tell_of_raising(session, alarm, now=now)
    for alarm in changes.cleared.values():
        _tell_of_clearing(session, alarm)
    # Those that were there come first: one that is closed makes room for a new one of the same rule.
    written = [*changes.changed.values(), *(alarm for alarm in changes.fresh if alarm.id not in changes.changed)]
    columns = {column.name: [getattr(alarm, column.name) for alarm in written] for column in queries.COLUMNS}
    await rows.put(session, Alarm, columns)


async def _latest(session: AsyncSession, found: Sequence[Found]) -> dict[_Key, Alarm]:
    """By sensor and rule the alarm that is open, else the one that was the last to clear and may go on."""
    moments = [finding.at for each in found for finding in each.findings]
    since = from_micros(min(moments)) - AGAIN if moments else clock.now()
    alarms = await queries.open_or_cleared_since_for_update(session, [each.sensor.id for each in found], since)
    for alarm in alarms:
        session.expunge(alarm)  # they are written in one statement, and not one by one by the session
    ordered = sorted(alarms, key=lambda alarm: (alarm.closed_at is None, alarm.latest_at))
    return {(alarm.sensor_id, alarm.rule): alarm for alarm in ordered}


def _apply(changes: _Changes, found: Found, finding: Finding, active: dict[str, int], *, now: datetime) -> None:
    """Raise or clear one alarm; `active` are the rules that are in alarm, with since when in these readings."""
    key, at = (found.sensor.id, str(finding.rule)), from_micros(finding.at)
    alarm = changes.latest.get(key)
    if finding.kind == "cleared":
        if alarm is not None and alarm.closed_at is None and alarm.cleared_at is None:
            _stretch(changes, found, alarm.rule, start=active.pop(alarm.rule, 0), end=finding.at)
            _clear(alarm, at)
            _note(changes, alarm)
            changes.cleared[alarm.id] = alarm
        return
    if alarm is not None and alarm.closed_at is None and alarm.cleared_at is None:
        return
    if alarm is not None and goes_on(closed_at=alarm.closed_at, by=alarm.closed_by, cleared_at=alarm.cleared_at, at=at):
        alarm.cleared_at = alarm.closed_at = None
        alarm.occurrences, alarm.latest_at = alarm.occurrences + 1, at
        _note(changes, alarm)
    else:
        alarm = changes.latest[key] = _made(found, finding, at, now=now)
        changes.fresh.append(alarm)
    _describe(alarm, found, finding)
    active[alarm.rule] = finding.at
    changes.raised[alarm.id] = alarm
    changes.cleared.pop(alarm.id, None)


def _note(changes: _Changes, alarm: Alarm) -> None:
    if alarm.id not in changes.changed and alarm not in changes.fresh:
        alarm.version += 1
        changes.changed[alarm.id] = alarm


def _clear(alarm: Alarm, at: datetime) -> None:
    """What is seen and gone is over (ISA-18.2: normal)."""
    alarm.cleared_at = at
    if alarm.acknowledged_at is not None:
        alarm.closed_at, alarm.closed_by = at, ""


def _made(found: Found, finding: Finding, at: datetime, *, now: datetime) -> Alarm:
    known, sensor = found.known, found.sensor
    silenced = known.silenced_until is not None and known.silenced_until > now
    return Alarm(
        id=clock.new_id(),
        sensor_id=sensor.id,
        sensor_code=sensor.sensor_code,
        line_id=sensor.line_id,
        line_number=known.line_number,
        site=sensor.plant_name,
        batch_id=known.batch_id,
        rule=str(finding.rule),
        priority=known.how.priority_of(finding.rule),
        raised_at=at,
        since=from_micros(finding.since),
        latest_at=at,
        cleared_at=None,
        occurrences=1,
        worst=None,
        unit_of_measure=sensor.unit_of_measure,
        **dict.fromkeys(("acknowledged_at", "closed_at", "flood_id")),
        **dict.fromkeys(("acknowledged_by", "acknowledgement", "closed_by", "cause"), ""),
        silenced_until=known.silenced_until if silenced else None,
        silenced_by=known.silenced_by if silenced else "",
        silence_reason=known.silence_reason if silenced else "",
        leads=True,
        is_told=False,
        noticed_at=now,
        version=1,
    )


def _describe(alarm: Alarm, found: Found, finding: Finding) -> None:
    """What is wrong this time; the worst value is that of all times."""
    alarm.value, alarm.expected = _finite(finding.value) or 0.0, _finite(finding.expected)
    alarm.low, alarm.high = _finite(finding.low), _finite(finding.high)
    alarm.certainty = min(max(_finite(finding.certainty) or 0.0, 0.0), 1.0)
    alarm.why = why(finding, alarm.unit_of_measure, found.sensor.name)
    worst = alarm.value if alarm.worst is None else alarm.worst
    alarm.worst = worst_of(alarm.rule, worst, lowest=alarm.value, highest=alarm.value, expected=alarm.expected)


def _finite(number: float | None) -> float | None:
    """A number that JSON and people know; the difference of two readings of 1e308 is none."""
    if number is None or math.isnan(number):
        return None
    return max(-sys.float_info.max, min(number, sys.float_info.max))


def _stretch(changes: _Changes, found: Found, rule: str, *, start: int, end: int | None = None) -> None:
    """Let an alarm know the value furthest out among the readings while it was active."""
    alarm = changes.latest.get((found.sensor.id, rule))
    if alarm is None:
        return
    worst = found.worst(rule, alarm.worst, alarm.expected, start=start, end=end)
    if worst != alarm.worst:
        alarm.worst = worst
        _note(changes, alarm)


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


def _tell_of_raising(session: AsyncSession, alarm: Alarm, *, now: datetime) -> None:
    """Tell, unless somebody does not want to hear of it, a flood is told instead, or it has been over for long."""
    is_silenced = alarm.silenced_until is not None and alarm.silenced_until > now
    is_past = alarm.cleared_at is not None and alarm.cleared_at < now - RECENT
    if is_silenced or is_past or alarm.flood_id is not None:
        return
    alarm.is_told = True
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
