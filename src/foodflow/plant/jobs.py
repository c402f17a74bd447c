"""Jobs of the plant."""

from typing import Any
from uuid import UUID

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.jobs import Job, PlatformJob, enqueue_where_used
from foodflow.plant.events.batches import BatchCompleted
from foodflow.plant.tables.watches import WatchState
from foodflow.plant.usecases import batches, effectiveness, flooding, watching


async def measure_completed_batch(database: Database, actor: Actor, *, event: dict[str, Any]) -> None:
    """Measure the effectiveness of a batch that was completed, or of whose time something was reported late."""
    async with tenant_transaction(database, actor) as session:
        await batches.measure_batch(session, actor, UUID(event["batch_id"]))


async def look_after_alarms(database: Database, actor: Actor) -> None:
    """Raise alarms for sensors that have fallen silent, and end floods that are over."""
    async with tenant_transaction(database, actor) as session:
        await watching.notice_silence(session)
        await flooding.end_floods(session)


async def have_alarms_looked_after(database: Database) -> None:
    """Have the alarms looked after of each company that has ever had a reading."""
    async with platform_transaction(database) as session:
        await enqueue_where_used(session, LOOK_AFTER_ALARMS, table=WatchState.__tablename__)


LOOK_AFTER_ALARMS = "plant.look_after_alarms"
JOBS = (
    Job(effectiveness.MEASURE_BATCH, measure_completed_batch, after=frozenset({BatchCompleted.type})),
    Job(LOOK_AFTER_ALARMS, look_after_alarms, attempts=1),
)
PERIODIC = (PlatformJob("plant.have_alarms_looked_after", "* * * * *", have_alarms_looked_after),)
