"""Wire shapes of reliability."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import Instant, Out
from foodflow.plant.schemas.shared import Ratio, Short, Window
from foodflow.plant.usecases.reliability import Figures, LinesReliability

Mean = Annotated[float | None, Field(description="Seconds; null where nothing failed")]


class ReliabilityQuery(Window):
    """A window; of which site, and for which reason (or those below it)."""

    plant_name: Short | None = None
    reason_id: UUID | None = None


class FiguresOut(Out):
    """The reliability of one thing."""

    id: UUID | None
    name: str
    failures: int
    operating_seconds: float
    restoring_seconds: float
    mtbf_seconds: Mean
    mttf_seconds: Mean
    mttr_seconds: Mean
    failures_per_hour: float | None
    availability: Ratio

    @classmethod
    def of(cls, told: Figures) -> "FiguresOut":
        """The wire shape of figures."""
        return cls(
            id=told.id,
            name=told.name,
            failures=told.elements.failures,
            operating_seconds=told.elements.operating.total_seconds(),
            restoring_seconds=told.elements.restoring.total_seconds(),
            mtbf_seconds=told.figures.mtbf,
            mttf_seconds=told.figures.mttf,
            mttr_seconds=told.figures.mttr,
            failures_per_hour=told.figures.failure_rate,
            availability=told.figures.availability,
        )


class ReliabilityOut(Out):
    """Reliability (ISO 22400-2) over a window; `unexplained` stops have no reason yet and are not among them."""

    start_time: Instant
    end_time: Instant
    all: FiguresOut
    lines: list[FiguresOut]
    reasons: list[FiguresOut]
    unexplained: int

    @classmethod
    def of(cls, told: LinesReliability) -> "ReliabilityOut":
        """The wire shape of reliability."""
        return cls(
            start_time=told.start,
            end_time=told.end,
            all=FiguresOut.of(told.all),
            lines=[FiguresOut.of(each) for each in told.lines],
            reasons=[FiguresOut.of(each) for each in told.reasons],
            unexplained=told.unexplained,
        )
