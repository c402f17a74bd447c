"""HTTP interface of identity."""

from typing import Annotated

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity import public, usecases
from foodflow.identity.rules import BadToken
from foodflow.identity.schemas import RefreshIn, SignInIn, TokensOut, UserOut
from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import platform_transaction
from foodflow.kernel.http import CurrentActor, guarded_router, needs, open_to_all

router = guarded_router(prefix="/api/v1/auth", tags=["identity"])
NamedCompany = Annotated[str | None, Header(alias="X-Tenant", description="The company, for people of several")]


@router.post("/token", dependencies=[open_to_all()])
async def sign_in(request: Request, response: Response, body: SignInIn, company: NamedCompany = None) -> TokensOut:
    """Sign in with a user name and password."""
    state = request.app.state
    default = state.settings.default_tenant
    user_id, tenant = await public.check_password(
        state.database, body.username, body.password, company=company, default=default
    )
    async with platform_transaction(state.database) as session:
        refresh_token = await usecases.begin(session, "refresh", user_id, tenant)
    return _tokens(request, response, user_id, tenant, refresh_token=refresh_token)


@router.post("/token/refresh", dependencies=[open_to_all()])
async def refresh(request: Request, response: Response, body: RefreshIn) -> TokensOut:
    """Exchange a refresh token, once, for a new pair."""
    async with platform_transaction(request.app.state.database) as session:
        rotation = await usecases.rotate(session, body.refresh_token)
    # The refusal comes after the commit: that a stolen token's family has ended must be stored.
    if rotation.refused:
        message = "the refresh token is not valid (any longer); sign in again"
        raise BadToken(message)
    return _tokens(request, response, rotation.user_id, rotation.tenant, refresh_token=rotation.secret)


@router.get("/user", dependencies=[needs("identity.read_self")])
async def current_user(request: Request, actor: CurrentActor) -> UserOut:
    """Who is signed in."""
    person = await public.person_of(request.app.state.database, actor)
    if person is None:
        message = "this credential does not belong to a person"
        raise BadToken(message)
    return UserOut.of(person)


def _tokens(request: Request, response: Response, user_id: int, tenant: str, *, refresh_token: str) -> TokensOut:
    response.headers["Cache-Control"] = "no-store"
    key = request.app.state.settings.secret_key.get_secret_value()
    access_token = credentials.sign_access_token(key, AccessClaims(user_id, tenant))
    seconds = int(credentials.ACCESS_TOKEN_LIFE.total_seconds())
    return TokensOut(access_token=access_token, refresh_token=refresh_token, expires_in=seconds)
