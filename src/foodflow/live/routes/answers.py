"""HTTP interface of answers: sending them, what came of them, and moderating them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.actor import Actor
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs, open_to_guests
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import PageOf
from foodflow.live.queries import responses as queries
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.moderation import ResponseStatus, Verdict
from foodflow.live.rules.results import Audience
from foodflow.live.schemas.activities import ActivityOut
from foodflow.live.schemas.answers import AnswerIn, ClearIn, ModeratedOut, ProcessedOut, ResultsOut
from foodflow.live.schemas.responses import ResponseOut
from foodflow.live.usecases import corrections, moderating, results
from foodflow.live.usecases import responses as usecases

router = contract_router(tags=["live responses"])
deeds = guarded_router(tags=["live responses"])
Whose = Annotated[int | None, Query(description="The participant; left out by participants themselves")]


@router.post(
    "/sessions/{id}/activities/{activity_id}/responses",
    status_code=201,
    dependencies=[needs("live.take_part")],
    response_model=ResponseOut,
)
async def keep_response(
    session: Transaction,
    actor: CurrentActor,
    id: int,
    activity_id: UUID,
    *,
    participant_id: Annotated[int, Query()],
    body: AnswerIn,
) -> object:
    """Keep whatever a participant sent; it counts where the activity takes it as an answer."""
    data = body.response_data
    return await usecases.keep(session, actor, id, activity_id, participant_id=participant_id, data=data)


@router.put("/responses/{id}", dependencies=[needs("live.facilitate")], response_model=ResponseOut)
async def correct_response(session: Transaction, actor: CurrentActor, id: UUID, body: AnswerIn) -> object:
    """Replace what was answered, as a whole."""
    return await corrections.correct(session, actor, id, data=body.response_data)


@router.delete("/responses/{id}", status_code=204, dependencies=[needs("live.facilitate")], response_class=Response)
async def delete_response(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Delete a response; it counts no longer."""
    await corrections.delete(session, actor, id)


@router.post("/activities/{id}/responses", dependencies=[needs("live.take_part")])
async def answer(
    session: Transaction, actor: CurrentActor, id: UUID, *, participant_id: Whose = None, body: AnswerIn
) -> ProcessedOut:
    """Answer an activity that is open."""
    data = body.response_data
    stored = await usecases.answer(session, actor, id, participant_id=participant_id, data=data, id=body.id)
    waits = stored.status == ResponseStatus.PENDING
    return ProcessedOut(
        response_id=stored.response_id,
        status=stored.status,
        processed_response=stored.data,
        message="kept; it is shown when a moderator lets it through" if waits else "kept",
    )


@router.get("/activities/{id}/results", dependencies=[open_to_guests("live.take_part", GUESTS)])
async def get_results(session: Transaction, actor: CurrentActor, id: UUID) -> ResultsOut:
    """What came of an activity: for facilitators at any time, for everybody else once it is shown."""
    activity = await queries.activity(session, actor, id)
    found = await results.result_of(session, activity, audience=_audience(actor))
    return ResultsOut(results=found.results, last_updated=found.last_at)


@deeds.get(
    "/activities/{id}/moderation",
    dependencies=[needs("live.facilitate")],
    response_model=PageOf[ModeratedOut],
    openapi_extra=queries.MODERATION.openapi,
)
async def list_to_moderate(
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    *,
    id: UUID,
    wanted: Annotated[Wanted, Depends(queries.MODERATION)],
) -> object:
    """The answers to an activity with their standing, earliest first; `status=pending` are those that wait."""
    await queries.activity(session, actor, id)
    return page_of(request, wanted, await queries.to_moderate(session, id, wanted), ModeratedOut)


@deeds.post("/responses/{id}/approve", dependencies=[needs("live.facilitate")], response_model=ModeratedOut)
async def approve(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Let an answer through: from now on it is shown and counts."""
    return await moderating.moderate(session, actor, id, Verdict.APPROVE)


@deeds.post("/responses/{id}/reject", dependencies=[needs("live.facilitate")], response_model=ModeratedOut)
async def reject(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Take an answer out: it is neither shown nor counted."""
    return await moderating.moderate(session, actor, id, Verdict.REJECT)


@deeds.post("/responses/{id}/answered", dependencies=[needs("live.facilitate")], response_model=ModeratedOut)
async def mark_answered(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Mark a question as answered."""
    return await moderating.moderate(session, actor, id, Verdict.ANSWERED)


@deeds.post("/activities/{id}/reset", dependencies=[needs("live.facilitate")], response_model=ActivityOut)
async def reset(session: Transaction, actor: CurrentActor, id: UUID, body: ClearIn | None = None) -> object:
    """Let everybody answer anew; what was answered stays kept and does not count."""
    wanted = body or ClearIn()
    return await corrections.clear(session, actor, id, open_question_only=wanted.open_question_only)


def _audience(actor: Actor) -> Audience:
    return Audience.FACILITATOR if actor.may("live.facilitate") else Audience.EVERYBODY
