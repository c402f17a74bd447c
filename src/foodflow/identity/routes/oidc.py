"""HTTP interface of signing in with a company's identity provider."""

from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from foodflow.identity.public import cookies, signing_in
from foodflow.identity.public import providers as identity
from foodflow.identity.public.authenticating import company_named
from foodflow.identity.public.providers import Desk, Returned
from foodflow.identity.schemas.providers import ProviderChoiceOut
from foodflow.kernel.http import guarded_router, open_to_all
from foodflow.kernel.wire import Slug

router = guarded_router(prefix="/api/v1/auth", tags=["signing in"])
_COOKIE = "foodflow_sign_in"
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_TEXT: Final = Query(max_length=4000)


@router.get("/providers", dependencies=[open_to_all()], response_model=list[ProviderChoiceOut])
async def list_choices(request: Request, company: Annotated[Slug | None, Query()] = None) -> object:
    """The providers that people can sign in with, of a company that is named, as by any call, or of the default one."""
    state = request.app.state
    meant = company or company_named(request) or state.settings.default_tenant
    return await identity.choices(state.database, meant)


@router.get("/oidc/callback", dependencies=[open_to_all()], status_code=303, response_class=Response)
async def come_back(
    request: Request,
    *,
    state: Annotated[str, _TEXT] = "",
    code: Annotated[str, _TEXT] = "",
    error: Annotated[str, _TEXT] = "",
    iss: Annotated[str | None, _TEXT] = None,
) -> Response:
    """Where providers send browsers back to: begins a session, and leads on to where its person wanted to go."""
    kept = request.cookies.get(cookies.cookie_name(request, _COOKIE), "")
    finished = await identity.finish(_desk(request), kept, Returned(state, code, error, iss))
    database = request.app.state.database
    if brought := cookies.session_of(request):
        await signing_in.end_browser_session(database, brought)
    stay = await signing_in.begin_browser_session(database, finished.signed_in, signing_in.caller_of(request))
    response = RedirectResponse(finished.path, 303, headers=_NOT_KEPT)
    cookies.keep_session(request, response, stay)
    name, secure = cookies.cookie_name(request, _COOKIE), cookies.over_https(request)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.get("/oidc/{id}/start", dependencies=[open_to_all()], status_code=303, response_class=Response)
async def begin(
    request: Request,
    id: UUID,
    next: Annotated[str, _TEXT] = "/",  # noqa: A002 - the field's word
    moved: Annotated[bool, Query(description="Whether the browser was led here from another of our addresses")] = False,  # noqa: FBT002 - a parameter of the query
) -> Response:
    """Send a browser to a provider to sign in there; afterwards it is led to the path `next`."""
    public = request.app.state.settings.public_url
    if not moved and request.headers.get("host") != urlsplit(public).netloc:
        # Providers lead back to one address, so what is kept in the browser has to be kept for that one.
        query = urlencode({"next": next, "moved": "true"})
        return RedirectResponse(f"{public}{request.url.path}?{query}", 303, headers=_NOT_KEPT)
    address, kept = await identity.begin(_desk(request), id, next)
    response = RedirectResponse(address, 303, headers=_NOT_KEPT)
    response.set_cookie(
        cookies.cookie_name(request, _COOKIE),
        kept,
        max_age=identity.ATTEMPT_SECONDS,
        path="/",
        secure=cookies.over_https(request),
        httponly=True,
        samesite="lax",  # not `strict`: the provider's page leads back here
    )
    return response


def _desk(request: Request) -> Desk:
    state = request.app.state
    return Desk(state.database, state.sealer, state.openid, state.settings.public_url)
