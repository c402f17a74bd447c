"""What others may use of identity: reading credentials, signing in and out of a browser, a company's first
administrator.
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from foodflow.identity import queries, rules, usecases
from foodflow.identity.queries import Person
from foodflow.identity.rules import BadCredentials, CompanyNotNamed
from foodflow.kernel import credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.errors import Unauthenticated
from foodflow.kernel.http.guards import Authenticate
from foodflow.kernel.tenancy import TenantName

__all__ = [
    "ROLES",
    "SESSION_COOKIE",
    "BadCredentials",
    "CompanyNotNamed",
    "Person",
    "Tokens",
    "authenticator",
    "begin_browser_session",
    "check_password",
    "end_browser_session",
    "ensure_administrator",
    "person_of",
]

SESSION_COOKIE = "foodflow_session"
SESSION_SECONDS = int(rules.SESSION_LIFE.total_seconds())
ROLES = rules.ROLES
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token and the refresh token that follows it."""

    access_token: str
    refresh_token: str


async def check_password(
    database: Database, username: str, password: str, *, company: str | None, default: str
) -> tuple[int, str]:
    """The user id and company of a right user name and password; refuses neutrally and in the same time otherwise.

    No connection to the database is held while the password is hashed.
    """
    async with platform_transaction(database) as session:
        found = await usecases.look_up(session, username)
    right = await credentials.password_matches(found.password_hash, password)
    if not right or found.user_id is None:
        message = "the user name or the password is wrong"
        raise BadCredentials(message)
    return found.user_id, rules.choose_company(found.companies, company, default)


async def begin_browser_session(database: Database, user_id: int, tenant: str) -> str:
    """Begin a session; returns the secret for the cookie."""
    async with platform_transaction(database) as session:
        return await usecases.begin(session, "session", user_id, tenant)


async def end_browser_session(database: Database, secret: str) -> None:
    """End a session."""
    async with platform_transaction(database) as session:
        await usecases.end_session(session, secret)


async def ensure_administrator(database: Database, *, tenant: str, username: str, password: str) -> bool:
    """Give a company its first administrator; true when the person was created."""
    async with platform_transaction(database) as session:
        return await usecases.ensure_administrator(session, tenant=tenant, username=username, password=password)


async def person_of(database: Database, actor: Actor) -> Person | None:
    """The person behind an actor, or None for a program."""
    kind, _, number = actor.id.partition(":")
    if kind != "user":
        return None
    async with platform_transaction(database) as session:
        return await queries.person_in(session, int(number), actor.tenant)


def authenticator(database: Database, secret_key: str) -> Authenticate:
    """The function that turns a request's credential into an actor, as the directory knows them at this moment."""

    async def authenticate(connection: HTTPConnection) -> Actor:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        cookie = connection.cookies.get(SESSION_COOKIE)
        if scheme:
            person = await _bearer(database, secret_key, scheme, token.strip())
        elif cookie and _cookie_may_act(connection):
            person = await _of_session(database, cookie)
        else:
            message = "sign in, or send an access token"
            raise Unauthenticated(message)
        if person is None:
            message = "the credential is not valid (any longer)"
            raise rules.BadToken(message)
        roles = frozenset(person.roles)
        return Actor(f"user:{person.id}", TenantName(person.company), roles, rules.permissions_of(roles))

    return authenticate


async def _bearer(database: Database, secret_key: str, scheme: str, token: str) -> Person | None:
    claims = credentials.read_access_token(secret_key, token) if scheme.lower() == "bearer" else None
    if claims is None:
        return None
    async with platform_transaction(database) as session:
        return await queries.person_in(session, claims.user_id, claims.tenant)


async def _of_session(database: Database, secret: str) -> Person | None:
    async with platform_transaction(database) as session:
        return await queries.person_of_session(session, credentials.secret_hash(secret))


def _cookie_may_act(connection: HTTPConnection) -> bool:
    """A cookie comes along by itself, so it may only read, and open sockets only from our own pages."""
    if connection.scope["type"] == "websocket":
        origin = connection.headers.get("origin", "")
        return origin != "" and origin.partition("://")[2] == connection.headers.get("host", "")
    return connection.scope["method"] in _SAFE_METHODS
