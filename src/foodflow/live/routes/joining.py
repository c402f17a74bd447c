"""HTTP interface of coming into a session."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from foodflow.kernel.actor import Actor
from foodflow.kernel.http import CurrentActor, Transaction, open_to_guests
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.participants import Participation, sign
from foodflow.live.schemas.contract import Nickname
from foodflow.live.schemas.participants import JoinByCodeIn, JoinedOut, JoinIn, SuggestionOut
from foodflow.live.usecases import joining as usecases
from foodflow.live.usecases.joining import Joined

router = contract_router(prefix="/sessions", tags=["live participants"])


@router.post("/join", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=JoinedOut)
async def join_by_code(session: Transaction, actor: CurrentActor, request: Request, body: JoinByCodeIn) -> object:
    """Take a place in the session that a join code leads to."""
    joined = await usecases.join_by_code(session, actor, body.code, body.nickname, resumes=body.resumes)
    return _told(request, actor, joined)


@router.post("/{id}/join", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=JoinedOut)
async def join_session(session: Transaction, actor: CurrentActor, id: int, body: JoinIn, *, request: Request) -> object:
    """Take a place in a session. Where the nickname is taken, a number is added to it; `nickname` says which it is."""
    joined = await usecases.join(session, actor, id, body.nickname, resumes=body.resumes)
    return _told(request, actor, joined)


@router.get(
    "/{id}/nicknames/validate", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=SuggestionOut
)
async def validate_nickname(
    session: Transaction, actor: CurrentActor, id: int, nickname: Annotated[Nickname, Query()]
) -> object:
    """Whether a nickname can be had in a session, and another one where it cannot."""
    return await usecases.suggest(session, actor, id, nickname)


def _told(request: Request, actor: Actor, joined: Joined) -> JoinedOut:
    place = joined.participant
    participation = Participation(actor.tenant, place.session_id, place.id)
    return JoinedOut.of(joined, actor, sign(request.app.state.participant_key, participation))
