"""Jobs of live sessions."""

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.jobs import Job, PlatformJob, enqueue_where_used
from foodflow.live.queries.activities import sessions_due
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases.leading import close_due

CLOSE_DUE = "live.close_due"
_AT_ONCE = 500


async def close_due_activities(database: Database, actor: Actor) -> None:
    """Do what the clock has to do in every session of a company in which nobody who looks on has had it done."""
    async with tenant_transaction(database, actor) as session:
        ids = await sessions_due(session, clock.now(), most=_AT_ONCE)
    for id in ids:
        async with tenant_transaction(database, actor) as session:
            await close_due(session, actor, id, clock.now())


async def have_activities_closed(database: Database) -> None:
    """Have the clock looked at in each company that has ever had an activity."""
    async with platform_transaction(database) as session:
        await enqueue_where_used(session, CLOSE_DUE, table=LiveActivity.__tablename__)


JOBS = (Job(CLOSE_DUE, close_due_activities, attempts=1),)
PERIODIC = (PlatformJob("live.have_activities_closed", "* * * * *", have_activities_closed),)
