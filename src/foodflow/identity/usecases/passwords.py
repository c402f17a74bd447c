"""Passwords: changed by those who know theirs, and set anew by those who read their mail."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import companies, invitations, people
from foodflow.identity.queries import members as member_queries
from foodflow.identity.queries import passwords as queries
from foodflow.identity.rules import passwords as rules
from foodflow.identity.rules.credentials import company_told, user_of
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.lockouts import Attempt
from foodflow.identity.rules.people import BadLink, NoEmail
from foodflow.identity.tables import User
from foodflow.identity.usecases import accounts, links, lockouts, sessions, tokens
from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.mail import Postbox
from foodflow.kernel.tenancy import TenantName

_WINDOW = timedelta(hours=1)
_RESET = """Somebody, probably you, wants to set a new password for your account at FoodFlow. Follow this link within
an hour:

{link}

If it was not you, do nothing: your password stays as it is.
"""
_CHANGED = """The password of your account at FoodFlow was changed, and you were signed out everywhere else. Was it not
you? Then set a new one at once ({link}), and tell your company.
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose password is to be set, in which company's trail that is kept, and what it must not be."""

    actor: Actor
    known: tuple[str, ...]


async def holder(session: AsyncSession, actor: Actor) -> Holder:
    """Somebody who is signed in and changes their password; refuses programs."""
    require_in_person(actor)
    return await _holder(session, await people.user(session, user_of(actor)), actor.tenant)


async def holder_of_link(session: AsyncSession, secret: str, *, default: str) -> Holder:
    """Whoever was sent a link to set a new password, or a refusal."""
    link = await links.find(session, "reset", secret)
    belongs_to = await people.companies_of(session, link.user.id)
    if not belongs_to:
        raise BadLink
    return await _holder(session, link.user, company_told(belongs_to, link.tenant, default))


async def _holder(session: AsyncSession, user: User, tenant: str) -> Holder:
    company = await companies.company(session, tenant)
    name = "" if company is None else company.name
    return Holder(Actor(f"user:{user.id}", TenantName(tenant)), (user.username, user.email, tenant, name))


async def change(session: AsyncSession, actor: Actor, password_hash: str, postbox: Postbox) -> None:
    """Set the password of somebody who has proved that they know theirs; all their other stays end."""
    user = await people.user_for_update(session, user_of(actor))
    _set(user, password_hash)
    await links.end(session, "reset", user.id)
    await sessions.end_all(session, user.id, but=actor.credential)
    audit.record(session, actor, "user.password_changed", user.id)
    await _tell(session, actor, user, postbox)


async def reset(session: AsyncSession, actor: Actor, secret: str, *, password_hash: str, postbox: Postbox) -> None:
    """Set the password of somebody who was sent a link; all their stays end, and no door is shut to them any longer."""
    user = await people.user_for_update(session, user_of(actor))
    await links.use(session, "reset", secret)
    _set(user, password_hash)
    await sessions.end_all(session, user.id)
    await lockouts.clear(session, *(Attempt(name, "") for name in accounts.names_of(user)))
    audit.record(session, actor, "user.password_reset", user.id)
    await _tell(session, actor, user, postbox)


def _set(user: User, password_hash: str) -> None:
    user.password_hash, user.password_changed_at = password_hash, clock.now()


async def _tell(session: AsyncSession, actor: Actor, user: User, postbox: Postbox) -> None:
    if user.email:
        text = _CHANGED.format(link=postbox.link("/password/forgotten"))
        await postbox.post(session, actor.tenant, to=user.email, subject="Your password was changed", text=text)


async def send_link(session: AsyncSession, actor: Actor, id: int, postbox: Postbox) -> None:
    """Send somebody of the company a link to set a new password."""
    require_in_person(actor)
    member = await member_queries.person_managed_by_for_update(session, actor, id)
    if member.user.password_hash is None:
        raise rules.NoPassword("this person signs in without a password of ours")
    if not member.user.email:
        raise NoEmail("no e-mail address is known of this person")
    await _send_link(session, member.user, actor.tenant, postbox)
    audit.record(session, actor, "user.password_reset_sent", id)


async def help_who_forgot(session: AsyncSession, email: str, postbox: Postbox, *, default: str) -> None:
    """Send whoever has this address a link to set a new password, a few times an hour; nobody learns whether there is
    such a person.
    """
    user = await invitations.person_of_address_for_update(session, email)
    if user is None or not user.is_active or user.password_hash is None:
        return
    belongs_to = await people.companies_of(session, user.id)
    sent = await queries.resets_since(session, user.id, clock.now() - _WINDOW)
    if belongs_to and sent < rules.RESETS_AN_HOUR:
        await _send_link(session, user, company_told(belongs_to, None, default), postbox)


async def _send_link(session: AsyncSession, user: User, tenant: str, postbox: Postbox) -> None:
    await links.end(session, "reset", user.id)
    secret = tokens.give_secret(session, "reset", user_id=user.id, tenant=tenant, life=rules.RESET_LIFE)
    text = _RESET.format(link=postbox.link(f"/password/reset#{secret}"))
    await postbox.post(session, TenantName(tenant), to=user.email, subject="Set a new password", text=text)
