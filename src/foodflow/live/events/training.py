"""What is told of records of training."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from foodflow.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class OfRecord(Event):
    needs: ClassVar[str] = "live.read_training"

    record_id: UUID
    person: str
    session_id: int | None
    title: str
    purpose: str
    site_name: str

    @property
    def subject(self) -> str:
        return f"live.training/{self.record_id}"

    @property
    def site(self) -> str | None:
        return self.site_name or None


@dataclass(frozen=True, kw_only=True)
class TrainingRecorded(OfRecord):
    """That a person (`user:17`) attended a live session is recorded, or recorded anew."""

    type: ClassVar[str] = "live.training.recorded"

    attended_from: datetime
    attended_until: datetime
    score: int | None
    correct: int | None
    questions: int | None
    passed: bool | None


@dataclass(frozen=True, kw_only=True)
class TrainingWithdrawn(OfRecord):
    """A record is gone: it was of somebody else's place."""

    type: ClassVar[str] = "live.training.withdrawn"
