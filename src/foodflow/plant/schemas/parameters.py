"""Wire shapes of set points and actuals."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Out
from foodflow.plant.rules.parameters import MAX_PARAMETERS
from foodflow.plant.schemas.shared import Code, Ratio, Short, Unit, Value
from foodflow.plant.usecases.parameters import Reviewed, SetPoint


class ParameterIn(In):
    """What a batch is to be made with. A sensor of its line measures it, or its values are noted down."""

    code: Code
    name: Short = ""
    unit: Unit = ""
    set_point: Value | None = None
    low: Value | None = None
    high: Value | None = None
    sensor_id: UUID | None = None


class RecipeIn(In):
    """All parameters of a batch."""

    parameters: Annotated[list[ParameterIn], Field(max_length=MAX_PARAMETERS)]

    @property
    def set_points(self) -> list[SetPoint]:
        """The parameters as a use case takes them."""
        return [
            SetPoint(
                code=each.code,
                name=each.name,
                unit=each.unit,
                set_point=each.set_point,
                low=each.low,
                high=each.high,
                sensor_id=each.sensor_id,
            )
            for each in self.parameters
        ]


class ActualIn(In):
    """A value of a parameter at a moment (now)."""

    code: Code
    value: Value
    at: Instant | None = None
    note: Short = ""


class ActualOut(Out):
    """A value that was noted down."""

    id: UUID
    at: Instant
    value: float
    note: str
    recorded_by: str


class ParameterOut(Out):
    """A parameter with its actual: of readings by time, of noted values each alike; null where there are none.

    `deviates` is null where nobody knows: there is no actual, or nothing to hold it against.
    """

    code: str
    name: str
    unit: str
    set_point: float | None
    low: float | None
    high: float | None
    sensor_id: UUID | None
    values: int
    mean: float | None
    minimum: float | None
    maximum: float | None
    outside: Ratio
    covered_seconds: Annotated[float, Field(description="How much of the time in progress its readings cover")]
    deviates: bool | None
    too_many: Annotated[bool, Field(description="More readings than an actual is made of")]
    actuals: list[ActualOut]

    @classmethod
    def of(cls, reviewed: Reviewed) -> "ParameterOut":
        """The wire shape of a parameter with its actual."""
        parameter, actual = reviewed.parameter, reviewed.actual
        return cls(
            code=parameter.code,
            name=parameter.name,
            unit=parameter.unit,
            set_point=parameter.set_point,
            low=parameter.low,
            high=parameter.high,
            sensor_id=parameter.sensor_id,
            values=actual.readings,
            mean=actual.mean,
            minimum=actual.least,
            maximum=actual.greatest,
            outside=actual.outside,
            covered_seconds=actual.seconds if parameter.sensor_id is not None else 0.0,
            deviates=reviewed.deviates,
            too_many=reviewed.too_many,
            actuals=[ActualOut.model_validate(each) for each in reviewed.noted],
        )
