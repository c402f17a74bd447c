"""HTTP interface of the people of a company."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from foodflow.identity.public.proving import confirm_password
from foodflow.identity.public.signing_in import caller_of
from foodflow.identity.queries import members as queries
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.people import number_of
from foodflow.identity.schemas.passwords import SaidOut
from foodflow.identity.schemas.people import MemberId, PersonOut, PersonPatch, RolesIn, ScopeIn
from foodflow.identity.usecases import emails, passwords
from foodflow.identity.usecases import people as usecases
from foodflow.identity.usecases.emails import Letters
from foodflow.identity.usecases.people import Scope
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.paging import Page, Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1/users", tags=["people"])


@router.get("", dependencies=[needs("identity.read_self")], openapi_extra=queries.PEOPLE.openapi)
async def list_people(
    session: DirectoryTransaction,
    actor: CurrentActor,
    request: Request,
    wanted: Annotated[Wanted, Depends(queries.PEOPLE)],
) -> PageOf[PersonOut]:
    """The people of the company that the caller may see: all, those of their teams, or themselves."""
    page = await queries.people_seen_by(session, actor, wanted)
    shown = Page(page.count, [PersonOut.of(member) for member in page.rows])
    return page_of(request, wanted, shown, PersonOut)


@router.get("/{id}", dependencies=[needs("identity.read_self")])
async def get_person(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> PersonOut:
    """A person."""
    return PersonOut.of(await queries.person_seen_by(session, actor, id))


async def _prove_own_address(request: Request, id: MemberId, body: PersonPatch) -> None:
    """Whoever changes their own address proves first that they are no passer-by, before a transaction begins."""
    actor = request.state.actor
    if body.email and number_of(actor) == id:
        require_in_person(actor)
        password = body.current_password or ""
        await confirm_password(request.app.state.database, actor, password, caller_of(request))


@router.patch("/{id}", dependencies=[needs("identity.change_self"), Depends(_prove_own_address)])
async def change_person(
    session: DirectoryTransaction, actor: CurrentActor, id: MemberId, body: PersonPatch, *, request: Request
) -> PersonOut:
    """Change somebody's names, or have a new address confirmed by mail; until then the present one stays."""
    given = body.given()
    letters = Letters(request.app.state.postbox, request.app.state.sealer)
    return PersonOut.of(await emails.change_person(session, actor, id, given, letters=letters))


@router.delete("/{id}", status_code=204, dependencies=[needs("identity.change_self")])
async def remove_person(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> None:
    """End somebody's place in the company, or one's own; the account and other companies are not touched."""
    await usecases.leave(session, actor, id)


@router.put("/{id}/roles", dependencies=[needs("identity.manage_people")])
async def set_roles(session: DirectoryTransaction, actor: CurrentActor, id: MemberId, body: RolesIn) -> PersonOut:
    """Give somebody exactly these roles."""
    return PersonOut.of(await usecases.set_roles(session, actor, id, body.roles))


@router.put("/{id}/scope", dependencies=[needs("identity.manage_people")])
async def set_scope(session: DirectoryTransaction, actor: CurrentActor, id: MemberId, body: ScopeIn) -> PersonOut:
    """Say which sites (null: all) and teams somebody is for."""
    return PersonOut.of(await usecases.set_scope(session, actor, id, Scope(body.sites, body.teams)))


@router.post("/{id}/deactivate", dependencies=[needs("identity.manage_people")])
async def deactivate(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> PersonOut:
    """Lock somebody out of the company."""
    return PersonOut.of(await usecases.deactivate(session, actor, id))


@router.post("/{id}/activate", dependencies=[needs("identity.manage_people")])
async def activate(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> PersonOut:
    """Let somebody act in the company again."""
    return PersonOut.of(await usecases.activate(session, actor, id))


@router.post("/{id}/end-sessions", dependencies=[needs("identity.change_self")])
async def end_sessions(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> SaidOut:
    """Sign somebody out of the company everywhere."""
    count = await usecases.end_sessions(session, actor, id)
    return SaidOut(detail=f"{count} sessions were ended")


@router.post("/{id}/reset-second-factor", dependencies=[needs("identity.manage_people")])
async def reset_second_factor(
    session: DirectoryTransaction, request: Request, actor: CurrentActor, id: MemberId
) -> PersonOut:
    """Take a lost second factor from somebody, and sign them out."""
    return PersonOut.of(await usecases.reset_second_factor(session, actor, id, request.app.state.postbox))


@router.post("/{id}/send-password-reset", status_code=202, dependencies=[needs("identity.manage_people")])
async def send_password_reset(
    session: DirectoryTransaction, request: Request, actor: CurrentActor, id: MemberId
) -> SaidOut:
    """Send somebody a link to set a new password."""
    await passwords.send_link(session, actor, id, request.app.state.postbox)
    return SaidOut(detail="a link to set a new password is on its way")
