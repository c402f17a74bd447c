"""Jobs of the plant."""

from typing import Any
from uuid import UUID

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.jobs import Job, PlatformJob, enqueue_for_all, enqueue_where_used
from foodflow.plant.events.batches import BatchCompleted
from foodflow.plant.queries.packing import keys_to_pack
from foodflow.plant.tables.watches import WatchState
from foodflow.plant.usecases import batches, effectiveness, flooding, packing, watching


async def measure_completed_batch(database: Database, actor: Actor, *, event: dict[str, Any]) -> None:
    """Measure the effectiveness of a batch that was completed, or of whose time something was reported late."""
    async with tenant_transaction(database, actor) as session:
        await batches.measure_batch(session, actor, UUID(event["batch_id"]))


async def look_after_alarms(database: Database, actor: Actor) -> None:
    """Raise alarms for sensors that have fallen silent, and end floods that are over."""
    async with tenant_transaction(database, actor) as session:
        await watching.notice_silence(session, actor)
        await flooding.end_floods(session)


async def have_alarms_looked_after(database: Database) -> None:
    """Have the alarms looked after of each company that has ever had a reading."""
    async with platform_transaction(database) as session:
        await enqueue_where_used(session, LOOK_AFTER_ALARMS, table=WatchState.__tablename__)


async def pack_readings(database: Database, actor: Actor, *, least: int = packing.LOOSE) -> None:
    """Pack the readings of each sensor that has at least so many small blocks, each day in a transaction of its own."""
    async with tenant_transaction(database, actor) as session:
        keys = await keys_to_pack(session, least)
    for key in keys:
        is_left = True
        while is_left:
            async with tenant_transaction(database, actor) as session:
                is_left = await packing.pack_some(session, key)


async def make_months(database: Database, actor: Actor) -> None:
    """Make the months to come before readings of them arrive."""
    async with tenant_transaction(database, actor) as session:
        await packing.make_months_ahead(session)


async def tidy_readings(database: Database) -> None:
    """Have the months to come made, and what few small blocks are left of the day packed, in every company."""
    async with platform_transaction(database) as session:
        await enqueue_for_all(session, packing.MAKE_MONTHS)
        await enqueue_for_all(session, packing.PACK, least=1)


LOOK_AFTER_ALARMS = "plant.look_after_alarms"
JOBS = (
    Job(effectiveness.MEASURE_BATCH, measure_completed_batch, after=frozenset({BatchCompleted.type})),
    Job(packing.PACK, pack_readings),
    Job(packing.MAKE_MONTHS, make_months),
    Job(LOOK_AFTER_ALARMS, look_after_alarms, attempts=1),
)
PERIODIC = (
    PlatformJob("plant.tidy_readings", "7 1 * * *", tidy_readings),
    PlatformJob("plant.have_alarms_looked_after", "* * * * *", have_alarms_looked_after),
)
