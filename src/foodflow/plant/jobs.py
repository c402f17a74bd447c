"""Jobs of the plant."""

from typing import Any
from uuid import UUID

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.jobs import Job
from foodflow.plant.events.batches import BatchCompleted
from foodflow.plant.usecases import batches
from foodflow.plant.usecases.remeasuring import MEASURE_BATCH


async def measure_completed_batch(database: Database, actor: Actor, *, event: dict[str, Any]) -> None:
    """Measure the effectiveness of a batch that was completed, or of whose time something was reported late."""
    async with tenant_transaction(database, actor) as session:
        await batches.measure_batch(session, actor, UUID(event["batch_id"]))


JOBS = (Job(MEASURE_BATCH, measure_completed_batch, after=frozenset({BatchCompleted.type})),)
