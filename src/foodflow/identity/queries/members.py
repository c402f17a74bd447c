"""The people and service accounts of one company: found for whoever may see or manage them, or refused."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.people import HAS_SECOND_FACTOR, OWN_PERMISSIONS
from foodflow.identity.rules import people as rules
from foodflow.identity.rules.keys import ServiceAccountNotFound
from foodflow.identity.rules.people import PersonNotFound
from foodflow.identity.rules.roles import ADMINISTRATOR, permissions_of, require_covered, within_a_company
from foodflow.identity.tables import Membership, Tenant, User
from foodflow.kernel import preconditions
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Refusal
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch

PEOPLE = Listing(
    key=User.id,
    order="username",
    filters={
        "is_active": Filter(Membership.is_active, bool),
        "role": Filter(Membership.roles),
        "team": Filter(Membership.teams),
    },
    orderings={
        "username": User.username,
        "first_name": User.first_name,
        "last_name": User.last_name,
        "created_at": Membership.created_at,
        "last_login": User.last_login_at,
    },
    searches=(User.username, User.first_name, User.last_name, User.email),
)
SERVICE_ACCOUNTS = Listing(
    key=User.id,
    order="name",
    filters={"is_active": Filter(Membership.is_active, bool), "role": Filter(Membership.roles)},
    orderings={"name": User.first_name, "created_at": Membership.created_at},
    searches=(User.first_name,),
)
_MANAGE = "identity.manage_people"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's account, and their place in a company, with all that their roles permit there."""

    user: User
    place: Membership
    permissions: frozenset[str]
    has_second_factor: bool

    @property
    def version(self) -> int:
        """Counts the changes of both; neither is ever counted back."""
        return self.user.version + self.place.version


def _members(tenant: str, kind: str) -> Select[User, Membership, list[str], bool]:
    found = select(User, Membership, OWN_PERMISSIONS, HAS_SECOND_FACTOR).join(Membership, Membership.user_id == User.id)
    return found.where(Membership.tenant == tenant, Membership.accepted_at.is_not(None), User.kind == kind)


def _member(row: Row[User, Membership, list[str], bool]) -> Member:
    user, place, own_permissions, has_second_factor = row
    return Member(user, place, permissions_of(place.roles) | within_a_company(own_permissions), has_second_factor)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Oneself; the people of one's teams; everybody."""
    if actor.may("identity.read_people"):
        return true()
    oneself = User.id == rules.number_of(actor)
    if actor.may("identity.read_team"):
        return or_(oneself, Membership.teams.overlap(sorted(actor.teams)))
    return oneself


async def people_seen_by(session: AsyncSession, actor: Actor, wanted: Wanted) -> Page[Member]:
    """A page of the people that the caller may see."""
    return await _page(session, _members(actor.tenant, "person").where(_seen_by(actor)), wanted)


async def service_accounts(session: AsyncSession, actor: Actor, wanted: Wanted) -> Page[Member]:
    """A page of the company's service accounts."""
    return await _page(session, _members(actor.tenant, "service"), wanted)


async def _page(
    session: AsyncSession, found: Select[User, Membership, list[str], bool], wanted: Wanted
) -> Page[Member]:
    """In three statements: how many there are, which are on the page, and these in full."""
    page = await fetch(session, found.with_only_columns(User.id), wanted)
    rows = await session.execute(found.where(User.id.in_(page.rows)))
    members = {row[0].id: _member(row) for row in rows}
    return Page(page.count, [members[id] for id in page.rows if id in members])


async def person_seen_by(session: AsyncSession, actor: Actor, id: int) -> Member:
    """Somebody whom the caller may see, or a refusal."""
    found = _members(actor.tenant, "person").where(User.id == id, _seen_by(actor))
    return await _one(session, found, PersonNotFound(f"there is no person {id}"))


async def service_account(session: AsyncSession, actor: Actor, id: int) -> Member:
    """A service account of the company, or a refusal."""
    found = _members(actor.tenant, "service").where(User.id == id)
    return await _one(session, found, ServiceAccountNotFound(f"there is no service account {id}"))


async def person_managed_by_for_update(session: AsyncSession, actor: Actor, id: int) -> Member:
    """Oneself, or somebody whom the caller may see and manage, locked after their company; refuses those who hold more
    than the caller.
    """
    await lock_company(session, actor.tenant)
    found = _members(actor.tenant, "person").where(User.id == id, _seen_by(actor))
    member = await _one_for_update(session, found, PersonNotFound(f"there is no person {id}"))
    if rules.number_of(actor) != id:
        if not actor.may(_MANAGE):
            raise rules.NotManaged(f"this needs the permission {_MANAGE}")
        _require_covers(actor, member)
    return member


async def service_account_for_update(session: AsyncSession, actor: Actor, id: int) -> Member:
    """A service account that holds no more than the caller, locked after its company."""
    await lock_company(session, actor.tenant)
    found = _members(actor.tenant, "service").where(User.id == id)
    missing = ServiceAccountNotFound(f"there is no service account {id}")
    member = await _one_for_update(session, found, missing)
    _require_covers(actor, member)
    return member


def _require_covers(actor: Actor, member: Member) -> None:
    require_covered(actor.permissions, member.permissions)
    rules.require_within(actor, member.place.sites, ())


async def _one(session: AsyncSession, found: Select[User, Membership, list[str], bool], missing: Refusal) -> Member:
    row = (await session.execute(found)).first()
    if row is None:
        raise missing
    return _member(row)


async def _one_for_update(
    session: AsyncSession, found: Select[User, Membership, list[str], bool], missing: Refusal
) -> Member:
    locked = found.with_for_update(of=(User, Membership)).execution_options(populate_existing=True)
    member = await _one(session, locked, missing)
    preconditions.require_match(session, member)
    return member


async def lock_company(session: AsyncSession, tenant: str) -> Tenant:
    """The company, locked: who may what in it changes one deed after another, so that of two administrators who take
    each other's role one stays.
    """
    found = select(Tenant).where(Tenant.slug == tenant).with_for_update(key_share=True)
    return (await session.scalars(found)).one()


async def other_administrators(session: AsyncSession, tenant: str, user_id: int) -> int:
    """How many people but this one can act as the company's administrators; to be asked with the company locked."""
    administrators = select(func.count()).select_from(Membership).join(User, User.id == Membership.user_id)
    found = administrators.where(
        Membership.tenant == tenant,
        Membership.user_id != user_id,
        Membership.roles.contains([ADMINISTRATOR]),
        Membership.is_active,
        Membership.accepted_at.is_not(None),
        User.is_active,
        User.kind == "person",
    )
    return await session.scalar(found) or 0


async def opens_more(session: AsyncSession, user: User, tenant: str) -> bool:
    """Whether an account opens more than this company: the platform, or other companies."""
    elsewhere = select(Membership.tenant).where(
        Membership.user_id == user.id, Membership.tenant != tenant, Membership.accepted_at.is_not(None)
    )
    return user.is_operator or await session.scalar(elsewhere.limit(1)) is not None
