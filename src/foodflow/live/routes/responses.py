"""HTTP interface of responses as they are kept: reading them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from foodflow.kernel.http import CurrentActor, Transaction, needs
from foodflow.live.queries import kept_responses as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.queries.kept_responses import Summary
from foodflow.live.routes.contract import contract_router
from foodflow.live.rules.moments import moment_of
from foodflow.live.rules.participants import require_self_or_facilitator
from foodflow.live.schemas.contract import Limit, Offset
from foodflow.live.schemas.responses import ResponseOut, ResponsesOut, ResponsesSinceOut, SummaryOut

router = contract_router(prefix="/sessions/{id}", tags=["live responses"])
_OF_ACTIVITY = "/activities/{activity_id}/responses"


@router.get(_OF_ACTIVITY, dependencies=[needs("live.facilitate")], response_model=ResponsesOut)
async def list_responses(
    session: Transaction,
    actor: CurrentActor,
    id: int,
    activity_id: UUID,
    *,
    offset: Annotated[Offset, Query()] = 0,
    limit: Annotated[Limit, Query()] = 100,
) -> object:
    """The responses to an activity, latest first, and what there is of them in all."""
    if not await session_queries.is_there(session, actor, id):
        return ResponsesOut(responses=[], summary=SummaryOut.model_validate(Summary(0, 0, None)))
    found = await queries.page_of_responses(session, id, activity_id, offset=offset, limit=limit)
    summary = await queries.summary(session, id, activity_id)
    listed = [ResponseOut.model_validate(each) for each in found]
    return ResponsesOut(responses=listed, summary=SummaryOut.model_validate(summary))


@router.get(
    f"{_OF_ACTIVITY}/{{participant_id}}", dependencies=[needs("live.take_part")], response_model=ResponseOut | None
)
async def get_response_of_participant(
    session: Transaction, actor: CurrentActor, id: int, activity_id: UUID, *, participant_id: int
) -> object:
    """A participant's latest response to an activity, or null: one's own, or anybody's as a facilitator."""
    if not await session_queries.is_there(session, actor, id):
        return None
    require_self_or_facilitator(actor, participant_id)
    return await queries.latest_of(session, id, activity_id, participant_id)


@router.get(
    f"{_OF_ACTIVITY}/since/{{since}}", dependencies=[needs("live.facilitate")], response_model=ResponsesSinceOut
)
async def list_responses_since(
    session: Transaction,
    actor: CurrentActor,
    id: int,
    activity_id: UUID,
    *,
    since: str,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> object:
    """The responses to an activity that came after a moment, earliest first; what was changed since is not among
    them.
    """
    moment = moment_of(since)
    is_there = await session_queries.is_there(session, actor, id)
    found = await queries.responses_since(session, id, activity_id, moment, limit=limit) if is_there else []
    return {"items": found, "since": moment, "count": len(found)}


@router.get("/participants/{participant_id}/responses", dependencies=[needs("live.take_part")])
async def list_responses_of_participant(
    session: Transaction,
    actor: CurrentActor,
    id: int,
    participant_id: int,
    *,
    offset: Annotated[Offset, Query()] = 0,
    limit: Annotated[Limit, Query()] = 100,
) -> list[ResponseOut]:
    """A participant's responses in a session, latest first: one's own, or anybody's as a facilitator."""
    if not await session_queries.is_there(session, actor, id):
        return []
    require_self_or_facilitator(actor, participant_id)
    found = await queries.responses_of_participant(session, id, participant_id, offset=offset, limit=limit)
    return [ResponseOut.model_validate(each) for each in found]
