"""Measuring again what a change of the past has changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import jobs
from foodflow.plant.queries import batches as queries

MEASURE_BATCH = "plant.measure_completed_batch"
"""The job that measures a completed batch, and measures it again when something of its time is reported late."""


async def measure_again(session: AsyncSession, line_id: UUID, start: datetime, end: datetime | None) -> None:
    """Have the completed batches measured anew in whose time something from `start` to `end` has changed."""
    for batch in await queries.completed_between(session, line_id, start, end):
        await jobs.enqueue(session, MEASURE_BATCH, event={"batch_id": str(batch.id)})
