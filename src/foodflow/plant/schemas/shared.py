"""Wire types that the plant's shapes share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from foodflow.kernel.wire import Instant, Number

Code = Annotated[str, Field(min_length=1, max_length=100)]
Short = Annotated[str, Field(max_length=255)]
Text = Annotated[str, Field(max_length=10_000)]
Speed = Annotated[Number, Field(gt=0, max_digits=10, decimal_places=2, description="Items per minute")]
Amount = Annotated[Number, Field(ge=0, max_digits=12, decimal_places=2)]
Target = Annotated[Number, Field(gt=0, max_digits=12, decimal_places=2)]
Unit = Annotated[str, Field(max_length=50, pattern=r"^[!-~]*$", description="As UCUM writes it; empty: items")]
Price = Annotated[Number, Field(ge=0, max_digits=16, decimal_places=4)]
Measure = Annotated[Number, Field(gt=0, max_digits=16, decimal_places=4)]
Value = Annotated[float, Field(allow_inf_nan=False)]
Ratio = Annotated[float | None, Field(description="0 to 1; null where there is nothing to divide by")]
Breach = Literal["below", "above"] | None
BREACHES: dict[int, Breach] = {-1: "below", 0: None, 1: "above"}


class Query(BaseModel):
    """The parameters of a question; a misspelt one is refused: it must not be answered as if it were not there."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Window(Query):
    """From `start_time` (with) to `end_time` (without)."""

    start_time: Instant | None = None
    end_time: Instant | None = None
