"""What the plant tells: its events, and the permission that lets somebody hear of them."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.kernel.events import Event

READ = "plant.read"


@dataclass(frozen=True, kw_only=True)
class _OfPlant(Event):
    needs: ClassVar[str] = READ

    line_id: UUID
    plant_name: str

    @property
    def site(self) -> str:
        return self.plant_name


@dataclass(frozen=True, kw_only=True)
class _OfLine(_OfPlant):
    @property
    def subject(self) -> str:
        return f"plant.line/{self.line_id}"


@dataclass(frozen=True, kw_only=True)
class _OfBatch(_OfPlant):
    batch_id: UUID
    batch_number: str

    @property
    def subject(self) -> str:
        return f"plant.batch/{self.batch_id}"


@dataclass(frozen=True, kw_only=True)
class _OfSensor(_OfPlant):
    sensor_id: UUID
    sensor_code: str

    @property
    def subject(self) -> str:
        return f"plant.sensor/{self.sensor_id}"


@dataclass(frozen=True, kw_only=True)
class LineStateRecorded(_OfLine):
    """A line is in another state from `since` on."""

    type: ClassVar[str] = "plant.line.state_recorded"

    line_number: str
    state: str
    reason: str
    since: str


@dataclass(frozen=True, kw_only=True)
class BatchCreated(_OfBatch):
    """A batch was planned."""

    type: ClassVar[str] = "plant.batch.created"

    product_code: str
    target_quantity: float


@dataclass(frozen=True, kw_only=True)
class BatchStarted(_OfBatch):
    """A batch is being made."""

    type: ClassVar[str] = "plant.batch.started"


@dataclass(frozen=True, kw_only=True)
class BatchCompleted(_OfBatch):
    """A batch is made; its quantities (items) are final."""

    type: ClassVar[str] = "plant.batch.completed"

    good_quantity: float
    scrap_quantity: float


@dataclass(frozen=True, kw_only=True)
class LimitsBroken(_OfSensor):
    """Readings lie outside a sensor's limits: how many of one call, the first of them, and the one furthest out."""

    type: ClassVar[str] = "plant.sensor.limits_broken"

    readings: int
    first_at: str
    last_at: str
    lowest: float
    highest: float
    min_value: float | None
    max_value: float | None


@dataclass(frozen=True, kw_only=True)
class LimitsRestored(_OfSensor):
    """The latest reading of a sensor lies within its limits again."""

    type: ClassVar[str] = "plant.sensor.limits_restored"

    at: str
    value: float
