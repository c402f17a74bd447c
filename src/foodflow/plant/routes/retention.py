"""HTTP interface of retention."""

from typing import Annotated

from fastapi import Depends

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.queries import retention as queries
from foodflow.plant.rules.retention import Kept
from foodflow.plant.schemas.retention import OldOut, RetentionIn, RetentionOut
from foodflow.plant.schemas.shared import Query
from foodflow.plant.usecases import retention

router = guarded_router(prefix="/retention", tags=["retention"])


class _Asked(Query):
    preview: bool = False


@router.get("", dependencies=[needs("plant.read")], response_model=RetentionOut)
async def get_retention(session: Transaction) -> object:
    """How long the company keeps readings and their roll-ups."""
    return await queries.retention(session)


@router.put("", dependencies=[needs("plant.configure")], response_model=RetentionOut)
async def change_retention(
    session: Transaction, actor: CurrentActor, body: RetentionIn, asked: Annotated[_Asked, Depends()]
) -> object:
    """Keep readings and their roll-ups for so many days; what is older is removed the next night. With `preview=true`
    nothing is changed, and the answer says what would be removed.
    """
    kept = Kept(body.raw_kept_days, body.minutes_kept_days, body.hours_kept_days)
    if not asked.preview:
        return await retention.change_retention(session, actor, kept)
    removes = OldOut.model_validate(await retention.preview(session, actor, kept))
    present = RetentionOut.model_validate(await queries.retention(session))
    return present.model_copy(update=body.model_dump() | {"removes": removes})
