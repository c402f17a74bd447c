"""Wire shapes of alarms and floods of them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from foodflow.kernel.wire import In, Instant, Line, Out, Versioned
from foodflow.plant.rules.alarms import MOST_AT_ONCE, AlarmState, Priority
from foodflow.plant.schemas.shared import Window
from foodflow.plant.tables.alarms import Alarm, AlarmDeed

Comment = Annotated[str, Field(max_length=2000)]
Minutes = Annotated[int, Field(ge=1, le=24 * 60)]


class CommentIn(In):
    """What somebody says with a deed."""

    comment: Comment = ""


class RemarkIn(In):
    """What somebody says about an alarm."""

    comment: Annotated[str, Field(min_length=1, max_length=2000)]


class AcknowledgeIn(In):
    """Which alarms somebody has seen (those of the query, and if given, among these), and what they say."""

    ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=MOST_AT_ONCE)] = None
    comment: Comment = ""


class SilenceIn(In):
    """How long, or until when, at most a day from now, and why."""

    minutes: Minutes | None = None
    until: Instant | None = None
    reason: Line

    @model_validator(mode="after")
    def _of_one_end(self) -> "SilenceIn":
        if (self.minutes is None) == (self.until is None):
            message = "give either minutes or until"
            raise ValueError(message)
        return self


class CloseIn(In):
    """What an alarm came from."""

    cause: Line
    comment: Comment = ""


class AlarmOut(Versioned):
    """An alarm; `low` and `high` are the band that was left, `worst` is the value furthest out, and `certainty` says
    how sure it is, from 0 to 1. `leads`: it stands for its flood, or belongs to none.
    """

    id: UUID
    sensor_id: UUID
    sensor_code: str
    line_id: UUID
    line_number: str
    site: str
    batch_id: UUID | None
    rule: str
    state: AlarmState
    priority: Priority
    raised_at: Instant
    since: Instant
    latest_at: Instant
    cleared_at: Instant | None
    occurrences: int
    value: float
    expected: float | None
    low: float | None
    high: float | None
    worst: float | None
    unit_of_measure: str
    certainty: Annotated[float, Field(ge=0, le=1)]
    why: str
    acknowledged_at: Instant | None
    acknowledged_by: str
    acknowledgement: str
    silenced_until: Instant | None
    silenced_by: str
    silence_reason: str
    closed_at: Instant | None
    closed_by: str
    cause: str
    flood_id: UUID | None
    leads: bool
    noticed_at: Instant


class AlarmDeedOut(Out):
    """What somebody did about an alarm."""

    at: Instant
    by: str
    deed: str
    comment: str


class AlarmWithHistoryOut(AlarmOut):
    """An alarm, and what people did about it."""

    history: list[AlarmDeedOut]

    @classmethod
    def of(cls, alarm: Alarm, deeds: list[AlarmDeed]) -> "AlarmWithHistoryOut":
        """The wire shape of an alarm with its history."""
        history = [AlarmDeedOut.model_validate(deed) for deed in deeds]
        return cls(**AlarmOut.model_validate(alarm).model_dump(), history=history)


class AcknowledgedOut(BaseModel):
    """The alarms that were acknowledged just now; others had been already, or are not there."""

    acknowledged: list[UUID]


class LineSummaryOut(Out):
    """The open alarms of a line."""

    line_id: UUID
    line_number: str
    site: str
    states: dict[AlarmState, int]
    priorities: dict[Priority, int]


class SummaryOut(Out):
    """The open alarms by state, by priority and by line; `priorities` leave out those that are shelved."""

    states: dict[AlarmState, int]
    priorities: dict[Priority, int]
    lines: list[LineSummaryOut]


class MetricsWanted(Window):
    """Which alarms are measured: those raised in a window (the last 24 hours), of a line or of all."""

    line_id: UUID | None = None


class BadActorOut(Out):
    """A rule of a sensor that is raised often, and its share of all occurrences."""

    sensor_id: UUID
    sensor_code: str
    rule: str
    occurrences: int
    share: float


class MetricsOut(Out):
    """How bearable the alarms of a window were (EEMUA 191, ISA-18.2).

    `per_ten_minutes` is the mean and `peak` the most in any ten minutes from the start on; `share_in_flood` is the
    share of those with more than ten. `chattering`: raised three times or more with at most five minutes between.
    `standing`: active for more than a day now.
    """

    start_time: Instant
    end_time: Instant
    alarms: int
    occurrences: int
    per_ten_minutes: float
    peak: int
    share_in_flood: Annotated[float, Field(ge=0, le=1)]
    chattering: int
    standing: int
    priorities: dict[Priority, int]
    bad_actors: list[BadActorOut]


class FloodOut(Out):
    """Alarms of one line that came too fast; the first of them is the likely origin."""

    id: UUID
    line_id: UUID
    line_number: str
    site: str
    began_at: Instant
    ended_at: Instant | None
    alarms: int
    origin_id: UUID
    origin_sensor_code: str
    origin_rule: str
