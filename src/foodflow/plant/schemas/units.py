"""Wire types of units."""

from typing import Annotated

from pydantic import Field

from foodflow.plant.rules.shared import MAX_UNIT

Unit = Annotated[str, Field(min_length=1, max_length=MAX_UNIT, description="UCUM code, such as Cel or [degF]")]
Wanted = Annotated[
    str | None,
    Field(min_length=1, max_length=MAX_UNIT, description="UCUM code to tell the values in; the sensor's own"),
]
