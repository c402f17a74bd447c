"""Reading credentials: the function that turns a request's credential into an actor."""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection

from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.identity.rules.credentials import BadToken, SeveralCredentials
from foodflow.identity.usecases import credentials as usecases
from foodflow.identity.usecases.credentials import Holder
from foodflow.kernel import credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.errors import Unauthenticated
from foodflow.kernel.http.guards import Authenticate

API_KEY = "x-api-key"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Door = Callable[[str], Awaitable[Holder | None]]
"""Finds out who holds a credential of one kind, as the directory knows them at this moment."""


def authenticator(database: Database, secret_key: str) -> Authenticate:
    """The function that turns a request's credential into an actor, as the directory knows them at this moment.

    One credential alone: an API key, a bearer token, or the cookie of a browser.
    """

    async def bearer(given: str) -> Holder | None:
        scheme, _, token = given.partition(" ")
        claims = credentials.read_access_token(secret_key, token.strip()) if scheme.lower() == "bearer" else None
        if claims is None:
            return None
        async with platform_transaction(database) as session:
            return await usecases.of_access_token(session, claims)

    async def key(given: str) -> Holder | None:
        async with platform_transaction(database) as session:
            return await usecases.of_key(session, given)

    async def cookie(given: str) -> Holder | None:
        async with platform_transaction(database) as session:
            return await usecases.of_session(session, given)

    async def authenticate(connection: HTTPConnection) -> Actor:
        door, given = _presented(connection, bearer=bearer, key=key, cookie=cookie)
        holder = await door(given)
        if holder is None:
            raise BadToken
        named = connection.headers.get("x-tenant")
        if named is not None and named != holder.person.company:
            async with platform_transaction(database) as session:
                holder = await usecases.in_company(session, holder, named)
        return usecases.actor_of(holder)

    return authenticate


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
    if (given := connection.cookies.get(SESSION_COOKIE)) and _cookie_may_act(connection):
        return cookie, given
    raise Unauthenticated("sign in, or send an access token or an API key")


def _cookie_may_act(connection: HTTPConnection) -> bool:
    """A cookie comes along by itself, so it may only read, and open sockets only from our own pages."""
    if connection.scope["type"] == "websocket":
        origin = connection.headers.get("origin", "")
        return origin != "" and origin.partition("://")[2] == connection.headers.get("host", "")
    return connection.scope["method"] in _SAFE_METHODS
