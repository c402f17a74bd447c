"""HTTP interface of external identities: who somebody is at an outside issuer."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.identity.queries import members
from foodflow.identity.queries import providers as queries
from foodflow.identity.rules.credentials import user_of
from foodflow.identity.rules.providers import bad_token
from foodflow.identity.schemas.providers import IdentityIn, IdentityOut, TokenToLinkIn
from foodflow.identity.usecases import outside
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.outside_tokens import OutsideClaims
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1", tags=["external identities"])
OWN = "/auth/external-identities"


async def _proved(request: Request, body: TokenToLinkIn) -> OutsideClaims:
    """Whom the token is about; read before there is a transaction, which would wait for the issuer."""
    claims: OutsideClaims | None = await request.app.state.outside_tokens.read(body.token)
    if claims is None:
        raise bad_token()
    return claims


@router.post(OWN, status_code=201, dependencies=[needs("identity.change_self")], response_model=IdentityOut)
async def link_oneself(
    claims: Annotated[OutsideClaims, Depends(_proved)],
    session: DirectoryTransaction,
    actor: CurrentActor,
    response: Response,
) -> object:
    """Link yourself, in this company, to whom a token of an outside issuer is about; it opens the door from then on."""
    link = await outside.link_oneself(session, actor, claims)
    response.headers["Location"] = f"/api/v1{OWN}/{link.id}"
    return link


@router.get(OWN, dependencies=[needs("identity.read_self")], openapi_extra=queries.IDENTITIES.openapi)
async def list_own(
    request: Request,
    session: DirectoryTransaction,
    actor: CurrentActor,
    wanted: Annotated[Wanted, Depends(queries.IDENTITIES)],
) -> PageOf[IdentityOut]:
    """Whom you are linked to in this company."""
    page = await queries.identities(session, actor.tenant, user_of(actor), wanted)
    return page_of(request, wanted, page, IdentityOut)


@router.get(f"{OWN}/{{id}}", dependencies=[needs("identity.read_self")], response_model=IdentityOut)
async def get_link(session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> object:
    """A link of your own, or of somebody whom you manage."""
    return await outside.link_of(session, actor, id)


@router.delete(f"{OWN}/{{id}}", status_code=204, dependencies=[needs("identity.change_self")])
async def unlink(session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> None:
    """End a link of your own, or of somebody whom you manage; what it let in is out at once."""
    await outside.unlink(session, actor, id)


@router.post(
    "/users/{id}/external-identities",
    status_code=201,
    dependencies=[needs("identity.manage_people")],
    response_model=IdentityOut,
)
async def link_person(
    request: Request,
    session: DirectoryTransaction,
    actor: CurrentActor,
    id: int,
    *,
    body: IdentityIn,
    response: Response,
) -> object:
    """Link somebody of the company to a subject of an issuer that is trusted here, or of one of its providers."""
    trusted = request.app.state.outside_tokens.trusts(body.issuer)
    link = await outside.link_person(session, actor, id, issuer=body.issuer, subject=body.subject, trusted=trusted)
    response.headers["Location"] = f"/api/v1{OWN}/{link.id}"
    return link


@router.get(
    "/users/{id}/external-identities",
    dependencies=[needs("identity.manage_people")],
    openapi_extra=queries.IDENTITIES.openapi,
)
async def list_of_person(
    request: Request,
    session: DirectoryTransaction,
    actor: CurrentActor,
    id: int,
    *,
    wanted: Annotated[Wanted, Depends(queries.IDENTITIES)],
) -> PageOf[IdentityOut]:
    """Whom somebody of the company is linked to."""
    await members.person_seen_by(session, actor, id)
    return page_of(request, wanted, await queries.identities(session, actor.tenant, id, wanted), IdentityOut)
