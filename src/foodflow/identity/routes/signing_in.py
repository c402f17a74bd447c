"""HTTP interface of signing in."""

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.public import cookies, proving, signing_in
from foodflow.identity.public.authenticating import company_named
from foodflow.identity.public.csrf import Csrf
from foodflow.identity.public.proving import Entered
from foodflow.identity.public.signing_in import SignedIn, Stay, caller_of
from foodflow.identity.schemas.signing_in import CsrfOut, NothingOut, RefreshIn, SignInIn, TokensOut, UserOut
from foodflow.kernel import clock, credentials
from foodflow.kernel.credentials import ACCESS_TOKEN_LIFE, AccessClaims
from foodflow.kernel.http import CurrentActor, guarded_router, needs, open_to_all

router = guarded_router(prefix="/api/v1/auth", tags=["signing in"])
unversioned = guarded_router(prefix="/api/v1", tags=["signing in"])


def _named(
    request: Request, _: Annotated[str | None, Header(alias="X-Tenant", description="The company")] = None
) -> str | None:
    return company_named(request)


def _own_page(
    request: Request, _: Annotated[str | None, Header(alias="X-CSRFToken", description="Of `GET /api/v1/csrf`")] = None
) -> None:
    request.app.state.csrf.require(request)


Company = Annotated[str | None, Depends(_named)]
"""The company that a call names, which people of several do."""


@unversioned.get("/csrf", dependencies=[open_to_all()])
@router.get("/csrf", dependencies=[open_to_all()])
async def csrf_token(request: Request, response: Response) -> CsrfOut:
    """The token that a browser sends as `X-CSRFToken` with every call that changes something; it stays the same through
    signing in and out.
    """
    csrf: Csrf = request.app.state.csrf
    response.headers["Cache-Control"] = "no-store"
    return CsrfOut(csrfToken=csrf.hand_out(request, response))


@router.post("/login", dependencies=[open_to_all(), Depends(_own_page)])
async def sign_in_browser(request: Request, response: Response, body: SignInIn, company: Company) -> UserOut:
    """Sign a browser in: the session is in a cookie, and the one before it ends."""
    database = request.app.state.database
    signed_in = await _proved(request, body, company)
    stay = await signing_in.begin_browser_session(database, signed_in, caller_of(request))
    await _end_session(request)
    cookies.keep_session(request, response, stay)
    response.headers["Cache-Control"] = "no-store"
    actor = await signing_in.actor_of_session(database, stay.secret)
    return UserOut.of(await signing_in.who_is(database, actor), actor)


@router.post("/logout", dependencies=[open_to_all(), Depends(_own_page)])
async def sign_out_browser(request: Request, response: Response) -> NothingOut:
    """Sign a browser out, whether it was signed in or not; its CSRF token stays good."""
    await _end_session(request)
    cookies.drop_session(request, response)
    return NothingOut()


@router.post("/token", dependencies=[open_to_all()])
async def sign_in(request: Request, response: Response, body: SignInIn, company: Company) -> TokensOut:
    """Sign an app in: a pair of tokens."""
    signed_in = await _proved(request, body, company)
    stay = await signing_in.begin_refreshing(request.app.state.database, signed_in, caller_of(request))
    return _tokens(request, response, stay)


@router.post("/token/refresh", dependencies=[open_to_all()])
async def refresh(request: Request, response: Response, body: RefreshIn) -> TokensOut:
    """Exchange a refresh token, once, for a new pair."""
    stay = await signing_in.keep_on(request.app.state.database, body.refresh_token, caller_of(request))
    return _tokens(request, response, stay)


@router.post("/token/revoke", dependencies=[open_to_all()])
async def revoke(request: Request, body: RefreshIn) -> NothingOut:
    """Sign an app out: end the stay of a refresh token, and its access tokens; one that nobody knows is no error (RFC
    7009, section 2.2).
    """
    await signing_in.end_refreshing(request.app.state.database, body.refresh_token)
    return NothingOut()


@router.get("/user", dependencies=[needs("identity.who_am_i")])
async def current_user(request: Request, actor: CurrentActor) -> UserOut:
    """Who is signed in, or whom an API key acts for."""
    return UserOut.of(await signing_in.who_is(request.app.state.database, actor), actor)


async def _proved(request: Request, body: SignInIn, company: str | None) -> SignedIn:
    state = request.app.state
    entered = Entered(body.username, body.password, company, body.code)
    default = state.settings.default_tenant
    return await proving.prove(state.database, entered, caller_of(request), default=default, sealer=state.sealer)


async def _end_session(request: Request) -> None:
    secret = cookies.session_of(request)
    if secret is not None:
        await signing_in.end_browser_session(request.app.state.database, secret)


def _tokens(request: Request, response: Response, stay: Stay) -> TokensOut:
    response.headers["Cache-Control"] = "no-store"
    key = request.app.state.settings.secret_key.get_secret_value()
    who = stay.signed_in
    until = clock.now() + ACCESS_TOKEN_LIFE
    claims = AccessClaims(who.user_id, who.tenant, stay.family, who.methods, until)
    access_token = credentials.sign_access_token(key, claims)
    seconds = int(ACCESS_TOKEN_LIFE.total_seconds())
    return TokensOut(access_token=access_token, refresh_token=stay.secret, expires_in=seconds)
