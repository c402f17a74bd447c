"""Wire shapes of trials."""

import math
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue

from foodflow.kernel.wire import In, Instant, Line, Patch, Versioned
from foodflow.plant.rules.trials import TrialStatus
from foodflow.plant.schemas.shared import Code, Query, Short, Text


def _finite(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, float) and not math.isfinite(each):
            message = "must not hold NaN or Infinity, which are no JSON"
            raise ValueError(message)
    return value


Object = Annotated[
    dict[str, JsonValue], Field(max_length=500, description="A JSON object, kept as it is"), AfterValidator(_finite)
]
BatchIds = Annotated[list[UUID], Field(max_length=200, description="Batches made on its line for this trial")]


class _Plan(In):
    """What is planned of a trial."""

    name: Line
    description: Text = ""
    product_code: Annotated[str, Field(max_length=100)] = ""
    planned_start_time: Instant | None = None
    planned_end_time: Instant | None = None
    parameters: Object = Field(default_factory=dict)
    expected_outcome: Text = ""
    success_criteria: Text = ""
    batch_ids: BatchIds = Field(default_factory=list)
    owner_name: Short = ""


class TrialIn(_Plan):
    """Something to be tried out on a line."""

    trial_number: Code
    line_id: UUID


class TrialPut(_Plan):
    """All that can be changed of a trial; what is left out is emptied."""

    results: Object = Field(default_factory=dict)
    was_successful: bool | None = None
    observations: Text = ""
    learnings: Text = ""
    recommendations: Text = ""


class FindingsIn(In):
    """What was found out, and when the trial ended, if not now; what is left out stays as it is."""

    at: Instant | None = None
    results: Object = Field(default_factory=dict)
    was_successful: bool | None = None
    batch_ids: BatchIds = Field(default_factory=list)
    observations: Text = ""
    learnings: Text = ""
    recommendations: Text = ""

    def given(self) -> dict[str, Any]:
        """The findings that the caller gave, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"at"}}


class TrialPatch(Patch):
    """Changes of a trial; where it stands is changed by a deed: `POST …/start`, `complete` and `cancel`."""

    name: Line = ""
    description: Text = ""
    product_code: Annotated[str, Field(max_length=100)] = ""
    planned_start_time: Instant | None = None
    planned_end_time: Instant | None = None
    parameters: Object = Field(default_factory=dict)
    expected_outcome: Text = ""
    success_criteria: Text = ""
    batch_ids: BatchIds = Field(default_factory=list)
    owner_name: Short = ""
    results: Object = Field(default_factory=dict)
    was_successful: bool | None = None
    observations: Text = ""
    learnings: Text = ""
    recommendations: Text = ""


class TrialMomentIn(In):
    """When a trial began, if not now."""

    at: Instant | None = None


class CancelWanted(Query):
    """Why a trial is given up."""

    reason: Short = ""


class TrialOut(Versioned):
    """A trial."""

    id: UUID
    trial_number: str
    name: str
    description: str
    line_id: UUID
    product_code: str
    status: TrialStatus
    planned_start_time: Instant | None
    planned_end_time: Instant | None
    actual_start_time: Instant | None
    actual_end_time: Instant | None
    parameters: dict[str, Any]
    expected_outcome: str
    success_criteria: str
    results: dict[str, Any]
    was_successful: bool | None
    batch_ids: list[UUID]
    observations: str
    learnings: str
    recommendations: str
    owner_name: str
    cancel_reason: str
    created_at: Instant
    updated_at: Instant
