"""Credentials: what each of them becomes, as the directory knows its holder at this moment."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import keys, people, tokens
from foodflow.identity.queries.people import Person
from foodflow.identity.rules import credentials as rules
from foodflow.identity.rules import roles
from foodflow.identity.rules.second_factors import SecondFactorRequired, is_required
from foodflow.kernel import clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.tenancy import TenantName

KEY_MARK = "ff_"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has proved who they are: how, with what, until when, and (of a key) for which permissions alone."""

    person: Person
    methods: tuple[str, ...]
    credential: str
    until: datetime | None
    only: tuple[str, ...] | None = None


async def of_access_token(session: AsyncSession, claims: AccessClaims) -> Holder | None:
    """The holder of an access token whose signature held, unless the stay that it comes from was ended; how they have
    signed in is what the stay says now.
    """
    stay = await tokens.latest_of_family(session, claims.family) if claims.family else None
    person = await people.person_in(session, claims.user_id, claims.tenant)
    if person is None or (stay is not None and stay.revoked_at is not None):
        return None
    credential = f"session:{claims.family}" if claims.family else f"user:{person.id}"
    return Holder(person, tuple(stay.methods) if stay else claims.methods, credential, claims.until)


async def of_session(session: AsyncSession, secret: str) -> Holder | None:
    """The holder of a browser session, who has now used it."""
    found = await tokens.holder_of_session(session, credentials.secret_hash(secret))
    if found is None:
        return None
    person, token = found
    if clock.now() - (token.last_used_at or token.created_at) > rules.TOUCH_EVERY:
        token.last_used_at = clock.now()
    idle_from = (token.last_used_at or token.created_at) + rules.SESSION_IDLE
    return Holder(person, tuple(token.methods), f"session:{token.family}", min(token.expires_at, idle_from))


async def of_key(session: AsyncSession, key: str) -> Holder | None:
    """Whom an API key acts for, `ff_<prefix>_<secret>`, which has now been used."""
    prefix, _, secret = key.removeprefix(KEY_MARK).partition("_")
    found = await keys.holder_of_key(session, prefix) if key.startswith(KEY_MARK) and secret else None
    if found is None or not hmac.compare_digest(found[1].secret_hash, credentials.secret_hash(secret)):
        return None
    person, row = found
    if row.last_used_at is None or clock.now() - row.last_used_at > rules.TOUCH_EVERY:
        row.last_used_at = clock.now()
    return Holder(person, (), f"key:{row.id}", row.expires_at, tuple(row.permissions))


async def in_company(session: AsyncSession, holder: Holder, named: str | None) -> Holder:
    """The holder in the company that the call names, if it names another than the credential's own; only whoever has
    proved themselves to us may change over, not whom one company's provider or key vouches for.
    """
    if named is None or named == holder.person.company:
        return holder
    person = None
    if rules.PASSWORD in holder.methods:
        person = await people.person_in(session, holder.person.id, named)
    if person is None:
        raise rules.OtherCompany("this credential does not open the company that the address or X-Tenant names")
    return replace(holder, person=person)


def actor_of(holder: Holder) -> Actor:
    """The actor that a holder is; refuses those of a suspended company."""
    person = holder.person
    if person.is_suspended:
        raise rules.CompanySuspended
    kind = "user" if person.kind == "person" else "service"
    withheld = SecondFactorRequired() if _is_unsecured(holder) else None
    return Actor(
        f"{kind}:{person.id}",
        TenantName(person.company),
        frozenset(person.roles),
        _permissions(holder),
        sites=person.sites,
        teams=person.teams,
        credential=holder.credential,
        until=holder.until,
        company_name=person.company_name,
        withheld=withheld,
    )


def _is_unsecured(holder: Holder) -> bool:
    """Whether somebody has signed in with their password alone, and their company asks for more."""
    signed_in_alone = rules.PASSWORD in holder.methods and rules.ONE_TIME_CODE not in holder.methods
    return signed_in_alone and is_required(holder.person.company_settings)


def _permissions(holder: Holder) -> frozenset[str]:
    person = holder.person
    if holder.only is not None:
        return roles.narrow(person.permissions, {*holder.only, roles.WHO_AM_I})
    if _is_unsecured(holder):
        return roles.narrow(person.permissions, roles.UNTIL_SECURED)
    # The installation is not run on the word of a company's provider or of an outside issuer.
    by_others = not {rules.PROVIDER, rules.OUTSIDE}.isdisjoint(holder.methods)
    return person.permissions | (roles.OPERATORS if person.is_operator and not by_others else frozenset())
