"""What is told of lines."""

from dataclasses import dataclass
from typing import ClassVar

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
