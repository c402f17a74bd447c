"""Wire shapes of batches."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, computed_field, field_validator
from pydantic.json_schema import SkipJsonSchema

from foodflow.kernel.wire import In, Instant, Line, Number, Out, Patch, Versioned
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.schemas.shared import Code, Price, Ratio, Short, Speed, Target, Text, Unit
from foodflow.plant.usecases.results import History

NominalWeight = Annotated[
    Number, Field(gt=0, max_digits=12, decimal_places=4, description="What one item promises to hold, in weight_unit")
]
FilledWeight = Annotated[Price, Field(description="What all good items hold together, in weight_unit")]
UnitCost = Annotated[Price, Field(description="What one item is worth when it is scrapped for a reason without a cost")]


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
    unit: Unit = ""
    operator_name: Short = ""
    shift: Annotated[str, Field(max_length=50)] = ""
    notes: Text = ""
    unit_cost: UnitCost | None = None
    nominal_weight: NominalWeight | None = None
    filled_weight: FilledWeight | None = None
    weight_unit: Unit = ""


class BatchPatch(Patch):
    """Changes of a batch; where it stands is changed by a deed: `POST …/start`, `hold`, `resume`, `complete` and
    `cancel`.
    """

    work_order_number: Annotated[str, Field(max_length=100)] = ""
    product_name: Line = ""
    planned_start_time: Instant | None = None
    planned_end_time: Instant | None = None
    target_quantity: Target = Decimal(1)
    target_speed: Speed | None = None
    operator_name: Short = ""
    shift: Annotated[str, Field(max_length=50)] = ""
    notes: Text = ""
    unit_cost: UnitCost | None = None
    nominal_weight: NominalWeight | None = None
    filled_weight: FilledWeight | None = None
    weight_unit: Unit = ""
    status: SkipJsonSchema[Any] = None

    @field_validator("status")
    @classmethod
    def _by_deeds_alone(cls, _status: object) -> None:
        message = "is not set but moved: POST …/start, …/hold, …/resume, …/complete or …/cancel"
        raise ValueError(message)


class MoveIn(In):
    """When something happened to a batch, if not now, and why."""

    at: Instant | None = None
    reason: Short = ""


class HoldIn(MoveIn):
    """The same of holding a batch; its line is free for another one only if it is released."""

    release_line: bool = False


class BatchOut(Versioned):
    """A batch; its quantities are sums of counts, its costs sums of what is recorded of them (null where nothing is),
    and its ratios are measured once it is completed.
    """

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
    held_since: Instant | None
    target_quantity: Number
    good_quantity: Number
    scrap_quantity: Number
    rework_quantity: Number
    unit: str
    target_speed: Number | None
    average_speed: Annotated[float | None, Field(description="Items per minute of production time")]
    operator_name: str
    shift: str
    notes: str
    availability: Ratio
    performance: float | None
    quality: Ratio
    oee: Ratio
    planned_downtime_minutes: Annotated[float | None, Field(description="Maintenance and changeover of its line")]
    unplanned_downtime_minutes: Annotated[float | None, Field(description="Downtime of its line")]
    unit_cost: Number | None
    labor_cost: Number | None
    material_cost: Number | None
    scrap_cost: Annotated[Number | None, Field(description="The part of the costs that was lost; not to be added")]
    currency: str | None
    nominal_weight: Number | None
    filled_weight: Number | None
    weight_unit: str
    created_at: Instant
    updated_at: Instant

    @computed_field  # type: ignore[prop-decorator]
    @property
    def produced_quantity(self) -> float:
        """PQ, produced quantity: good, scrap and rework."""
        return float(self.good_quantity + self.scrap_quantity + self.rework_quantity)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def scrap_rate(self) -> float | None:
        """Scrap in percent of what was produced (ISO 22400-2 scrap ratio)."""
        return 100 * float(self.scrap_quantity) / self.produced_quantity if self.produced_quantity else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def yield_rate(self) -> float | None:
        """Good in percent of what was produced (ISO 22400-2 quality ratio)."""
        return 100 * float(self.good_quantity) / self.produced_quantity if self.produced_quantity else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def duration_minutes(self) -> float | None:
        """From start to end, with the time on hold."""
        if self.actual_start_time is None or self.actual_end_time is None:
            return None
        return (self.actual_end_time - self.actual_start_time).total_seconds() / 60


class MoveOut(Out):
    """Something that happened to a batch."""

    number: int
    from_status: BatchStatus
    to_status: BatchStatus
    at: Instant
    line_released: bool
    reason: str
    recorded_by: str
    recorded_at: Instant


class HistoryOut(Out):
    """All that happened to a batch, in order, and for how long it was in progress and on hold until now."""

    batch_id: UUID
    status: BatchStatus
    in_progress_minutes: float
    on_hold_minutes: float
    moves: list[MoveOut]

    @classmethod
    def of(cls, history: History) -> "HistoryOut":
        """The wire shape of a batch's history."""
        return cls(
            batch_id=history.batch.id,
            status=BatchStatus(history.batch.status),
            in_progress_minutes=history.in_progress.total_seconds() / 60,
            on_hold_minutes=history.on_hold.total_seconds() / 60,
            moves=[MoveOut.model_validate(move) for move in history.moves],
        )
