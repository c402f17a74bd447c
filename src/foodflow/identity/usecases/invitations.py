"""Invitations: a place in a company that opens nothing until whoever reads the mail has accepted it."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import companies, people
from foodflow.identity.queries import invitations as queries
from foodflow.identity.queries import members as member_queries
from foodflow.identity.queries.members import Member
from foodflow.identity.queries.passwords import Link
from foodflow.identity.rules.credentials import user_of
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.people import AlreadyMember, BadLink, EmailTaken, UserNameTaken, require_within
from foodflow.identity.rules.roles import require_covered
from foodflow.identity.tables import Membership, User
from foodflow.identity.usecases import links, tokens
from foodflow.identity.usecases.people import look_again, require_can_give
from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.mail import Postbox
from foodflow.kernel.tenancy import TenantName

LIFE = timedelta(days=7)
_LETTER = """You are invited to {company} at FoodFlow. Follow this link within a week:

{link}

If you do not know the company, do nothing.
"""


@dataclass(frozen=True, slots=True)
class Invited:
    """Who is invited, and what they will be."""

    email: str
    roles: list[str]
    sites: list[str] | None
    teams: list[str]
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What whoever holds the link of an invitation is shown, and in whose name they accept."""

    actor: Actor
    company: str
    email: str
    first_name: str
    last_name: str
    needs_password: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody who accepts chose for an account of their own; a log that shows it shows no password."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account of one's own is made of."""

    username: str
    password_hash: str
    first_name: str | None
    last_name: str | None


async def invite(session: AsyncSession, actor: Actor, invited: Invited, postbox: Postbox) -> Member:
    """Invite whoever reads the mail of an address, with roles that hold no more than the inviter."""
    require_in_person(actor)
    company = await member_queries.lock_company(session, actor.tenant)
    permissions = await require_can_give(session, actor, invited.roles)
    require_within(actor, invited.sites, invited.teams)
    user = await _account_of(session, invited)
    if await people.membership(session, user.id, actor.tenant) is not None:
        raise AlreadyMember("this person is part of the company, or is invited already")
    place = Membership(user_id=user.id, tenant=actor.tenant, roles=sorted(set(invited.roles)), created_at=clock.now())
    place.sites = None if invited.sites is None else sorted(set(invited.sites))
    place.teams = sorted(set(invited.teams))
    session.add(place)
    await session.flush()
    given = {"roles": place.roles, "sites": place.sites, "teams": place.teams}
    audit.record(session, actor, "user.invited", user.id, **given)
    await _send(session, user, actor.tenant, company.name, postbox=postbox)
    return Member(user, place, permissions, has_second_factor=False)


async def _account_of(session: AsyncSession, invited: Invited) -> User:
    """The account of an address; where there is none, one that opens nothing, because it has no password."""
    user = await queries.person_of_address_for_update(session, invited.email)
    if user is None:
        user = User(username=f"invited-{clock.new_id().hex}", email=invited.email, created_at=clock.now())
        user.first_name, user.last_name, user.is_active = invited.first_name, invited.last_name, True
        async with unless_taken(session, EmailTaken("somebody is about to get this address; try again")):
            session.add(user)
    return user


async def _send(session: AsyncSession, user: User, tenant: TenantName, company: str, *, postbox: Postbox) -> None:
    secret = tokens.give_secret(session, "invitation", user_id=user.id, tenant=tenant, life=LIFE)
    name = " ".join(company.split())
    text = _LETTER.format(company=name, link=postbox.link(f"/invitation#{secret}"))
    await postbox.post(session, tenant, to=user.email, subject=f"Invitation to {name}", text=text)


async def send_again(session: AsyncSession, actor: Actor, id: int, postbox: Postbox) -> Member:
    """Send an invitation again; the link that was sent before ends."""
    require_in_person(actor)
    invited = await _managed_for_update(session, actor, id)
    company = await member_queries.lock_company(session, actor.tenant)
    await links.end(session, "invitation", id, actor.tenant)
    await _send(session, invited.user, actor.tenant, company.name, postbox=postbox)
    audit.record(session, actor, "user.invited_again", id)
    return invited


async def withdraw(session: AsyncSession, actor: Actor, id: int) -> None:
    """Take an invitation back; of an account that was made for it alone nothing is left."""
    invited = await _managed_for_update(session, actor, id)
    await links.end(session, "invitation", id, actor.tenant)
    await session.delete(invited.place)
    await session.flush()
    if invited.user.password_hash is None and not await queries.has_a_place(session, id):
        for token in await queries.tokens_of_for_update(session, id):
            await session.delete(token)
        await session.flush()
        await session.delete(invited.user)
    audit.record(session, actor, "user.invitation_withdrawn", id)


async def _managed_for_update(session: AsyncSession, actor: Actor, id: int) -> Member:
    invited = await queries.invitation_for_update(session, actor.tenant, id)
    require_covered(actor.permissions, invited.permissions)
    require_within(actor, invited.place.sites, invited.place.teams)
    return invited


async def see(session: AsyncSession, secret: str) -> Seen:
    """What an invitation is for, shown to whoever holds its link."""
    link = await links.find(session, "invitation", secret)
    return await _seen(session, link)


async def _seen(session: AsyncSession, link: Link) -> Seen:
    company = await companies.company(session, link.tenant or "")
    if company is None:
        raise BadLink
    user = link.user
    actor = Actor(f"user:{user.id}", TenantName(company.slug))
    needs_password = await _is_new(session, user)
    return Seen(actor, company.name, user.email, user.first_name, user.last_name, needs_password=needs_password)


async def _is_new(session: AsyncSession, user: User) -> bool:
    """Whether nobody has made an account their own yet; whoever signs in elsewhere has no password either."""
    return user.password_hash is None and not await queries.has_accepted(session, user.id)


async def accept(session: AsyncSession, actor: Actor, secret: str, new: NewAccount | None) -> Member:
    """Take the place that an invitation holds ready; somebody without an account gets the one that they chose, and
    everybody else keeps theirs.
    """
    id = user_of(actor)
    await member_queries.lock_company(session, actor.tenant)
    await links.use(session, "invitation", secret)
    invited = await queries.invitation_for_update(session, actor.tenant, id)
    if await _is_new(session, invited.user):
        if new is None:
            raise BadLink
        await _make_own(session, invited.user, new)
    invited.place.accepted_at = clock.now()
    audit.record(session, actor, "user.joined", id, roles=invited.place.roles)
    await look_again(session, invited)
    return invited


async def _make_own(session: AsyncSession, user: User, new: NewAccount) -> None:
    async with unless_taken(session, UserNameTaken(f"the user name {new.username} is taken; choose another one")):
        user.username, user.password_hash = new.username, new.password_hash
        user.password_changed_at = clock.now()
        user.first_name = user.first_name if new.first_name is None else new.first_name
        user.last_name = user.last_name if new.last_name is None else new.last_name
