"""Wire shapes of counts."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from foodflow.kernel.wire import In, Instant, Line, Number, Out
from foodflow.numerics.counters import Totals
from foodflow.plant.rules.scrap import Severity
from foodflow.plant.schemas.shared import Amount, Short, Unit
from foodflow.plant.usecases.counters import MAIN, NothingNew, Shown
from foodflow.plant.usecases.counts import Report

SourceId = Annotated[str, Field(min_length=1, max_length=200, description="Named again, it is the same count")]
_TOTALS = ("total_good", "total_scrap", "total_rework")


class CountIn(In):
    """What was made up to a moment (now) since the last report (good, scrap, rework), or what a machine's running
    counter shows then (total_good, total_scrap, total_rework); one or the other.

    Good is right the first time (ISO 22400-2 GQ), scrap is lost (SQ), rework is still to be made right (RQ); together
    they are what was produced (PQ). An item is reported once.
    """

    good: Amount = Decimal(0)
    scrap: Amount = Decimal(0)
    rework: Amount = Decimal(0)
    total_good: Amount | None = None
    total_scrap: Amount | None = None
    total_rework: Amount | None = None
    counter: Annotated[str, Field(min_length=1, max_length=100, description="Which counter of the line")] = MAIN
    unit: Unit = ""
    at: Instant | None = None
    scrap_reason: Short = ""
    source_id: SourceId | None = None

    @property
    def totals(self) -> Totals | None:
        """What a counter shows, if that is what is reported."""
        shown = [getattr(self, name) for name in _TOTALS]
        if all(each is None for each in shown):
            return None
        return Totals(good=shown[0] or Decimal(0), scrap=shown[1] or Decimal(0), rework=shown[2] or Decimal(0))

    def report(self, batch_id: UUID | None) -> Report:
        """What is reported, of a batch if one is named."""
        return Report(
            good=self.good,
            scrap=self.scrap,
            rework=self.rework,
            unit=self.unit,
            at=self.at,
            batch_id=batch_id,
            scrap_reason=self.scrap_reason,
            source_id=self.source_id,
        )

    @model_validator(mode="after")
    def _of_something(self) -> "CountIn":
        made = self.good or self.scrap or self.rework
        if self.totals is not None:
            if made or self.source_id is not None:
                message = "totals of a counter stand for themselves: leave good, scrap, rework and source_id out"
                raise ValueError(message)
        elif not made:
            message = "good, scrap and rework are all 0: there is nothing to record"
            raise ValueError(message)
        return self


class LineCountIn(CountIn):
    """The same of a line; it belongs to the batch that had the line then, or to the one that is named."""

    batch_id: UUID | None = None


class ReversalIn(In):
    """Why a count is taken back."""

    reason: Line


class CountOut(Out):
    """A recorded count; one that takes back another names it and has negative quantities."""

    id: UUID
    line_id: UUID
    batch_id: UUID | None
    at: Instant
    good: Number
    scrap: Number
    rework: Number
    unit: str
    scrap_reason: str
    scrap_type: str
    severity: Severity | None
    ideal_speed: Number | None
    source_id: str | None
    reverses_id: UUID | None
    note: str
    recorded_by: str


class CounterOut(Out):
    """What a counter shows, where nothing could be recorded: it was seen for the first time, the report is a
    repetition, nothing was made since, or the report is older than the latest one.
    """

    counter: str
    line_id: UUID
    at: Instant
    total_good: Number
    total_scrap: Number
    total_rework: Number
    recorded: Literal[False] = False
    because: NothingNew

    @classmethod
    def of(cls, shown: Shown) -> "CounterOut":
        """The wire shape of what a counter shows."""
        counter = shown.counter
        return cls(
            counter=counter.counter,
            line_id=counter.line_id,
            at=counter.at,
            total_good=counter.total_good,
            total_scrap=counter.total_scrap,
            total_rework=counter.total_rework,
            because=shown.because,
        )
