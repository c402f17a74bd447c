"""HTTP interface of invitations."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.public import invitations
from foodflow.identity.queries import invitations as queries
from foodflow.identity.schemas.invitations import (
    AcceptedOut,
    AcceptIn,
    InvitationIn,
    InvitationOut,
    LinkIn,
    SeenOut,
)
from foodflow.identity.schemas.people import MemberId
from foodflow.identity.usecases import invitations as usecases
from foodflow.identity.usecases.invitations import Invited
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs, open_to_all
from foodflow.kernel.paging import Page, Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1/invitations", tags=["invitations"])
accepting = guarded_router(prefix="/api/v1/auth/invitations", tags=["invitations"])


@router.post("", status_code=201, dependencies=[needs("identity.manage_people")])
async def invite(
    session: DirectoryTransaction, actor: CurrentActor, body: InvitationIn, *, request: Request, response: Response
) -> InvitationOut:
    """Invite whoever reads the mail of an address."""
    wanted = Invited(**body.model_dump())
    invited = InvitationOut.of(await usecases.invite(session, actor, wanted, request.app.state.postbox))
    response.headers["Location"] = f"/api/v1/invitations/{invited.id}"
    return invited


@router.get("", dependencies=[needs("identity.manage_people")], openapi_extra=queries.LISTING.openapi)
async def list_invitations(
    session: DirectoryTransaction,
    actor: CurrentActor,
    request: Request,
    wanted: Annotated[Wanted, Depends(queries.LISTING)],
) -> PageOf[InvitationOut]:
    """Open invitations, the latest first."""
    page = await queries.invitations(session, actor.tenant, wanted)
    shown = Page(page.count, [InvitationOut.of(invited) for invited in page.rows])
    return page_of(request, wanted, shown, InvitationOut)


@router.get("/{id}", dependencies=[needs("identity.manage_people")])
async def get_invitation(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> InvitationOut:
    """An open invitation."""
    return InvitationOut.of(await queries.invitation(session, actor.tenant, id))


@router.post("/{id}/send-again", dependencies=[needs("identity.manage_people")])
async def send_again(
    session: DirectoryTransaction, request: Request, actor: CurrentActor, id: MemberId
) -> InvitationOut:
    """Send an invitation again, with a new link; the former one ends."""
    return InvitationOut.of(await usecases.send_again(session, actor, id, request.app.state.postbox))


@router.delete("/{id}", status_code=204, dependencies=[needs("identity.manage_people")])
async def withdraw(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> None:
    """Take an invitation back."""
    await usecases.withdraw(session, actor, id)


@accepting.post("/look", dependencies=[open_to_all()])
async def look(request: Request, body: LinkIn) -> SeenOut:
    """What an invitation is for."""
    return SeenOut.of(await invitations.see(request.app.state.database, body.token))


@accepting.post("/accept", dependencies=[open_to_all()])
async def accept(request: Request, body: AcceptIn) -> AcceptedOut:
    """Accept an invitation; sign in afterwards."""
    joined = await invitations.accept(request.app.state.database, body.token, body.chosen())
    return AcceptedOut(username=joined.user.username, company=joined.place.tenant)
