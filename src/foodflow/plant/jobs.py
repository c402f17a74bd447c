"""Jobs of the plant."""

from typing import Any
from uuid import UUID

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.jobs import Job, PlatformJob, enqueue_for_all, enqueue_where_used
from foodflow.plant.events.batches import BatchCompleted
from foodflow.plant.queries.packing import keys_to_pack
from foodflow.plant.queries.retention import HOURS, MINUTES, READINGS
from foodflow.plant.tables.watches import WatchState
from foodflow.plant.usecases import batches, flooding, packing, retention, rollups, watching
from foodflow.plant.usecases.remeasuring import MEASURE_BATCH


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


async def roll_up(database: Database, actor: Actor) -> None:
    """Roll up every hour that is over and marked, in many transactions; whatever sensors somebody else has locked come
    last, each by itself, so that waiting for one holds up nobody who waits for another.
    """
    last, busy = 0, list[int]()
    while True:
        async with tenant_transaction(database, actor) as session:
            keys = list(await rollups.due(session, after=last))
        if not keys:
            break
        last = keys[-1]
        while keys:
            async with tenant_transaction(database, actor) as session:
                portion = await rollups.roll_up_some(session, keys)
            keys, busy = portion.unfinished, busy + portion.busy
    for key in busy:
        more = [key]
        while more:
            async with tenant_transaction(database, actor) as session:
                more = (await rollups.roll_up_some(session, more, wait=True)).unfinished


async def ask_to_roll_up(database: Database) -> None:
    """Have every company's hours rolled up: those of the hour that has just ended, and what nobody was asked for."""
    async with platform_transaction(database) as session:
        await enqueue_for_all(session, rollups.ROLL_UP)


async def apply_retention(database: Database, actor: Actor) -> None:
    """Remove what the company keeps no longer, readings first: whole months, then what is left of their days."""
    await _remove_months(database, actor, READINGS)
    await _remove_old_readings(database, actor)
    for table in (MINUTES, HOURS):
        await _remove_months(database, actor, table)
        more = True
        while more:
            async with tenant_transaction(database, actor) as session:
                more = await retention.remove_some(session, table)


async def _remove_months(database: Database, actor: Actor, table: str) -> None:
    async with tenant_transaction(database, actor) as session:
        months = await retention.old_months_of(session, table)
    for month in months:
        async with tenant_transaction(database, actor) as session:
            await retention.remove_month(session, actor, table, month)


async def _remove_old_readings(database: Database, actor: Actor) -> None:
    last = 0
    while True:
        async with tenant_transaction(database, actor) as session:
            keys = await retention.sensors_with_old_readings(session, after=last)
        if not keys:
            return
        for last in keys:
            more = True
            while more:
                async with tenant_transaction(database, actor) as session:
                    more = await retention.remove_some_readings(session, last)


async def ask_to_apply_retention(database: Database) -> None:
    """Have what every company keeps no longer removed."""
    async with platform_transaction(database) as session:
        await enqueue_for_all(session, retention.APPLY)


JOBS = (
    Job(MEASURE_BATCH, measure_completed_batch, after=frozenset({BatchCompleted.type})),
    Job(packing.PACK, pack_readings),
    Job(packing.MAKE_MONTHS, make_months),
    Job(rollups.ROLL_UP, roll_up),
    Job(retention.APPLY, apply_retention),
    Job(LOOK_AFTER_ALARMS, look_after_alarms, attempts=1),
)
PERIODIC = (
    PlatformJob("plant.tidy_readings", "7 1 * * *", tidy_readings),
    PlatformJob("plant.ask_to_roll_up", "2-59/10 * * * *", ask_to_roll_up),
    PlatformJob("plant.ask_to_apply_retention", "22 1 * * *", ask_to_apply_retention),
    PlatformJob("plant.have_alarms_looked_after", "* * * * *", have_alarms_looked_after),
)
