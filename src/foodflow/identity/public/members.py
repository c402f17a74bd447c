"""The people of one's company, for those who see and manage them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import QueryParams

from foodflow.identity.public.deeds import alone
from foodflow.identity.queries import invitations as invitation_queries
from foodflow.identity.queries import members as queries
from foodflow.identity.queries.members import Member
from foodflow.identity.rules.people import USER_NAME, number_of
from foodflow.identity.rules.roles import covers
from foodflow.identity.usecases import emails, invitations, passwords, personal
from foodflow.identity.usecases import people as usecases
from foodflow.identity.usecases.emails import Letters
from foodflow.identity.usecases.invitations import Invited
from foodflow.identity.usecases.people import Scope
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.paging import Page

__all__ = [
    "USER_NAME",
    "Invited",
    "Letters",
    "MemberSeen",
    "Scope",
    "activate",
    "change",
    "deactivate",
    "end_stays",
    "erase",
    "invitations_open",
    "invite",
    "invite_again",
    "members",
    "one",
    "remove",
    "reset_second_factor",
    "send_password_link",
    "set_roles",
    "set_scope",
    "withdraw_invitation",
]

change = alone(emails.change_person)
set_roles = alone(usecases.set_roles)
set_scope = alone(usecases.set_scope)
deactivate = alone(usecases.deactivate)
activate = alone(usecases.activate)
remove = alone(usecases.leave)
erase = alone(personal.erase)
end_stays = alone(usecases.end_sessions)
reset_second_factor = alone(usecases.reset_second_factor)
send_password_link = alone(passwords.send_link)
invite = alone(invitations.invite)
invite_again = alone(invitations.send_again)
withdraw_invitation = alone(invitations.withdraw)


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """Somebody of the company as somebody else of it sees them; `is_managed` is whether the latter may change what the
    former may.
    """

    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    is_active: bool
    has_second_factor: bool
    is_oneself: bool
    is_managed: bool
    roles: tuple[str, ...]
    sites: tuple[str, ...] | None
    teams: tuple[str, ...]
    since: datetime
    last_login_at: datetime | None

    @property
    def name(self) -> str:
        """What people call them."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


async def members(database: Database, actor: Actor, asked: Mapping[str, str]) -> Page[MemberSeen]:
    """A page of the people whom somebody may see, as the list of the interface is asked for it."""
    wanted = queries.PEOPLE.read(QueryParams(asked))
    async with platform_transaction(database) as session:
        page = await queries.people_seen_by(session, actor, wanted)
    return Page(page.count, [_seen(actor, member) for member in page.rows])


async def one(database: Database, actor: Actor, id: int) -> MemberSeen:
    """Somebody whom the actor may see, or a refusal."""
    async with platform_transaction(database) as session:
        return _seen(actor, await queries.person_seen_by(session, actor, id))


async def invitations_open(database: Database, actor: Actor, asked: Mapping[str, str]) -> Page[MemberSeen]:
    """A page of those who have not accepted yet."""
    wanted = invitation_queries.LISTING.read(QueryParams(asked))
    async with platform_transaction(database) as session:
        page = await invitation_queries.invitations(session, actor.tenant, wanted)
    return Page(page.count, [_seen(actor, member) for member in page.rows])


def _seen(actor: Actor, member: Member) -> MemberSeen:
    user, place = member.user, member.place
    holds_more = not all(covers(actor.permissions, each) for each in member.permissions)
    is_oneself = number_of(actor) == user.id
    managed = actor.may("identity.manage_people") and not is_oneself and not holds_more
    return MemberSeen(
        id=user.id,
        username=user.username,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        is_active=place.is_active,
        has_second_factor=member.has_second_factor,
        is_oneself=is_oneself,
        is_managed=managed,
        roles=tuple(place.roles),
        sites=None if place.sites is None else tuple(place.sites),
        teams=tuple(place.teams),
        since=place.created_at,
        last_login_at=user.last_login_at,
    )
