"""Shapes of files about a session."""

from pydantic import BaseModel, ConfigDict

from foodflow.kernel.paging import FileFormat
from foodflow.kernel.wire import Instant, Out


class ReportWanted(BaseModel):
    """Which file."""

    model_config = ConfigDict(extra="forbid")

    format: FileFormat = "csv"


class SaidRow(Out):
    """An answer in words; `activity` counts from 1, and the participant is `anonymous` where nobody is shown who said
    it.
    """

    activity: int
    title: str
    kind: str
    question: str
    participant: str
    answer: str
    points: int
    correct: bool | None
    at: Instant


class PresentRow(Out):
    """Somebody who took part; `person` is what they are called in the company."""

    nickname: str
    person: str
    joined_at: Instant
    left_at: Instant | None
    score: int
    correct: int
    answered: int


class CountedRow(Out):
    """How often something was said; its share is in percent of the answers."""

    answer: str
    count: int
    share: float | None
    correct: int | None


class FactRow(Out):
    """A fact about the session."""

    what: str
    value: str
