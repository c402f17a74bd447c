"""Signing in and out, for whoever shows people a form."""

from dataclasses import dataclass, field

from foodflow.identity.rules import credentials as rules
from foodflow.identity.rules.credentials import BadCredentials, CompanyNotNamed
from foodflow.identity.usecases import accounts, tokens
from foodflow.identity.usecases.tokens import Caller, SignedIn, Stay
from foodflow.kernel import credentials
from foodflow.kernel.db import Database, platform_transaction

__all__ = [
    "SESSION_COOKIE",
    "SESSION_SECONDS",
    "BadCredentials",
    "Caller",
    "CompanyNotNamed",
    "Entered",
    "SignedIn",
    "Stay",
    "begin_browser_session",
    "begin_refreshing",
    "check_password",
    "end_browser_session",
]

SESSION_COOKIE = "foodflow_session"
SESSION_SECONDS = int(rules.SESSION_LIFE.total_seconds())


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody entered to sign in, and the company that they named, if any; a log that shows it shows no
    password.
    """

    username: str
    password: str = field(repr=False)
    company: str | None = None


async def check_password(database: Database, entered: Entered, *, default: str) -> SignedIn:
    """Whom a right user name and password belong to; refuses neutrally and in the same time otherwise.

    No connection to the database is held while the password is hashed.
    """
    async with platform_transaction(database) as session:
        found = await accounts.look_up(session, entered.username)
    right = await credentials.password_matches(found.password_hash, entered.password)
    if not right or found.user_id is None:
        raise BadCredentials
    company = rules.choose_company(found.companies, entered.company, default)
    return SignedIn(found.user_id, company, (rules.PASSWORD,))


async def begin_browser_session(database: Database, signed_in: SignedIn, caller: Caller) -> Stay:
    """Begin a browser session; its secret is for the cookie."""
    async with platform_transaction(database) as session:
        return await tokens.begin(session, "session", signed_in, caller)


async def begin_refreshing(database: Database, signed_in: SignedIn, caller: Caller) -> Stay:
    """Begin a family of refresh tokens."""
    async with platform_transaction(database) as session:
        return await tokens.begin(session, "refresh", signed_in, caller)


async def end_browser_session(database: Database, secret: str) -> None:
    """End a browser session."""
    async with platform_transaction(database) as session:
        await tokens.end_session(session, secret)
