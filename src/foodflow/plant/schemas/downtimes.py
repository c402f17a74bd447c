"""Wire shapes of stops."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, computed_field

from foodflow.kernel import clock
from foodflow.kernel.wire import In, Instant, Number, Out, Patch, Versioned
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.reasons import Category
from foodflow.plant.schemas.shared import Amount, Short, Text

_CENT = Decimal("0.01")


class DowntimeEnd(In):
    """The end of a stop (now), and what else is known of it by then; its reason by id, or by its category."""

    end_time: Instant | None = None
    reason_id: UUID | None = None
    reason_category: Category | None = None
    reason_detail: Short = ""
    is_planned: bool | None = None
    root_cause: Text = ""
    resolution: Text = ""
    preventive_action: Text = ""
    units_lost: Amount | None = None


class DowntimeIn(DowntimeEnd):
    """A stop of a line since `start_time` (now), or until `end_time`."""

    line_id: UUID
    start_time: Instant | None = None


class DowntimePatch(Patch):
    """Changes of what is said of a stop; `end_time` ends one that lasts."""

    end_time: Instant | None = None
    reason_id: UUID | None = None
    reason_category: Category | None = None
    reason_detail: Short = ""
    is_planned: bool | None = None
    root_cause: Text = ""
    resolution: Text = ""
    preventive_action: Text = ""
    units_lost: Amount | None = None


class ResponseIn(In):
    """When somebody came to a stop (now)."""

    at: Instant | None = None


class SplitIn(In):
    """Where a stop is split, and why it went on."""

    at: Instant
    reason_id: UUID | None = None


class AssignmentIn(In):
    """A reason for several stops."""

    downtime_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    reason_id: UUID
    reason_detail: Short = ""


class DowntimeOut(Versioned):
    """A stop of a line; of one that lasts, durations and costs are those up to now."""

    id: UUID
    line_id: UUID
    batch_id: UUID | None
    state: LineState
    start_time: Instant
    end_time: Instant | None
    reason_id: UUID | None
    reason_category: str | None
    reason_detail: str
    is_planned: bool
    is_micro: Annotated[bool, Field(description="Ended, unplanned and shorter than the line's limit: a minor stop")]
    root_cause: str
    resolution: str
    preventive_action: str
    units_lost: Number | None
    hourly_cost: Number | None
    reported_by: str
    responded_at: Instant | None
    responded_by: str | None
    resolved_by: str | None
    created_at: Instant
    updated_at: Instant

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way
    @property
    def duration_minutes(self) -> float:
        """From its start to its end, or to now."""
        return round(self._duration() / timedelta(minutes=1), 2)

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way
    @property
    def cost_impact(self) -> float | None:
        """What it costs at the line's hourly cost when it began."""
        if self.hourly_cost is None:
            return None
        hours = Decimal(self._duration() // timedelta(microseconds=1)) / Decimal(3_600_000_000)
        return float((self.hourly_cost * hours).quantize(_CENT))

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way
    @property
    def response_time_minutes(self) -> float | None:
        """From its start until somebody came."""
        if self.responded_at is None:
            return None
        return round((self.responded_at - self.start_time) / timedelta(minutes=1), 2)

    def _duration(self) -> timedelta:
        end: datetime = self.end_time if self.end_time is not None else max(clock.now(), self.start_time)
        return end - self.start_time


class DowntimesOut(Out):
    """Several stops."""

    results: list[DowntimeOut]
