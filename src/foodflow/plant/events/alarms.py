"""What is told of alarms."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.plant.events.lines import OfLine
from foodflow.plant.events.sensors import OfSensor


@dataclass(frozen=True, kw_only=True)
class OfAlarm(OfSensor):
    alarm_id: UUID
    line_number: str
    rule: str
    priority: str


@dataclass(frozen=True, kw_only=True)
class AnomalyRaised(OfAlarm):
    """A rule found something wrong with a sensor: what, since when, how sure, and what is normal."""

    type: ClassVar[str] = "plant.anomaly.raised"

    why: str
    certainty: float
    at: str
    since: str
    value: float
    expected: float | None
    low: float | None
    high: float | None
    unit_of_measure: str
    batch_id: UUID | None
    occurrences: int


@dataclass(frozen=True, kw_only=True)
class AnomalyCleared(OfAlarm):
    """What a rule found is over; the value furthest from normal, and how often it came in between."""

    type: ClassVar[str] = "plant.anomaly.cleared"

    at: str
    since: str
    worst: float | None
    occurrences: int


@dataclass(frozen=True, kw_only=True)
class AlarmAcknowledged(OfAlarm):
    """Somebody has seen an alarm."""

    type: ClassVar[str] = "plant.alarm.acknowledged"

    by: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class AlarmSilenced(OfAlarm):
    """Somebody has put an alarm out of sight until a moment; until null: it is heard again."""

    type: ClassVar[str] = "plant.alarm.silenced"

    by: str
    until: str | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class AlarmClosed(OfAlarm):
    """An alarm is over: `by` is empty where it was seen and has cleared by itself."""

    type: ClassVar[str] = "plant.alarm.closed"

    by: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class OfFlood(OfLine):
    flood_id: UUID
    line_number: str
    alarms: int
    began_at: str


@dataclass(frozen=True, kw_only=True)
class AlarmFloodBegan(OfFlood):
    """Alarms of a line come too fast to be told one by one; the first of them is the likely origin."""

    type: ClassVar[str] = "plant.alarm_flood.began"

    origin_alarm_id: UUID
    origin_sensor_code: str
    origin_rule: str


@dataclass(frozen=True, kw_only=True)
class AlarmFloodEnded(OfFlood):
    """Alarms of a line come one by one again."""

    type: ClassVar[str] = "plant.alarm_flood.ended"

    ended_at: str
