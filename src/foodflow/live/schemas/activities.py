"""Wire shapes of activities."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from foodflow.kernel.actor import Actor
from foodflow.kernel.wire import Instant, Out
from foodflow.live.queries.activities import Answered
from foodflow.live.rules.activities.kind import ActivityKind
from foodflow.live.rules.activities.showing import public_configuration
from foodflow.live.rules.activity_states import ActivityState, ActivityStatus, state_at
from foodflow.live.schemas.contract import ContractIn, Integer
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases.activities import status_at
from foodflow.live.usecases.opening import step_of, steps_of

Object = dict[str, JsonValue]
Type = Annotated[str, Field(description="A kind that there is, or any other word of at most 50 characters")]
Title = Annotated[str, Field(max_length=500)]
status_of = status_at


class ActivityIn(ContractIn):
    """A new activity of any type, configured as it comes."""

    type: Type
    config: Object = Field(default_factory=dict)
    order_index: Integer = 0
    status: ActivityStatus | None = ActivityStatus.DRAFT
    title: Title = ""
    description: str | None = None


class ActivityPut(ContractIn):
    """Changes of an activity; what is null or not given stays as it is."""

    type: Type | None = None
    config: Object | None = None
    order_index: Integer | None = None
    status: ActivityStatus | None = None
    title: Title | None = None
    description: str | None = None


class KindIn(ContractIn):
    """A new activity of a kind that there is; what `activity_metadata` does not say is as the kind has it."""

    activity_type: str
    title: Annotated[str, Field(min_length=1, max_length=500)]
    description: str | None = None
    configuration: Object = Field(default_factory=dict)
    activity_metadata: Object = Field(default_factory=dict)
    order_index: Annotated[Integer, Field(ge=0)] = 0


class ValidateIn(ContractIn):
    """A configuration to be looked at."""

    activity_type: str
    configuration: Object


class TransitionIn(ContractIn):
    """Where an activity is to be moved, and why; `force` goes from anywhere to anywhere."""

    target_state: Literal["draft", "published", "active", "expired"]
    reason: Annotated[str | None, Field(max_length=500)] = None
    force: bool = False


class ActivityOut(Out):
    """An activity. Who only takes part sees a configuration without solutions."""

    id: UUID
    session_id: int
    type: str
    config: Object
    order_index: int
    status: ActivityStatus
    created_at: Instant
    updated_at: Instant
    title: str
    description: str | None
    activity_metadata: Object
    state: ActivityState
    step: Annotated[int, Field(description="The question that is open, counted from 0")]
    steps: Annotated[int, Field(description="How many questions there are")]
    step_opened_at: Instant | None
    is_revealed: bool
    shows_results: bool
    closes_at: Annotated[Instant | None, Field(description="When the open question closes by itself")]
    expires_at: Annotated[Instant | None, Field(description="When the activity is over, or was")]

    @classmethod
    def of(cls, found: LiveActivity, actor: Actor, now: datetime) -> "ActivityOut":
        """An activity at a moment, as an actor may see it."""
        fields: dict[str, Any] = {name: getattr(found, name) for name in _AS_STORED}
        shown = {"config": shown_configuration(found, actor), "steps": steps_of(found)}
        state = state_at(found.state, found.expires_at, now)
        return cls.model_validate({**fields, **shown, "state": state, "status": status_at(found, now)})


_AS_STORED = set(ActivityOut.model_fields) - {"config", "steps", "state", "status"}


class ActivitiesOut(Out):
    """A page of activities in order, and how many there are in all."""

    activities: list[ActivityOut]
    total: int


class ActivityStatusOut(Out):
    """Where an activity stands, and how much it was answered."""

    activity_id: UUID
    status: ActivityStatus
    response_count: int
    last_response_at: Instant | None
    last_updated: Instant

    @classmethod
    def of(cls, found: LiveActivity, answered: Answered, now: datetime) -> "ActivityStatusOut":
        """An activity at a moment, with its figures."""
        return cls(
            activity_id=found.id,
            status=status_at(found, now),
            response_count=answered.responses,
            last_response_at=answered.last_at,
            last_updated=found.updated_at,
        )


class KindOut(Out):
    """A kind of activity."""

    id: str
    name: str
    description: str
    version: str

    @classmethod
    def of(cls, kind: ActivityKind[Any]) -> "KindOut":
        """A kind as it is listed."""
        return cls(id=kind.id, name=kind.name, description=kind.description, version=kind.version)


class KindsOut(Out):
    """The kinds of activity that there are."""

    activity_types: list[KindOut]


class SchemaOut(Out):
    """The JSON Schema of a kind's configuration."""

    activity_type: str
    schema_: Annotated[Object, Field(alias="schema", serialization_alias="schema")]


class ValidityOut(Out):
    """What is wrong with a configuration, and what is doubtful."""

    valid: bool
    errors: list[str]
    warnings: list[str]


def shown_configuration(found: LiveActivity, actor: Actor) -> Object:
    """The configuration of an activity as an actor may see it: whole for facilitators."""
    if actor.may("live.facilitate"):
        return found.config
    return public_configuration(found.type, found.config, step_of(found))
