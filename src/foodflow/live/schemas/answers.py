"""Wire shapes of answers: what is sent, what came of it, and what a moderator sees."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from foodflow.kernel import clock
from foodflow.kernel.wire import In, Instant, Out
from foodflow.live.queries.tallies import Figures
from foodflow.live.rules.activity_states import STATUS_OF, TRANSITIONS, ActivityState, ActivityStatus, state_at
from foodflow.live.rules.moderation import ResponseStatus
from foodflow.live.rules.responses import Stored
from foodflow.live.tables.activities import LiveActivity

Object = dict[str, JsonValue]


class _Lenient(In):
    """A body of the contract: what is not known is ignored, and texts are taken as they come."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)


class ResponseIn(_Lenient):
    """A response of whatever form its activity has."""

    response_data: Object


class AnswerIn(ResponseIn):
    """An answer. Whoever sends one again bears the same `response_id`, and is told what was told before."""

    response_id: UUID | None = None


class ClearIn(In):
    """Which answers are to count no longer."""

    open_question_only: bool = False


class KeptOut(Out):
    """A response: what a participant answered to an activity."""

    id: UUID
    session_id: int
    activity_id: UUID
    participant_id: int
    response_data: Object
    created_at: Instant
    updated_at: Instant


class ModeratedOut(KeptOut):
    """A response, and whether it is shown and counted."""

    status: ResponseStatus


class AnsweredOut(Out):
    """What came of an answer. Whether it was right is told when the solution is shown."""

    success: bool
    processed_response: Object
    message: str
    response_id: UUID
    status: ResponseStatus

    @classmethod
    def of(cls, stored: Stored) -> "AnsweredOut":
        """What is told of an answer that is kept."""
        waits = stored.status == ResponseStatus.PENDING
        message = "The answer waits for a moderator." if waits else "The answer is counted."
        told = {"processed_response": stored.data, "response_id": stored.response_id, "status": stored.status}
        return cls.model_validate({"success": True, "message": message, **told})


class ResultsOut(Out):
    """What came of an activity, in the form that its kind gives it."""

    results: Object
    last_updated: Annotated[Instant | None, Field(description="When the results changed last")]


class StandOut(Out):
    """Where an activity stands, how much it was answered, and what came of it where that is shown."""

    activity_id: UUID
    status: ActivityStatus
    state: ActivityState
    response_count: int
    last_response_at: Instant | None
    last_updated: Instant
    expires_at: Instant | None
    activity_metadata: Object
    valid_transitions: list[ActivityState]
    results: Object | None

    @classmethod
    def of(cls, found: LiveActivity, figures: Figures, results: Object | None) -> "StandOut":
        """An activity as it stands now, with its figures."""
        state = state_at(found.state, found.expires_at, clock.now())
        return cls(
            activity_id=found.id,
            status=STATUS_OF[state],
            state=state,
            response_count=figures.responses,
            last_response_at=figures.last_at,
            last_updated=found.updated_at,
            expires_at=found.expires_at,
            activity_metadata=found.activity_metadata,
            valid_transitions=list(TRANSITIONS[state]),
            results=results,
        )


class ClearedOut(Out):
    """An activity whose answers count no longer."""

    activity_id: UUID
    step: int
    state: ActivityState
    closes_at: Annotated[Instant | None, Field(description="When the open question closes by itself")]

    @classmethod
    def of(cls, found: LiveActivity) -> "ClearedOut":
        """An activity as it stands after that."""
        return cls(activity_id=found.id, step=found.step, state=ActivityState(found.state), closes_at=found.closes_at)
