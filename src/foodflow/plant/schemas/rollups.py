"""Wire shapes of series and roll-ups."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator

from foodflow.kernel.paging import Format
from foodflow.kernel.wire import Instant, Out
from foodflow.plant.rules.rollups import Method, Resolution
from foodflow.plant.schemas.shared import Breach, Window
from foodflow.plant.schemas.units import Wanted as WantedUnit

MAX_PAGE = 10_000
MAX_SENSORS = 50


def _each_once(ids: list[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


class SeriesWanted(Window):
    """What to draw: with about how many points, how fine and how chosen."""

    points: Annotated[int, Field(ge=10, le=5000)] = 600
    resolution: Annotated[
        Literal["auto", "raw", "minute", "hour", "day"],
        Field(description="`auto` looks at the window, the sensor's density and `points`; a day is a UTC day"),
    ] = "auto"
    method: Annotated[
        Literal["min_max", "lttb"],
        Field(
            description="`min_max`: lowest and highest reading of each span, of roll-ups the mean of each with both;"
            " `lttb`: those readings that keep the look of the line (largest triangles), with every bucket's extremes"
            " to choose from"
        ),
    ] = "min_max"
    unit: WantedUnit = None


class ManySeriesWanted(SeriesWanted):
    """Which sensors to draw, and how."""

    sensor_id: Annotated[list[UUID], Field(min_length=1, max_length=MAX_SENSORS), AfterValidator(_each_once)]


class ExcursionOut(BaseModel):
    """A run of consecutive readings outside a limit, and the value furthest out."""

    start: Instant
    end: Instant
    breach: Breach
    extreme: float


class BucketsOut(BaseModel):
    """What stands behind each point of a roll-up, in the order of the points: of how many readings it is, and between
    which values they lie. `uncertain` and `outside` (of the limits) are among `counts`, `bad` are beside them.
    """

    lowest: list[float]
    highest: list[float]
    counts: list[int]
    uncertain: list[int]
    bad: list[int]
    outside: list[int]


class SeriesOut(BaseModel):
    """A sensor over a window for drawing: about `points` points, peaks kept, gaps left open.

    `resolution` is the one that was used; `readings` are those that are not Bad. At `raw` the values are readings,
    `buckets` is null and the latest 10,000 excursions are listed; of roll-ups a value is the mean of the readings from
    its timestamp on (with `lttb` one of them), and the buckets say between which values they lie and how many of them
    lay outside the limits. `unit` is what all values are in. Before `complete_from` there may have been more, which was
    removed by age.
    """

    sensor_id: UUID
    start_time: Instant
    end_time: Instant
    resolution: Resolution
    method: Method
    unit: str
    readings: int
    timestamps: list[datetime]
    values: list[float]
    buckets: BucketsOut | None
    excursions: list[ExcursionOut]
    complete_from: Instant | None


class ManySeriesOut(BaseModel):
    """Several sensors over one window, in the order in which they were named."""

    results: list[SeriesOut]


class RollupsWanted(Window):
    """Which roll-ups of a sensor."""

    resolution: Annotated[Literal["minute", "hour", "day"], Field(description="A day is a UTC day")] = "hour"
    unit: WantedUnit = None
    format: Format = "json"
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1000

    @field_validator("page_size")
    @classmethod
    def _of_pages(cls, value: int, given: ValidationInfo) -> int:
        if given.data.get("format") != "json":
            message = "means nothing in an export, which holds all roll-ups"
            raise ValueError(message)
        return value


class RollupOut(Out):
    """What a sensor read from `start_time` on for a minute, an hour or a UTC day; values and moments are null where no
    reading was Good or Uncertain. `uncertain`, `below` and `above` (the limits) are among `count`, `bad` are beside.
    """

    start_time: Instant
    count: int
    uncertain: int
    bad: int
    below: int
    above: int
    mean: float | None
    lowest: float | None
    lowest_at: Instant | None
    highest: float | None
    highest_at: Instant | None
    first: float | None
    first_at: Instant | None
    last: float | None
    last_at: Instant | None


class RollupsPage(BaseModel):
    """Roll-ups in order of time, and the address of those that follow."""

    next: str | None
    results: list[RollupOut]
