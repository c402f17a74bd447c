"""HTTP interface of answers: giving them, what came of them, and what a facilitator does with them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs, open_to_guests
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import PageOf
from foodflow.live.queries import responses as queries
from foodflow.live.queries import tallies as tally_queries
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.moderation import Verdict
from foodflow.live.rules.results import Audience
from foodflow.live.schemas.answers import (
    AnsweredOut,
    AnswerIn,
    ClearedOut,
    ClearIn,
    KeptOut,
    ModeratedOut,
    ResponseIn,
    ResultsOut,
    StandOut,
)
from foodflow.live.usecases import corrections, moderating, responses, results

router = contract_router(tags=["live answers"])
moderation = guarded_router(tags=["live answers"])


@router.post(
    "/sessions/{id}/activities/{activity_id}/responses",
    status_code=201,
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=KeptOut,
)
async def keep_response(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: int, activity_id: UUID, participant_id: int, body: ResponseIn
) -> object:
    """Keep a response of any form to an activity in any state; it counts where the activity takes it as an answer."""
    data = body.response_data
    return await responses.keep(session, actor, id, activity_id, participant_id=participant_id, data=data)


@router.post(
    "/activities/{activity_id}/responses",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=AnsweredOut,
)
async def answer_activity(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, activity_id: UUID, body: AnswerIn, participant_id: int | None = None
) -> object:
    """Answer an open activity: for oneself, or as a facilitator for the participant who is named."""
    data, id = body.response_data, body.response_id
    stored = await responses.answer(session, actor, activity_id, participant_id=participant_id, data=data, id=id)
    return AnsweredOut.of(stored)


@router.put("/responses/{id}", dependencies=[needs("live.facilitate")], response_model=KeptOut)
async def correct_response(session: Transaction, actor: CurrentActor, id: UUID, body: ResponseIn) -> object:
    """Replace what was answered as a whole."""
    return await corrections.correct(session, actor, id, data=body.response_data)


@router.delete("/responses/{id}", status_code=204, dependencies=[needs("live.facilitate")])
async def delete_response(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Delete a response; it counts no longer."""
    await corrections.delete(session, actor, id)


@router.get(
    "/activities/{activity_id}/results",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=ResultsOut,
)
async def get_results(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """What came of an activity: for facilitators at any time, for everybody else when it is shown."""
    activity = await queries.activity(session, actor, activity_id)
    found = await results.result_of(session, activity, audience=_audience(actor), in_detail=True)
    return ResultsOut(results=found.results, last_updated=found.changed_at)


@router.get(
    "/activities/{activity_id}/status/framework",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=StandOut,
)
async def get_standing(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Where an activity stands, where it may go, and what came of it; `results` is null where they are not shown."""
    activity = await queries.activity(session, actor, activity_id)
    figures = await tally_queries.figures(session, activity_id)
    return StandOut.of(activity, figures, await results.shown_result(session, activity, audience=_audience(actor)))


@moderation.post("/activities/{activity_id}/reset", dependencies=[needs("live.facilitate")], response_model=ClearedOut)
async def clear_answers(session: Transaction, actor: CurrentActor, activity_id: UUID, body: ClearIn) -> object:
    """Let no answer count any longer, or none to the open question, so that everybody answers anew; the time of an open
    question begins once more.
    """
    only = body.open_question_only
    return ClearedOut.of(await corrections.clear(session, actor, activity_id, open_question_only=only))


@moderation.get(
    "/activities/{activity_id}/moderation",
    dependencies=[needs("live.facilitate")],
    openapi_extra=queries.MODERATION.openapi,
)
async def list_moderated(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    activity_id: UUID,
    wanted: Annotated[Wanted, Depends(queries.MODERATION)],
) -> PageOf[ModeratedOut]:
    """The responses that count, or would once they are let through (`status=pending`), the earliest first."""
    activity = await queries.activity(session, actor, activity_id)
    return page_of(request, wanted, await queries.to_moderate(session, activity.id, wanted), ModeratedOut)


@moderation.post("/responses/{id}/approve", dependencies=[needs("live.facilitate")], response_model=ModeratedOut)
async def approve_response(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Let a response through: it is counted and shown."""
    return await moderating.moderate(session, actor, id, Verdict.APPROVE)


@moderation.post("/responses/{id}/reject", dependencies=[needs("live.facilitate")], response_model=ModeratedOut)
async def reject_response(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Do not let a response through, or no longer."""
    return await moderating.moderate(session, actor, id, Verdict.REJECT)


@moderation.post("/responses/{id}/answered", dependencies=[needs("live.facilitate")], response_model=ModeratedOut)
async def mark_as_answered(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Mark a question as answered."""
    return await moderating.moderate(session, actor, id, Verdict.ANSWERED)


def _audience(actor: CurrentActor) -> Audience:
    return Audience.FACILITATOR if actor.may("live.facilitate") else Audience.EVERYBODY
