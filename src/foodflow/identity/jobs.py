"""Jobs of identity."""

from foodflow.identity.usecases import tokens
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.jobs import PlatformJob


async def forget_expired_tokens(database: Database) -> None:
    """Remove expired tokens, a thousand in a transaction."""
    while True:
        async with platform_transaction(database) as session:
            if not await tokens.forget_expired(session):
                return


PERIODIC = (PlatformJob("identity.forget_expired_tokens", "17 3 * * *", forget_expired_tokens),)
