"""API keys, found by their prefixes."""

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.people import Person, people, person
from foodflow.identity.tables import ApiKey, Membership, User
from foodflow.kernel import clock


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
