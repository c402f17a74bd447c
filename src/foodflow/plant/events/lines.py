"""What is told of lines."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.plant.events.shared import OfPlant


@dataclass(frozen=True, kw_only=True)
class OfLine(OfPlant):
    @property
    def subject(self) -> str:
        return f"plant.line/{self.line_id}"


@dataclass(frozen=True, kw_only=True)
class LineStateRecorded(OfLine):
    """A line is in another state from `since` on."""

    type: ClassVar[str] = "plant.line.state_recorded"

    line_number: str
    state: str
    reason: str
    since: str


@dataclass(frozen=True, kw_only=True)
class LineStopped(OfLine):
    """A line has stopped at `since`, and stands."""

    type: ClassVar[str] = "plant.line.stopped"

    line_number: str
    downtime_id: UUID
    state: str
    reason_code: str | None
    reason: str
    is_planned: bool
    since: str


@dataclass(frozen=True, kw_only=True)
class LineStarted(OfLine):
    """A line's stop has ended at `at`."""

    type: ClassVar[str] = "plant.line.started"

    line_number: str
    downtime_id: UUID
    state: str
    reason_code: str | None
    reason: str
    is_planned: bool
    since: str
    at: str
    seconds: float
