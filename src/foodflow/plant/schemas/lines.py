"""Wire shapes of lines."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Line, Number, Patch, Versioned
from foodflow.plant.rules.lines import MICRO_STOP_SECONDS, LineState
from foodflow.plant.schemas.effectiveness import EffectivenessOut
from foodflow.plant.schemas.shared import Short, Speed, Text
from foodflow.plant.usecases.effectiveness import LineEffectiveness

Silence = Annotated[int, Field(ge=1, le=7 * 86_400, description="After so many seconds without a sign, unrecorded")]
MicroStop = Annotated[int, Field(ge=0, le=86_400, description="A shorter stop is a micro-stop")]
Cost = Annotated[Number, Field(ge=0, max_digits=12, decimal_places=2, description="What an hour of standing costs")]


class LineIn(In):
    """A new line."""

    line_number: Annotated[str, Field(min_length=1, max_length=50)]
    name: Line
    description: Text = ""
    plant_name: Short = ""
    location: Short = ""
    design_speed: Speed | None = None
    max_speed: Speed | None = None
    min_speed: Speed | None = None
    silent_after_seconds: Silence | None = None
    micro_stop_seconds: MicroStop = MICRO_STOP_SECONDS
    hourly_cost: Cost | None = None


class LinePatch(Patch):
    """Changes of a line; its state is recorded with `POST …/status`."""

    name: Line = ""
    description: Text = ""
    plant_name: Short = ""
    location: Short = ""
    design_speed: Speed | None = None
    max_speed: Speed | None = None
    min_speed: Speed | None = None
    silent_after_seconds: Silence | None = None
    micro_stop_seconds: MicroStop = MICRO_STOP_SECONDS
    hourly_cost: Cost | None = None
    is_active: bool = True


class LineOut(Versioned):
    """A line; `status` is null until a first state is recorded."""

    id: UUID
    line_number: str
    name: str
    description: str
    plant_name: str
    location: str
    design_speed: Number | None
    max_speed: Number | None
    min_speed: Number | None
    silent_after_seconds: int | None
    micro_stop_seconds: int
    hourly_cost: Number | None
    status: LineState | None
    status_since: Instant | None
    current_batch_id: UUID | None
    is_active: bool
    created_at: Instant
    updated_at: Instant


class OeeOut(EffectivenessOut):
    """A line's effectiveness (ISO 22400-2) over a window, and all that it is made of."""

    line_id: UUID
    start_time: Instant
    end_time: Instant
    version: int

    @classmethod
    def of(cls, line_id: UUID, result: LineEffectiveness) -> "OeeOut":
        """The wire shape of a line's effectiveness."""
        window = {"start_time": result.start, "end_time": result.end}
        figures = cls.figures(result.elements)
        return cls.model_validate({"line_id": line_id, **window, "version": result.version, **figures})
