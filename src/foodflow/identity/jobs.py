"""Jobs of identity."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.public import passwords
from foodflow.identity.usecases import lockouts, refusals, tokens
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.kernel.mail import Postbox
from foodflow.kernel.sealing import Sealer


async def record_refusal(
    database: Database, actor: Actor, *, user_id: int | None, address: str, at: str, shut: bool
) -> None:
    """Write down that somebody failed to prove who they are; there is nothing to write of names that nobody bears."""
    if user_id is None:
        return
    async with tenant_transaction(database, actor) as session:
        refusals.record(session, actor, user_id=user_id, address=address, at=datetime.fromisoformat(at), shut=shut)


def helping_job(postbox: Postbox, sealer: Sealer) -> Job:
    """The job that helps who forgot their password."""

    async def help_who_forgot(database: Database, actor: Actor, sealed: str) -> None:
        await passwords.help_who_forgot(database, sealed, postbox=postbox, sealer=sealer, default=actor.tenant)

    return Job(passwords.HELP_WHO_FORGOT, help_who_forgot)


async def forget_expired_tokens(database: Database) -> None:
    """Remove expired tokens, a thousand in a transaction."""
    await _forget(database, tokens.forget_expired)


async def forget_old_failures(database: Database) -> None:
    """Remove failures that are too old to count, a thousand in a transaction."""
    await _forget(database, lockouts.forget_old)


async def _forget(database: Database, forget_some: Callable[[AsyncSession], Awaitable[int]]) -> None:
    while True:
        async with platform_transaction(database) as session:
            if not await forget_some(session):
                return


JOBS = (Job(refusals.RECORD_REFUSAL, record_refusal),)
PERIODIC = (
    PlatformJob("identity.forget_expired_tokens", "17 3 * * *", forget_expired_tokens),
    PlatformJob("identity.forget_old_failures", "27 3 * * *", forget_old_failures),
)
