"""HTTP interface of signing in."""

from typing import Annotated

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.public import people, signing_in
from foodflow.identity.public.signing_in import Caller, Entered, Stay
from foodflow.identity.rules.credentials import BadToken
from foodflow.identity.schemas.signing_in import RefreshIn, SignInIn, TokensOut, UserOut
from foodflow.identity.usecases import tokens
from foodflow.kernel import clock, credentials
from foodflow.kernel.credentials import ACCESS_TOKEN_LIFE, AccessClaims
from foodflow.kernel.db import platform_transaction
from foodflow.kernel.http import CurrentActor, guarded_router, needs, open_to_all

router = guarded_router(prefix="/api/v1/auth", tags=["signing in"])
NamedCompany = Annotated[str | None, Header(alias="X-Tenant", description="The company, for people of several")]


@router.post("/token", dependencies=[open_to_all()])
async def sign_in(request: Request, response: Response, body: SignInIn, company: NamedCompany = None) -> TokensOut:
    """Sign in with a user name and password."""
    state = request.app.state
    entered = Entered(body.username, body.password, company)
    signed_in = await signing_in.check_password(state.database, entered, default=state.settings.default_tenant)
    stay = await signing_in.begin_refreshing(state.database, signed_in, caller_of(request))
    return _tokens(request, response, stay)


@router.post("/token/refresh", dependencies=[open_to_all()])
async def refresh(request: Request, response: Response, body: RefreshIn) -> TokensOut:
    """Exchange a refresh token, once, for a new pair."""
    async with platform_transaction(request.app.state.database) as session:
        stay = await tokens.rotate(session, body.refresh_token, caller_of(request))
    # The refusal comes after the commit: that a stolen token's family has ended must be stored.
    if stay is None:
        raise BadToken("the refresh token is not valid (any longer); sign in again")
    return _tokens(request, response, stay)


@router.get("/user", dependencies=[needs("identity.read_self")])
async def current_user(request: Request, actor: CurrentActor) -> UserOut:
    """Who is signed in."""
    person = await people.person_of(request.app.state.database, actor)
    if person is None:
        raise BadToken("this credential does not belong to a person")
    return UserOut.of(person, actor)


def caller_of(request: Request) -> Caller:
    """Where a request comes from."""
    address = request.client.host if request.client else ""
    return Caller(address, request.headers.get("user-agent", ""))


def _tokens(request: Request, response: Response, stay: Stay) -> TokensOut:
    response.headers["Cache-Control"] = "no-store"
    key = request.app.state.settings.secret_key.get_secret_value()
    who = stay.signed_in
    until = clock.now() + ACCESS_TOKEN_LIFE
    claims = AccessClaims(who.user_id, who.tenant, stay.family, who.methods, until)
    access_token = credentials.sign_access_token(key, claims)
    seconds = int(ACCESS_TOKEN_LIFE.total_seconds())
    return TokensOut(access_token=access_token, refresh_token=stay.secret, expires_in=seconds)
