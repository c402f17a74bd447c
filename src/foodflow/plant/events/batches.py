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
class BatchCompleted(OfBatch):
    """A batch is made; its quantities (items) are final."""

    type: ClassVar[str] = "plant.batch.completed"

    good_quantity: float
    scrap_quantity: float
