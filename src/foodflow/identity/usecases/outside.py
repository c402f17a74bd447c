"""Outside identities: linked to people, one company at a time, and what they are good for then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import members, people
from foodflow.identity.queries import providers as queries
from foodflow.identity.rules import providers as rules
from foodflow.identity.rules.credentials import OUTSIDE, PROVIDER, TOUCH_EVERY, user_of
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.tables import ExternalIdentity, IdentityProvider, Membership, Token
from foodflow.identity.usecases.credentials import Holder
from foodflow.identity.usecases.tokens import SignedIn
from foodflow.kernel import audit, clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.live import access
from foodflow.kernel.outside_tokens import MAX_SUBJECT, OutsideClaims


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider has told of somebody who has signed in there, for an attempt that ends at a moment."""

    provider: IdentityProvider
    claims: dict[str, Any]
    state: str
    until: datetime


async def holder_of(session: AsyncSession, claims: OutsideClaims, named: str | None) -> Holder:
    """Whom the verified token of an outside issuer stands for, in the company that the call names or in the only one
    that it is linked in.
    """
    linked = await queries.holders(session, claims.issuer, claims.subject)
    person, link = linked[rules.choose_linked(linked, named)]
    _touch(link)
    return Holder(person, (OUTSIDE,), f"external:{link.id}", claims.until)


async def link_oneself(session: AsyncSession, actor: Actor, claims: OutsideClaims) -> ExternalIdentity:
    """Link the caller, in the company they act for, to whom a verified token is about."""
    require_in_person(actor)
    if actor.withheld is not None:  # whoever has yet to prove more may not go round it by another door
        raise actor.withheld
    return await _link(session, actor, user_of(actor), issuer=claims.issuer, subject=claims.subject)


async def link_person(
    session: AsyncSession, actor: Actor, user_id: int, *, issuer: str, subject: str, trusted: bool
) -> ExternalIdentity:
    """Link somebody whom the caller manages to a subject of an issuer that is trusted here (`trusted`), or that is one
    of the company's providers.
    """
    require_in_person(actor)
    await members.person_managed_by_for_update(session, actor, user_id)
    known = trusted or await queries.is_provider_of(session, actor.tenant, issuer)
    rules.require_trusted(trusted=known)
    return await _link(session, actor, user_id, issuer=issuer, subject=subject)


async def link_of(session: AsyncSession, actor: Actor, id: UUID) -> ExternalIdentity:
    """A link of the caller, or of somebody whom they manage."""
    link = await queries.identity(session, actor.tenant, id)
    if link.user_id != user_of(actor):
        await members.person_managed_by_for_update(session, actor, link.user_id)
    return link


async def unlink(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """End a link of the caller, or of somebody whom they manage; what it let in is out at once."""
    require_in_person(actor)
    link = await link_of(session, actor, id)
    await session.delete(link)
    if await queries.is_provider_of(session, actor.tenant, link.issuer):
        await end_stays_by_provider(session, actor.tenant, link.user_id)
    await access.changed(session, credential=f"external:{link.id}")
    told = {"issuer": link.issuer, "subject": link.subject}
    audit.record(session, actor, "external_identity.unlinked", f"user:{link.user_id}", **told)


async def end_stays_by_provider(session: AsyncSession, tenant: str, user_id: int | None = None) -> None:
    """End the stays in a company, of one person or of all, that were begun with a provider."""
    for token in await queries.stays_by_provider_for_update(session, tenant, user_id):
        token.revoked_at = clock.now()
        await access.changed(session, credential=f"session:{token.family}")


async def sign_in(session: AsyncSession, told: Told) -> SignedIn:
    """Whom a provider has signed in, once for each attempt: who is linked, else whose e-mail address the provider has
    verified and exactly one person of the company has; whoever was invited has accepted by this.
    """
    provider, subject = told.provider, told.claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or "\0" in subject:
        raise rules.BadProviderAnswer
    link = await queries.linked(session, provider.tenant, provider.issuer, subject)
    if link is None:
        link = await _link_by_email(session, provider, subject, told.claims)
    if await people.person_in(session, link.user_id, provider.tenant) is None:
        raise rules.NotAMember
    _touch(link)
    await _spend(session, told, link.user_id)
    return SignedIn(link.user_id, provider.tenant, (PROVIDER,))


async def _link_by_email(
    session: AsyncSession, provider: IdentityProvider, subject: str, claims: dict[str, Any]
) -> ExternalIdentity:
    """Only the first time: later, an address that was given to somebody else opens nothing."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or "\0" in email:
        raise rules.NotAMember
    places = await queries.places_of_email_for_update(session, provider.tenant, email)
    if len(places) != 1:
        raise rules.NotAMember
    place = places[0]
    link = await queries.linked(session, provider.tenant, provider.issuer, subject)
    if link is not None and link.user_id == place.user_id:  # linked while we waited for the lock
        return link
    if await queries.is_linked_at(session, provider.tenant, provider.issuer, place.user_id):
        raise rules.NotAMember
    oneself = SignedIn(place.user_id, provider.tenant, (PROVIDER,)).actor
    if place.accepted_at is None:
        await _accept(session, oneself, place)
    return await _link(session, oneself, place.user_id, issuer=provider.issuer, subject=subject)


async def _accept(session: AsyncSession, actor: Actor, place: Membership) -> None:
    place.accepted_at = clock.now()
    for token in await queries.invitations_for_update(session, place.tenant, place.user_id):
        token.used_at = clock.now()
    audit.record(session, actor, "invitation.accepted", f"user:{place.user_id}", by="identity provider")
    await session.flush()


async def _link(session: AsyncSession, actor: Actor, user_id: int, *, issuer: str, subject: str) -> ExternalIdentity:
    link = ExternalIdentity(id=clock.new_id(), issuer=issuer, subject=subject, user_id=user_id, tenant=actor.tenant)
    link.created_at = clock.now()
    async with unless_taken(session, rules.IdentityTaken()):
        session.add(link)
    audit.record(session, actor, "external_identity.linked", f"user:{user_id}", issuer=issuer, subject=subject)
    return link


async def _spend(session: AsyncSession, told: Told, user_id: int) -> None:
    """Remember that this attempt has signed somebody in, as long as it could be shown again."""
    digest = credentials.secret_hash(told.state)
    spent = Token(id=clock.new_id(), kind="challenge", family=clock.new_id(), secret_hash=digest, user_id=user_id)
    spent.tenant, spent.created_at, spent.used_at = told.provider.tenant, clock.now(), clock.now()
    spent.expires_at = told.until
    async with unless_taken(session, rules.SignInNotBegun()):
        session.add(spent)


def _touch(link: ExternalIdentity) -> None:
    if link.last_used_at is None or clock.now() - link.last_used_at > TOUCH_EVERY:
        link.last_used_at = clock.now()
