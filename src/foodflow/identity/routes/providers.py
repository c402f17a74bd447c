"""HTTP interface of a company's identity providers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.identity.public import providers as identity
from foodflow.identity.queries import providers as queries
from foodflow.identity.schemas.providers import ProviderIn, ProviderOut, ProviderPatch
from foodflow.identity.tables import IdentityProvider
from foodflow.identity.usecases import providers as usecases
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.paging import Page, Wanted, page_of
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1/identity-providers", tags=["identity providers"])
_MANAGE = needs("identity.manage_company")


async def _answering(request: Request, body: ProviderIn) -> ProviderIn:
    """A provider that answers; asked before there is a transaction, which would wait for it."""
    await identity.require_answer(request.app.state.openid, body.issuer)
    return body


@router.post("", status_code=201, dependencies=[_MANAGE])
async def create_provider(
    request: Request,
    response: Response,
    *,
    body: Annotated[ProviderIn, Depends(_answering)],
    session: DirectoryTransaction,
    actor: CurrentActor,
) -> ProviderOut:
    """Set up a provider that people sign in with; it is asked first whether it is one."""
    provider = await usecases.create_provider(session, actor, _sealed(request, body.model_dump()))
    response.headers["Location"] = f"/api/v1/identity-providers/{provider.id}"
    return _shown(request, provider)


@router.get("", dependencies=[_MANAGE], openapi_extra=queries.PROVIDERS.openapi)
async def list_providers(
    request: Request,
    session: DirectoryTransaction,
    actor: CurrentActor,
    wanted: Annotated[Wanted, Depends(queries.PROVIDERS)],
) -> PageOf[ProviderOut]:
    """Providers, by name."""
    page = await queries.providers(session, actor.tenant, wanted)
    shown = Page(page.count, [_shown(request, each) for each in page.rows])
    return page_of(request, wanted, shown, ProviderOut)


@router.get("/{id}", dependencies=[_MANAGE])
async def get_provider(request: Request, session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> ProviderOut:
    """A provider."""
    return _shown(request, await queries.provider(session, actor.tenant, id))


@router.patch("/{id}", dependencies=[_MANAGE])
async def change_provider(
    request: Request, session: DirectoryTransaction, actor: CurrentActor, id: UUID, *, body: ProviderPatch
) -> ProviderOut:
    """Change a provider; stays that were begun with one that is put out of use end."""
    provider = await usecases.change_provider(session, actor, id, _sealed(request, body.given()))
    await session.flush()
    return _shown(request, provider)


@router.delete("/{id}", status_code=204, dependencies=[_MANAGE])
async def delete_provider(session: DirectoryTransaction, actor: CurrentActor, id: UUID) -> None:
    """Remove a provider; stays that were begun with it end."""
    await usecases.delete_provider(session, actor, id)


def _sealed(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """The given fields, with the secret as it is stored."""
    if "client_secret" not in given:
        return given
    secret = given.pop("client_secret")
    return given | {"sealed_client_secret": secret and request.app.state.sealer.seal(secret.encode())}


def _shown(request: Request, provider: IdentityProvider) -> ProviderOut:
    return ProviderOut(
        id=provider.id,
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        has_client_secret=provider.sealed_client_secret is not None,
        is_active=provider.is_active,
        redirect_uri=request.app.state.settings.public_url + identity.CALLBACK,
        created_at=provider.created_at,
        version=provider.version,
    )
