"""Wire shapes of how sensors are watched."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from foodflow.kernel.wire import In, Instant, Out, Versioned
from foodflow.numerics.detection.findings import Rule
from foodflow.plant.rules.alarms import Priority

Positive = Annotated[float, Field(gt=0, le=1e12)]


class WatchIn(In):
    """How to watch; what is left out or null is left to what holds for the type, and there to FoodFlow's choice."""

    rules: Annotated[list[Rule] | None, Field(max_length=len(Rule), description="An empty list: not at all")] = None
    hysteresis: Annotated[float | None, Field(ge=0, le=1e12, description="Within a limit by this much it is over")] = (
        None
    )
    max_rate: Annotated[Positive | None, Field(description="In the sensor's unit per second")] = None
    off_delay_seconds: Annotated[
        float | None,
        Field(ge=0, le=86_400, description="What a limit or a rate shows is over after so long without it"),
    ] = None
    stuck_seconds: Positive | None = None
    gap_seconds: Annotated[Positive | None, Field(description="Null: by the sensor's own rhythm")] = None
    sensitivity: Annotated[float | None, Field(ge=0.1, le=10, description="Of drift and learned rules; 1 is usual")] = (
        None
    )
    priority: Annotated[Priority | None, Field(description="Null: that of each rule")] = None


class SaidOut(Out):
    """What was said; null is left to what is less particular."""

    rules: list[Rule] | None
    hysteresis: float | None
    max_rate: float | None
    off_delay_seconds: float | None
    stuck_seconds: float | None
    gap_seconds: float | None
    sensitivity: float | None
    priority: Priority | None


class EffectiveOut(Out):
    """What holds in the end. `off_delay_seconds` null: a minute for a rate, none for limits. Gap and stuck say nothing
    while a line is not_scheduled or in maintenance; `is_still`: stuck says nothing either while the line is idle, down
    or changed over.
    """

    rules: Annotated[list[Rule], BeforeValidator(sorted)]
    hysteresis: float | None
    max_rate: float | None
    off_delay_seconds: float | None
    stuck_seconds: float | None
    gap_seconds: float | None
    sensitivity: float
    priority: Priority | None
    is_still: bool


class WatchOut(Versioned):
    """How a type of sensors is watched; version 0 while nothing was said."""

    said: SaidOut
    effective: EffectiveOut


class SensorWatchOut(WatchOut):
    """How a sensor is watched, and whether its alarms are out of sight."""

    silenced_until: Instant | None
    silenced_by: str
    silence_reason: str
