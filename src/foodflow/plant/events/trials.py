"""What is told of trials."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.plant.events.shared import OfPlant


@dataclass(frozen=True, kw_only=True)
class OfTrial(OfPlant):
    trial_id: UUID
    trial_number: str

    @property
    def subject(self) -> str:
        return f"plant.trial/{self.trial_id}"


@dataclass(frozen=True, kw_only=True)
class TrialStarted(OfTrial):
    """Something is being tried out on a line."""

    type: ClassVar[str] = "plant.trial.started"


@dataclass(frozen=True, kw_only=True)
class TrialCompleted(OfTrial):
    """A trial is over; whether it was a success, if anybody said."""

    type: ClassVar[str] = "plant.trial.completed"

    was_successful: bool | None


@dataclass(frozen=True, kw_only=True)
class TrialCancelled(OfTrial):
    """A trial will not be made, or not any further."""

    type: ClassVar[str] = "plant.trial.cancelled"

    reason: str
