"""Reading credentials: the function that turns a request's credential into an actor."""

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from foodflow.identity.public.cookies import session_of
from foodflow.identity.public.csrf import Csrf
from foodflow.identity.public.outside import holder_of_outside_token
from foodflow.identity.rules.credentials import BadToken, OtherCompany, SeveralCredentials, company_of_host
from foodflow.identity.usecases import credentials as usecases
from foodflow.identity.usecases.credentials import Holder
from foodflow.kernel import credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.errors import Unauthenticated
from foodflow.kernel.http.guards import Authenticate

API_KEY = "x-api-key"
Door = Callable[[str], Awaitable[Holder | None]]
"""Finds out who holds a credential of one kind, as the directory knows them at this moment."""


def authenticator(database: Database, secret_key: str) -> Authenticate:
    """The function that turns a request's credential into an actor, as the directory knows them at this moment.

    One credential alone: an API key, a bearer token, or the cookie of a browser.
    """

    async def bearer(connection: HTTPConnection, given: str) -> Holder | None:
        token = _bearer_token(given)
        claims = credentials.read_access_token(secret_key, token)
        if claims is None:
            outside_tokens = connection.app.state.outside_tokens
            return await holder_of_outside_token(database, outside_tokens, token, company_named(connection))
        async with platform_transaction(database) as session:
            return await usecases.of_access_token(session, claims)

    async def key(given: str) -> Holder | None:
        async with platform_transaction(database) as session:
            return await usecases.of_key(session, given)

    async def cookie(given: str) -> Holder | None:
        async with platform_transaction(database) as session:
            return await usecases.of_session(session, given)

    async def authenticate(connection: HTTPConnection) -> Actor:
        door, given = _presented(connection, bearer=partial(bearer, connection), key=key, cookie=cookie)
        holder = await door(given)
        if holder is None:
            raise BadToken
        named = company_named(connection)
        if named is not None and named != holder.person.company:
            async with platform_transaction(database) as session:
                holder = await usecases.in_company(session, holder, named)
        return usecases.actor_of(holder)

    return authenticate


def company_named(connection: HTTPConnection) -> str | None:
    """The company that a call names: by the host that it goes to, or else with `X-Tenant`; both must not disagree."""
    base = urlsplit(connection.app.state.settings.public_url).hostname
    by_host = company_of_host(connection.headers.get("host", ""), base or "")
    by_header = connection.headers.get("x-tenant")
    if by_host is not None and by_header not in {None, by_host}:
        raise OtherCompany("X-Tenant names another company than the address does")
    return by_header if by_host is None else by_host


def _bearer_token(given: str) -> str:
    """The token in a header of the scheme Bearer, in any case; empty for any other scheme."""
    scheme, _, token = given.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _presented(connection: HTTPConnection, *, bearer: Door, key: Door, cookie: Door) -> tuple[Door, str]:
    """The door that the one credential of a request belongs to. What is sent on purpose goes before the cookie, which a
    browser sends by itself.
    """
    headers = connection.headers
    if headers.get("authorization") and headers.get(API_KEY):
        raise SeveralCredentials("send an access token or an API key, not both")
    if given := headers.get("authorization"):
        return bearer, given
    if given := headers.get(API_KEY):
        return key, given
    if (session := session_of(connection)) and _cookie_may_act(connection):
        return cookie, session
    raise Unauthenticated("sign in, or send an access token or an API key")


def _cookie_may_act(connection: HTTPConnection) -> bool:
    """A cookie comes along by itself: it changes something only with a token that other sites cannot read, which must
    be there, and opens sockets only from pages of our own or of trusted sites.
    """
    csrf: Csrf = connection.app.state.csrf
    if connection.scope["type"] == "websocket":
        return csrf.is_of_our_own(connection)
    csrf.require_unless_safe(connection)
    return True
