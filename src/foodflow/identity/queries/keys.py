"""API keys, found by their prefixes, and for those who may see them."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.people import Person, people, person
from foodflow.identity.rules.keys import KeyNotFound
from foodflow.identity.rules.people import number_of
from foodflow.identity.tables import ApiKey, Membership, User
from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch

LISTING = Listing(
    key=ApiKey.id,
    order="-created_at",
    filters={"owner_id": Filter(ApiKey.user_id, int)},
    orderings={
        "created_at": ApiKey.created_at,
        "expires_at": ApiKey.expires_at,
        "last_used_at": ApiKey.last_used_at,
        "name": ApiKey.name,
    },
    searches=(ApiKey.name, ApiKey.prefix),
)


async def holder_of_key(session: AsyncSession, prefix: str) -> tuple[Person, ApiKey] | None:
    """Whom the key of a prefix acts for, while it holds, and the key."""
    found = people().add_columns(ApiKey).join(ApiKey, ApiKey.user_id == User.id)
    valid = found.where(
        ApiKey.prefix == prefix,
        ApiKey.tenant == Membership.tenant,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > clock.now()),
    )
    row = (await session.execute(valid)).first()
    return None if row is None else (person(row), row[5])


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """One's own keys, or all of the company."""
    return true() if actor.may("identity.manage_keys") else ApiKey.user_id == number_of(actor)


async def keys_seen_by(session: AsyncSession, actor: Actor, wanted: Wanted) -> Page[ApiKey]:
    """A page of the keys that the caller may see and that were not revoked."""
    found = select(ApiKey).where(ApiKey.tenant == actor.tenant, ApiKey.revoked_at.is_(None), _seen_by(actor))
    return await fetch(session, found, wanted)


async def key_seen_by(session: AsyncSession, actor: Actor, id: UUID) -> ApiKey:
    """A key that the caller may see and that was not revoked, or a refusal."""
    return await _one(session, actor, id, lock=False)


async def key_seen_by_for_update(session: AsyncSession, actor: Actor, id: UUID) -> ApiKey:
    """A key that the caller may see and that was not revoked, locked."""
    return await _one(session, actor, id, lock=True)


async def _one(session: AsyncSession, actor: Actor, id: UUID, *, lock: bool) -> ApiKey:
    found = select(ApiKey).where(ApiKey.id == id, ApiKey.tenant == actor.tenant, ApiKey.revoked_at.is_(None))
    seen = found.where(_seen_by(actor))
    key = (await session.scalars(seen.with_for_update() if lock else seen)).first()
    if key is None:
        raise KeyNotFound(f"there is no key {id}")
    return key
