"""Wire shapes of the event log: CloudEvents 1.0 in JSON."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from foodflow.kernel.event_log.patterns import TypePattern
from foodflow.kernel.paging import FileFormat
from foodflow.kernel.wire import In, Instant, Out

MAX_POSITION = 2**63 - 1
_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Position = Annotated[int, Field(ge=0, le=MAX_POSITION)]


class EventsWanted(BaseModel):
    """Which events: of types, about things, at sites, of a time; `after` and `before` lead on by position."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[
        Literal["json", "ndjson", FileFormat],
        Field(description="Other than `json`: all of them as a file, as of other lists"),
    ] = "json"
    type: list[TypePattern] = []
    subject: list[_Name] = []
    site: list[_Name] = []
    time__gte: Instant | None = None
    time__lt: Instant | None = None
    after: _Position | None = None
    before: _Position | None = None
    ordering: Literal["position", "-position"] = "-position"
    page_size: Annotated[int, Field(ge=1, le=500)] = 50

    @field_validator("page_size")
    @classmethod
    def _of_pages(cls, value: int, given: ValidationInfo) -> int:
        if given.data.get("format") != "json":
            message = "means nothing in an export, which holds all events"
            raise ValueError(message)
        return value


class CloudEvent(BaseModel):
    """An event as CloudEvents 1.0 writes it; `position` counts the company's own, `sequence` the relay's."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: Instant
    datacontenttype: str
    dataschema: str
    tenantid: str
    site: Annotated[str, Field(description="Where it happened; left out where that is nowhere in particular")] = ""
    needs: Annotated[str, Field(description="The permission that lets somebody hear of it")]
    sequence: str
    position: str
    data: dict[str, Any]


class EventsPage(BaseModel):
    """Events, and the address of those that follow."""

    next: str | None
    results: list[CloudEvent]


class EventRow(Out):
    """An event as a line of a table."""

    position: int
    sequence: int
    id: UUID
    time: Instant
    type: str
    subject: str
    site: str | None
    needs: str
    data: dict[str, Any]


class KindOut(Out):
    """A type of event, and the JSON Schema of its data."""

    type: str
    description: str
    needs: str
    data_schema: dict[str, Any]


class KindsOut(BaseModel):
    """Every type that FoodFlow tells."""

    results: list[KindOut]


class LogSettings(In):
    """For how many days the company keeps its events."""

    keep_days: Annotated[int, Field(ge=1, le=36500)]
