"""Jobs of the event log: what is older than a company keeps it is removed at night, company by company."""

from datetime import timedelta

from sqlalchemy import text

from foodflow.kernel import clock, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.event_log import keeping
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.kernel.webhooks import usecases as webhooks

FORGET = "events.forget_kept"
DELIVERED_KEPT = timedelta(days=30)
DEAD_KEPT = timedelta(days=90)

_TENANTS = text("SELECT slug FROM platform.tenants WHERE suspended_at IS NULL ORDER BY slug")


async def forget_kept(database: Database, actor: Actor) -> None:
    """Remove a company's old events and deliveries."""
    await keeping.forget(database, actor)
    now = clock.now()
    async with tenant_transaction(database, actor) as session:
        await webhooks.forget_ended(session, delivered_before=now - DELIVERED_KEPT, dead_before=now - DEAD_KEPT)


async def forget_of_all(database: Database) -> None:
    """Have each company's old events removed."""
    async with platform_transaction(database) as session:
        for tenant in (await session.scalars(_TENANTS)).all():
            await jobs.enqueue_for(session, tenant, FORGET)


JOBS = (Job(FORGET, forget_kept),)
PERIODIC = (PlatformJob("events.forget_kept_of_all", "7 2 * * *", forget_of_all),)
