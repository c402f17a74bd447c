"""Proving who one is, step by step: a password, and the code of a second factor where there is one.

No connection to the database is held while a password is hashed, and what a failure counts for is stored although the
call is refused; so each of these has transactions of its own.
"""

from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people
from foodflow.identity.rules import credentials as rules
from foodflow.identity.rules.credentials import BadCredentials, BadToken, CompanyNotNamed
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.lockouts import Attempt, LockedOut
from foodflow.identity.rules.second_factors import BadCode, CodeNeeded, WrongPassword
from foodflow.identity.usecases import accounts, lockouts, refusals, second_factors, tokens
from foodflow.identity.usecases.accounts import Account
from foodflow.identity.usecases.tokens import Caller, SignedIn
from foodflow.kernel import clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.sealing import Sealer

__all__ = [
    "CHALLENGE_SECONDS",
    "BadCode",
    "BadCredentials",
    "BadToken",
    "CodeNeeded",
    "CompanyNotNamed",
    "Entered",
    "LockedOut",
    "Proved",
    "begin_challenge",
    "check_code",
    "check_password",
    "confirm_password",
    "pass_challenge",
    "prove",
]

CHALLENGE_SECONDS = int(rules.CHALLENGE_LIFE.total_seconds())


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody entered to sign in, the company that they named, if any, and the code of their second factor; a log
    that shows it shows no secret.
    """

    username: str
    password: str = field(repr=False)
    company: str | None = None
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose password was right, for which company, and whether the code of a second factor is still to come."""

    account: Account
    signed_in: SignedIn
    needs_code: bool


async def prove(database: Database, entered: Entered, caller: Caller, *, default: str, sealer: Sealer) -> SignedIn:
    """Whom a user name, its password and (where there is a second factor) a code belong to."""
    proved = await check_password(database, entered, caller, default=default)
    if not proved.needs_code:
        return proved.signed_in
    if not entered.code:
        raise CodeNeeded
    await check_code(database, proved, entered.code, caller, sealer=sealer)
    return _secured(proved.signed_in)


async def check_password(database: Database, entered: Entered, caller: Caller, *, default: str) -> Proved:
    """Whom a right user name and password belong to; refuses neutrally and after the same work otherwise."""
    attempt, as_of = Attempt(entered.username, caller.counted), clock.now()
    async with platform_transaction(database) as session:
        await lockouts.require_open(session, attempt)
        account = await accounts.look_up(session, entered.username)
    right = await credentials.password_matches(account.password_hash, entered.password)
    try:
        tenant = rules.choose_company(account.companies if right else (), entered.company, default)
    except BadCredentials:
        await _fail(database, account, attempt, named=entered.company, default=default)
        raise
    async with platform_transaction(database) as session:
        await lockouts.require_open(session, attempt)
        if not account.has_second_factor:
            await lockouts.clear(session, *_attempts(account, caller))
    return Proved(account, SignedIn(account.known_id, tenant, (rules.PASSWORD,), as_of), account.has_second_factor)


async def check_code(database: Database, proved: Proved, code: str, caller: Caller, *, sealer: Sealer) -> None:
    """Refuse a code that is not of the second factor or a recovery code of whoever the password was right for."""
    async with platform_transaction(database) as session:
        right = await _takes_code(session, proved.account, code, caller, tenant=proved.signed_in.tenant, sealer=sealer)
    if not right:
        raise BadCode


async def confirm_password(database: Database, actor: Actor, password: str, caller: Caller) -> Proved:
    """Refuse whoever is signed in and does not know their own password; call it before a transaction is begun."""
    require_in_person(actor)
    async with platform_transaction(database) as session:
        user = await people.user_for_update(session, rules.user_of(actor))
        account = accounts.account_of(user, (actor.tenant,))
        attempt = Attempt(user.username, caller.counted)
        await lockouts.require_open(session, attempt)
    if not await credentials.password_matches(account.password_hash, password):
        await _fail(database, account, attempt, named=actor.tenant, default=actor.tenant)
        raise WrongPassword
    async with platform_transaction(database) as session:
        await lockouts.require_open(session, attempt)
    return Proved(account, SignedIn(user.id, actor.tenant, (rules.PASSWORD,)), needs_code=True)


async def begin_challenge(database: Database, proved: Proved) -> str:
    """Wait for the code of somebody whose password was right; the secret is for the browser that it was entered in."""
    who, life = proved.signed_in, rules.CHALLENGE_LIFE
    async with platform_transaction(database) as session:
        return tokens.give_secret(session, "challenge", user_id=who.user_id, tenant=who.tenant, life=life)


async def pass_challenge(database: Database, secret: str, code: str, caller: Caller, *, sealer: Sealer) -> SignedIn:
    """Who has entered a right code in time, in the browser that the password was entered in."""
    async with platform_transaction(database) as session:
        challenge = await tokens.challenge_for_update(session, secret)
        person = None
        if challenge is not None and challenge.tenant is not None:
            person = await people.person_in(session, challenge.user_id, challenge.tenant)
        if challenge is None or person is None:
            raise BadToken("it took too long or too many tries; enter your password again")
        signed_in = SignedIn(person.id, person.company, (rules.PASSWORD,), challenge.created_at)
        account = Account(person.id, accounts.names_of(person), companies=(person.company,))
        right = await _takes_code(session, account, code, caller, tenant=person.company, sealer=sealer)
        challenge.tries += 1
        challenge.used_at = clock.now() if right else None
    if not right:
        raise BadCode
    return _secured(signed_in)


async def _takes_code(
    session: AsyncSession, account: Account, code: str, caller: Caller, *, tenant: str, sealer: Sealer
) -> bool:
    """Whether a code is right, and used up by that; a wrong one is counted. The door is looked at once the second
    factor is locked: of many guesses at once, each sees what the one before it has counted.
    """
    right = await second_factors.prove(session, account.known_id, code, sealer)
    attempt = Attempt(account.names[0], caller.counted)
    await lockouts.require_open(session, attempt)
    if right:
        await lockouts.clear(session, *_attempts(account, caller))
    else:
        await refusals.count(session, account, attempt, named=tenant, default=tenant)
    return right


async def _fail(database: Database, account: Account, attempt: Attempt, *, named: str | None, default: str) -> None:
    async with platform_transaction(database) as session:
        await lockouts.require_open(session, attempt)
        await refusals.count(session, account, attempt, named=named, default=default)


def _attempts(account: Account, caller: Caller) -> list[Attempt]:
    return [Attempt(name, caller.counted) for name in account.names]


def _secured(signed_in: SignedIn) -> SignedIn:
    return replace(signed_in, methods=(*signed_in.methods, rules.ONE_TIME_CODE))
