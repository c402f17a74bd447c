"""Wire shapes of batches."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, computed_field

from foodflow.kernel.wire import In, Instant, Line, Number, Patch, Versioned
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.schemas.shared import Code, Ratio, Short, Speed, Target, Text


class BatchIn(In):
    """A batch to be made."""

    batch_number: Code
    work_order_number: Annotated[str, Field(max_length=100)] = ""
    product_code: Code
    product_name: Line
    line_id: UUID
    planned_start_time: Instant | None = None
    planned_end_time: Instant | None = None
    target_quantity: Target
    target_speed: Speed | None = None
    operator_name: Short = ""
    shift: Annotated[str, Field(max_length=50)] = ""
    notes: Text = ""


class BatchPatch(Patch):
    """Changes of a batch; it is started and completed with `POST …/start` and `…/complete`."""

    work_order_number: Annotated[str, Field(max_length=100)] = ""
    product_name: Line = ""
    planned_start_time: Instant | None = None
    planned_end_time: Instant | None = None
    target_quantity: Target = Decimal(1)
    target_speed: Speed | None = None
    operator_name: Short = ""
    shift: Annotated[str, Field(max_length=50)] = ""
    notes: Text = ""


class MomentIn(In):
    """When something happened, if not now."""

    at: Instant | None = None


class BatchOut(Versioned):
    """A batch; its quantities are sums of counts, and its ratios are measured once it is completed."""

    id: UUID
    batch_number: str
    work_order_number: str
    product_code: str
    product_name: str
    line_id: UUID
    status: BatchStatus
    planned_start_time: Instant | None
    planned_end_time: Instant | None
    actual_start_time: Instant | None
    actual_end_time: Instant | None
    target_quantity: Number
    good_quantity: Number
    scrap_quantity: Number
    target_speed: Number | None
    operator_name: str
    shift: str
    notes: str
    availability: Ratio
    performance: float | None
    quality: Ratio
    oee: Ratio
    created_at: Instant
    updated_at: Instant

    @computed_field  # type: ignore[prop-decorator]
    @property
    def produced_quantity(self) -> float:
        """PQ, produced quantity: good and scrap."""
        return float(self.good_quantity + self.scrap_quantity)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def scrap_rate(self) -> float | None:
        """Scrap in percent of what was produced."""
        return 100 * float(self.scrap_quantity) / self.produced_quantity if self.produced_quantity else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def yield_rate(self) -> float | None:
        """Good in percent of what was produced."""
        return 100 * float(self.good_quantity) / self.produced_quantity if self.produced_quantity else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def duration_minutes(self) -> float | None:
        """From start to completion."""
        if self.actual_start_time is None or self.actual_end_time is None:
            return None
        return (self.actual_end_time - self.actual_start_time).total_seconds() / 60
