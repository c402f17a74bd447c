"""What is told of batches."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.plant.events.shared import OfPlant


@dataclass(frozen=True, kw_only=True)
class OfBatch(OfPlant):
    batch_id: UUID
    batch_number: str

    @property
    def subject(self) -> str:
        return f"plant.batch/{self.batch_id}"


@dataclass(frozen=True, kw_only=True)
class BatchCreated(OfBatch):
    """A batch was planned."""

    type: ClassVar[str] = "plant.batch.created"

    product_code: str
    target_quantity: float


@dataclass(frozen=True, kw_only=True)
class BatchStarted(OfBatch):
    """A batch is being made."""

    type: ClassVar[str] = "plant.batch.started"


@dataclass(frozen=True, kw_only=True)
class BatchHeld(OfBatch):
    """A batch is held; `line_released`: another one may have its line meanwhile."""

    type: ClassVar[str] = "plant.batch.held"

    reason: str
    line_released: bool


@dataclass(frozen=True, kw_only=True)
class BatchResumed(OfBatch):
    """A batch that was held is being made again."""

    type: ClassVar[str] = "plant.batch.resumed"

    reason: str


@dataclass(frozen=True, kw_only=True)
class BatchCancelled(OfBatch):
    """A batch will not be made, or not any further; what it made (items) was made."""

    type: ClassVar[str] = "plant.batch.cancelled"

    reason: str
    good_quantity: float
    scrap_quantity: float
    rework_quantity: float


@dataclass(frozen=True, kw_only=True)
class BatchCompleted(OfBatch):
    """A batch is made; its quantities (items) are final."""

    type: ClassVar[str] = "plant.batch.completed"

    good_quantity: float
    scrap_quantity: float
    rework_quantity: float


@dataclass(frozen=True, kw_only=True)
class ScrapDetected(OfBatch):
    """Items of a batch were found to be scrap."""

    type: ClassVar[str] = "plant.scrap.detected"

    count_id: UUID
    quantity: float
    scrap_type: str
    scrap_reason: str
    severity: str | None
