"""What is told of sensors."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.plant.events.shared import OfPlant


@dataclass(frozen=True, kw_only=True)
class OfSensor(OfPlant):
    sensor_id: UUID
    sensor_code: str

    @property
    def subject(self) -> str:
        return f"plant.sensor/{self.sensor_id}"


@dataclass(frozen=True, kw_only=True)
class LimitsBroken(OfSensor):
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
class LimitsRestored(OfSensor):
    """The latest reading of a sensor lies within its limits again."""

    type: ClassVar[str] = "plant.sensor.limits_restored"

    at: str
    value: float
