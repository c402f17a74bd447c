"""Wire shapes of answers: sending, what came of them, and moderating them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from foodflow.kernel.wire import Instant, Out
from foodflow.live.rules.moderation import ResponseStatus


class AnswerIn(BaseModel):
    """An answer, as the activity's kind takes it; sent again with the same `id`, it is the same answer."""

    model_config = ConfigDict(extra="ignore")

    response_data: dict[str, JsonValue]
    id: Annotated[UUID | None, Field(description="Made by the sender; the same again is the same answer")] = None


class ProcessedOut(Out):
    """That an answer is stored, and as what."""

    success: bool = True
    response_id: UUID
    status: ResponseStatus
    processed_response: dict[str, JsonValue]
    message: str


class ResultsOut(Out):
    """What came of an activity."""

    results: dict[str, JsonValue]
    last_updated: Instant | None


class ModeratedOut(Out):
    """An answer as a moderator sees it."""

    id: UUID
    activity_id: UUID
    participant_id: int
    response_data: dict[str, JsonValue]
    status: ResponseStatus
    is_listed: bool
    created_at: Instant


class ClearIn(BaseModel):
    """What is cleared: all answers, or those to the open question alone."""

    model_config = ConfigDict(extra="forbid")

    open_question_only: bool = False
