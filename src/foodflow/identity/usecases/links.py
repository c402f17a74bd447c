"""Links that are mailed: found, used once, and ended by the next one."""

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import passwords as queries
from foodflow.identity.queries import tokens as token_queries
from foodflow.identity.queries.passwords import Link
from foodflow.identity.rules.people import BadLink
from foodflow.kernel import clock, credentials


async def find(session: AsyncSession, kind: str, secret: str) -> Link:
    """Whose link this is, or a refusal; it can be used up meanwhile."""
    link = await queries.link(session, kind, credentials.secret_hash(secret))
    if link is None:
        raise BadLink
    return link


async def use(session: AsyncSession, kind: str, secret: str) -> None:
    """Use a link up; refuses who comes second."""
    token = await token_queries.token_for_update(session, kind, credentials.secret_hash(secret))
    if token is None or token.used_at is not None or token.revoked_at is not None or token.expires_at <= clock.now():
        raise BadLink
    token.used_at = clock.now()


async def end(session: AsyncSession, kind: str, user_id: int, tenant: str | None = None) -> None:
    """End the links of a kind that somebody has, or those that one company has sent."""
    for token in await token_queries.tokens_of_user_for_update(session, user_id, kind):
        if tenant in {None, token.tenant}:
            token.revoked_at = clock.now()
