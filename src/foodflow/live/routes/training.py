"""HTTP interface of records of training."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.live.queries import training as queries
from foodflow.live.rules.training import require_person
from foodflow.live.schemas.training import AssignedOut, PersonIn, TrainingRecordOut
from foodflow.live.usecases import training as usecases

router = guarded_router(tags=["training"])


@router.get(
    "/training-records",
    dependencies=[needs("live.read_training")],
    response_model=PageOf[TrainingRecordOut],
    openapi_extra=queries.LISTING.openapi,
)
async def list_training_records(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """Who attended what, the latest first."""
    return await listed(session, queries.records(actor), wanted, shape=TrainingRecordOut, request=request)


@router.get(
    "/training-records/mine",
    dependencies=[needs("live.take_part")],
    response_model=PageOf[TrainingRecordOut],
    openapi_extra=queries.LISTING.openapi,
)
async def list_my_training_records(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """What one has attended oneself, the latest first."""
    found = queries.records_of(require_person(actor))
    return await listed(session, found, wanted, shape=TrainingRecordOut, request=request)


@router.get("/training-records/{id}", dependencies=[needs("live.read_training")], response_model=TrainingRecordOut)
async def get_training_record(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A record."""
    return await queries.record(session, actor, id)


@router.post("/sessions/{id}/participants/{participant_id}/person", dependencies=[needs("live.facilitate")])
async def assign_person(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: int, participant_id: int, body: PersonIn
) -> AssignedOut:
    """Say which person of the company has a guest's place; of a session that is over, their attendance is recorded."""
    return AssignedOut.of(await usecases.assign_person(session, actor, id, participant_id, user_id=body.user_id))
