"""The participant token as one more credential."""

from starlette.requests import HTTPConnection

from foodflow.identity.public.authenticating import company_named
from foodflow.identity.public.guests import require_open
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from foodflow.kernel.errors import Forbidden, Unauthenticated
from foodflow.kernel.http.guards import Authenticate
from foodflow.live.rules.participants import TOKEN_PREFIX, participant_actor, read_token, token_key

GUESTS_MAY = frozenset({"live.take_part"})
"""What whoever brings no credential may."""
_SUBPROTOCOL = "token."
"""Browsers cannot send a header with a WebSocket, but the names of protocols, of which one carries the token."""


def participant_key(secret_key: str) -> bytes:
    """The key that participant tokens are signed with."""
    return token_key(secret_key)


class BadParticipantToken(Unauthenticated):
    """The token was not given out here."""

    code = "live.participant.bad_token"


def participants_or(others: Authenticate, database: Database) -> Authenticate:
    """An authenticator that knows participants by their token, and leaves everybody else to another."""

    async def authenticate(connection: HTTPConnection) -> Actor:
        actor = participant_of(connection)
        if actor is None:
            return await others(connection)
        if connection.scope["type"] != "websocket":  # a socket's audience asks once for all who are in it
            await require_open(database, actor.tenant)
        return actor

    return authenticate


def participant_of(connection: HTTPConnection) -> Actor | None:
    """The participant whose token a call brings; None where it brings none, and refused where it is not good."""
    token = _token(connection)
    if token is None:
        return None
    participation = read_token(connection.app.state.participant_key, token)
    if participation is None:
        raise BadParticipantToken("the participant token is not valid; join again")
    named = company_named(connection)
    if named is not None and named != participation.tenant:
        raise Forbidden("the participant token does not open the company that the address or X-Tenant names")
    return participant_actor(participation)


def _token(connection: HTTPConnection) -> str | None:
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and given.strip().startswith(TOKEN_PREFIX):
        return given.strip()
    for protocol in connection.scope.get("subprotocols") or ():
        if protocol.startswith(_SUBPROTOCOL + TOKEN_PREFIX):
            return str(protocol.removeprefix(_SUBPROTOCOL))
    return None
