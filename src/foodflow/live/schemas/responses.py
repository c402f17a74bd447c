"""Wire shapes of responses as they are kept."""

from uuid import UUID

from pydantic import JsonValue

from foodflow.kernel.wire import Instant, Out


class ResponseOut(Out):
    """A response: what a participant answered to an activity."""

    id: UUID
    session_id: int
    activity_id: UUID
    participant_id: int
    response_data: dict[str, JsonValue]
    created_at: Instant
    updated_at: Instant


class SummaryOut(Out):
    """What there is of an activity's responses in all."""

    total_responses: int
    unique_participants: int
    last_updated: Instant | None


class ResponsesOut(Out):
    """A page of responses, latest first."""

    responses: list[ResponseOut]
    summary: SummaryOut


class ResponsesSinceOut(Out):
    """Responses that came after a moment, earliest first."""

    items: list[ResponseOut]
    since: Instant
    count: int
