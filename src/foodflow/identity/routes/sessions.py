"""HTTP interface of stays."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from foodflow.identity.queries.tokens import LISTING
from foodflow.identity.schemas.sessions import EndedOut, SessionOut
from foodflow.identity.usecases import sessions
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1/auth/sessions", tags=["sessions"])


@router.get("", dependencies=[needs("identity.read_self")], openapi_extra=LISTING.openapi)
async def list_sessions(
    session: DirectoryTransaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(LISTING)]
) -> PageOf[SessionOut]:
    """Where one is signed in, the latest used first."""
    return page_of(request, wanted, await sessions.stays(session, actor, wanted), SessionOut)


@router.delete("/{id}", dependencies=[needs("identity.change_self")], status_code=204)
async def end_session(session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> None:
    """Sign out somewhere: its tokens, sockets and streams end at once."""
    await sessions.end(session, actor, id)


@router.post("/end-others", dependencies=[needs("identity.change_self")])
async def end_other_sessions(session: DirectoryTransaction, actor: CurrentActor) -> EndedOut:
    """Sign out everywhere but here."""
    return EndedOut(ended=await sessions.end_others(session, actor))
