"""Open invitations, and whom an address belongs to."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.members import Member, lock_company
from foodflow.identity.queries.people import OWN_PERMISSIONS
from foodflow.identity.rules.people import InvitationNotFound
from foodflow.identity.rules.roles import permissions_of
from foodflow.identity.tables import Membership, Token, User
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch

LISTING = Listing(
    key=User.id,
    order="-created_at",
    filters={"role": Filter(Membership.roles)},
    orderings={"created_at": Membership.created_at, "email": User.email},
    searches=(User.email,),
)


def _invited(tenant: str) -> Select[User, Membership, list[str]]:
    found = select(User, Membership, OWN_PERMISSIONS).join(Membership, Membership.user_id == User.id)
    return found.where(Membership.tenant == tenant, Membership.accepted_at.is_(None))


async def invitations(session: AsyncSession, tenant: str, wanted: Wanted) -> Page[Member]:
    """A page of those who are invited to a company."""
    page = await fetch(session, _invited(tenant).with_only_columns(User.id), wanted)
    rows = await session.execute(_invited(tenant).where(User.id.in_(page.rows)))
    invited = {user.id: _member(user, place, own) for user, place, own in rows}
    return Page(page.count, [invited[id] for id in page.rows if id in invited])


async def invitation(session: AsyncSession, tenant: str, user_id: int) -> Member:
    """Somebody who is invited to a company, or a refusal."""
    return await _one(session, _invited(tenant).where(User.id == user_id))


async def invitation_for_update(session: AsyncSession, tenant: str, user_id: int) -> Member:
    """Somebody who is invited to a company, locked after the company."""
    await lock_company(session, tenant)
    found = _invited(tenant).where(User.id == user_id).with_for_update(of=(User, Membership))
    return await _one(session, found.execution_options(populate_existing=True))


async def _one(session: AsyncSession, found: Select[User, Membership, list[str]]) -> Member:
    row = (await session.execute(found)).first()
    if row is None:
        raise InvitationNotFound("there is no such open invitation")
    return _member(*row)


def _member(user: User, place: Membership, own_permissions: list[str]) -> Member:
    return Member(user, place, permissions_of(place.roles) | frozenset(own_permissions), has_second_factor=False)


async def person_of_address_for_update(session: AsyncSession, email: str) -> User | None:
    """The person of an e-mail address, locked; and the address itself, so that of two who find nobody at once one waits
    and then finds whom the other has added.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"identity.email {email}", 0))))
    return (
        await session.scalars(select(User).where(User.email == email, User.kind == "person").with_for_update())
    ).first()


async def has_a_place(session: AsyncSession, user_id: int) -> bool:
    """Whether somebody is part of any company, or invited to one."""
    return await session.scalar(select(Membership.tenant).where(Membership.user_id == user_id).limit(1)) is not None


async def has_accepted(session: AsyncSession, user_id: int) -> bool:
    """Whether somebody is part of any company, so that their account is theirs already."""
    accepted = select(Membership.tenant).where(Membership.user_id == user_id, Membership.accepted_at.is_not(None))
    return await session.scalar(accepted.limit(1)) is not None


async def tokens_of_for_update(session: AsyncSession, user_id: int) -> Sequence[Token]:
    """Every secret that somebody was ever given and that is still kept, locked."""
    return (await session.scalars(select(Token).where(Token.user_id == user_id).with_for_update())).all()
