"""How paths name a batch: by its id or by its number."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path

from foodflow.kernel.http import CurrentActor, Transaction
from foodflow.plant.queries import batches as queries

Name = Annotated[str, Path(min_length=1, max_length=100, description="The batch's id or number")]


def as_id(name: str) -> UUID | None:
    """A name that is an id as UUIDs are written, or None."""
    try:
        id = UUID(name)
    except ValueError:
        return None
    return id if str(id) == name.lower() else None


async def _named_batch(session: Transaction, actor: CurrentActor, id: Name) -> UUID:
    found = as_id(id)
    return found if found is not None else (await queries.batch_numbered(session, actor, id)).id


BatchId = Annotated[UUID, Depends(_named_batch)]
"""The id of the batch that the path names."""
