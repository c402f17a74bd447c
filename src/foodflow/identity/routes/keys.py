"""HTTP interface of API keys."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.queries import keys as queries
from foodflow.identity.schemas.keys import KeyIn, KeyOut, NewKeyOut
from foodflow.identity.usecases import keys as usecases
from foodflow.identity.usecases.keys import NewKey
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1/api-keys", tags=["API keys"])


@router.post("", status_code=201, dependencies=[needs("identity.change_self")])
async def create_key(session: DirectoryTransaction, actor: CurrentActor, body: KeyIn, response: Response) -> NewKeyOut:
    """Make a key; `key` is shown this once."""
    row, key = await usecases.create_key(session, actor, NewKey(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/api-keys/{row.id}"
    response.headers["Cache-Control"] = "no-store"
    return NewKeyOut.of(row, key)


@router.get("", dependencies=[needs("identity.read_self")], openapi_extra=queries.LISTING.openapi)
async def list_keys(
    session: DirectoryTransaction,
    actor: CurrentActor,
    request: Request,
    wanted: Annotated[Wanted, Depends(queries.LISTING)],
) -> PageOf[KeyOut]:
    """The caller's own keys, or all of the company for whoever manages them; the latest first."""
    return page_of(request, wanted, await queries.keys_seen_by(session, actor, wanted), KeyOut)


@router.get("/{id}", dependencies=[needs("identity.read_self")])
async def get_key(session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> KeyOut:
    """A key."""
    return KeyOut.model_validate(await queries.key_seen_by(session, actor, id))


@router.delete("/{id}", status_code=204, dependencies=[needs("identity.change_self")])
async def revoke_key(session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> None:
    """End a key at once, with the streams that were opened with it."""
    await usecases.revoke_key(session, actor, id)
