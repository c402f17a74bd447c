"""Signing in and out: the stays that begin once somebody has proved who they are, are kept on, and end."""

from starlette.requests import HTTPConnection

from foodflow.identity.public.cookies import SESSION_COOKIE
from foodflow.identity.queries import people
from foodflow.identity.queries.people import Person
from foodflow.identity.rules.credentials import BadToken, user_of
from foodflow.identity.usecases import credentials, tokens
from foodflow.identity.usecases.tokens import Caller, SignedIn, Stay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction
from foodflow.kernel.http.addresses import client_address, counted_address

__all__ = [
    "SESSION_COOKIE",
    "Caller",
    "SignedIn",
    "Stay",
    "actor_of_session",
    "begin_browser_session",
    "begin_refreshing",
    "caller_of",
    "end_browser_session",
    "end_refreshing",
    "keep_on",
    "who_is",
]


def caller_of(connection: HTTPConnection) -> Caller:
    """Where a call comes from."""
    agent = connection.headers.get("user-agent", "")
    return Caller(client_address(connection), agent, counted_address(connection))


async def begin_browser_session(database: Database, signed_in: SignedIn, caller: Caller) -> Stay:
    """Begin a browser session; its secret is for the cookie."""
    async with directory_transaction(database, signed_in.actor) as session:
        return await tokens.begin(session, "session", signed_in, caller)


async def begin_refreshing(database: Database, signed_in: SignedIn, caller: Caller) -> Stay:
    """Begin a family of refresh tokens."""
    async with directory_transaction(database, signed_in.actor) as session:
        return await tokens.begin(session, "refresh", signed_in, caller)


async def keep_on(database: Database, refresh_token: str, caller: Caller) -> Stay:
    """Exchange a refresh token, once, for a new one; refuses one that holds no longer."""
    stay = None
    owner = await _owner(database, "refresh", refresh_token)
    if owner is not None:
        async with directory_transaction(database, owner) as session:
            stay = await tokens.rotate(session, refresh_token, caller)
    # The refusal comes after the commit: that a stolen token's family has ended must be stored.
    if stay is None:
        raise BadToken("the refresh token is not valid (any longer); sign in again")
    return stay


async def end_browser_session(database: Database, secret: str) -> None:
    """End the stay that a browser's session is; one that has ended stays so."""
    await _end(database, "session", secret)


async def end_refreshing(database: Database, refresh_token: str) -> None:
    """End the stay that a refresh token keeps on, if it was ever given out."""
    await _end(database, "refresh", refresh_token)


async def actor_of_session(database: Database, secret: str) -> Actor:
    """Whom a browser's session lets act."""
    async with platform_transaction(database) as session:
        holder = await credentials.of_session(session, secret)
    if holder is None:
        raise BadToken
    return credentials.actor_of(holder)


async def who_is(database: Database, actor: Actor) -> Person:
    """The person or service account that an actor is."""
    async with platform_transaction(database) as session:
        person = await people.person_in(session, user_of(actor), actor.tenant)
    if person is None:
        raise BadToken
    return person


async def _owner(database: Database, kind: str, secret: str) -> Actor | None:
    async with platform_transaction(database) as session:
        return await tokens.owner_of(session, kind, secret)


async def _end(database: Database, kind: str, secret: str) -> None:
    owner = await _owner(database, kind, secret)
    if owner is not None:
        async with directory_transaction(database, owner) as session:
            await tokens.end(session, owner, kind, secret)
