"""HTTP interface of service accounts."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.queries import members as queries
from foodflow.identity.schemas.people import MemberId
from foodflow.identity.schemas.service_accounts import ServiceAccountIn, ServiceAccountOut, ServiceAccountPatch
from foodflow.identity.usecases import service_accounts as usecases
from foodflow.identity.usecases.service_accounts import NewServiceAccount
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.paging import Page, Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1/service-accounts", tags=["service accounts"])


@router.post("", status_code=201, dependencies=[needs("identity.manage_keys")])
async def create_service_account(
    session: DirectoryTransaction, actor: CurrentActor, body: ServiceAccountIn, response: Response
) -> ServiceAccountOut:
    """Set up a service account; its keys are made one by one."""
    account = await usecases.create(session, actor, NewServiceAccount(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/service-accounts/{account.user.id}"
    return ServiceAccountOut.of(account)


@router.get("", dependencies=[needs("identity.manage_keys")], openapi_extra=queries.SERVICE_ACCOUNTS.openapi)
async def list_service_accounts(
    session: DirectoryTransaction,
    actor: CurrentActor,
    request: Request,
    wanted: Annotated[Wanted, Depends(queries.SERVICE_ACCOUNTS)],
) -> PageOf[ServiceAccountOut]:
    """The company's service accounts, by name."""
    page = await queries.service_accounts(session, actor, wanted)
    shown = Page(page.count, [ServiceAccountOut.of(account) for account in page.rows])
    return page_of(request, wanted, shown, ServiceAccountOut)


@router.get("/{id}", dependencies=[needs("identity.manage_keys")])
async def get_service_account(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> ServiceAccountOut:
    """A service account."""
    return ServiceAccountOut.of(await queries.service_account(session, actor, id))


@router.patch("/{id}", dependencies=[needs("identity.manage_keys")])
async def change_service_account(
    session: DirectoryTransaction, actor: CurrentActor, id: MemberId, body: ServiceAccountPatch
) -> ServiceAccountOut:
    """Change a service account; works at its next request."""
    return ServiceAccountOut.of(await usecases.change(session, actor, id, body.given()))


@router.post("/{id}/deactivate", dependencies=[needs("identity.manage_keys")])
async def deactivate(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> ServiceAccountOut:
    """Let a service account act no longer."""
    return ServiceAccountOut.of(await usecases.change(session, actor, id, {"is_active": False}))


@router.delete("/{id}", status_code=204, dependencies=[needs("identity.manage_keys")])
async def remove_service_account(session: DirectoryTransaction, actor: CurrentActor, id: MemberId) -> None:
    """Remove a service account with its keys."""
    await usecases.remove(session, actor, id)
