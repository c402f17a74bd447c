"""HTTP interface of trials. Deeds are POSTs, and PUT or DELETE where programs of before call them so."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import trials as queries
from foodflow.plant.schemas.trials import (
    CancelWanted,
    FindingsIn,
    TrialIn,
    TrialMomentIn,
    TrialOut,
    TrialPatch,
    TrialPut,
)
from foodflow.plant.usecases import trials as usecases

router = guarded_router(prefix="/trials", tags=["trials"])


@router.post("", status_code=201, dependencies=[needs("plant.run_batches")], response_model=TrialOut)
async def create_trial(session: Transaction, actor: CurrentActor, body: TrialIn, response: Response) -> object:
    """Plan a trial."""
    trial = await usecases.create_trial(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/trials/{trial.id}"
    return trial


@router.get(
    "", dependencies=[needs("plant.read")], response_model=PageOf[TrialOut], openapi_extra=queries.LISTING.openapi
)
async def list_trials(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """Trials, latest first."""
    return await listed(session, queries.trials(actor), wanted, shape=TrialOut, request=request)


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=TrialOut)
async def get_trial(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A trial."""
    return await queries.trial(session, actor, id)


@router.get("/by-number/{number:path}", dependencies=[needs("plant.read")], response_model=TrialOut)
async def get_trial_by_number(session: Transaction, actor: CurrentActor, number: str) -> object:
    """The trial of a trial number."""
    return await queries.trial_numbered(session, actor, number)


@router.put("/{id}", dependencies=[needs("plant.run_batches")], response_model=TrialOut)
async def replace_trial(session: Transaction, actor: CurrentActor, id: UUID, body: TrialPut) -> object:
    """Say anew all that can be changed of a trial."""
    return await usecases.change_trial(session, actor, id, body.model_dump())


@router.patch("/{id}", dependencies=[needs("plant.run_batches")], response_model=TrialOut)
async def change_trial(session: Transaction, actor: CurrentActor, id: UUID, body: TrialPatch) -> object:
    """Change what is known of a trial."""
    return await usecases.change_trial(session, actor, id, body.given())


@router.put("/{id}/start", dependencies=[needs("plant.run_batches")], response_model=TrialOut, name="put_start_trial")
@router.post("/{id}/start", dependencies=[needs("plant.run_batches")], response_model=TrialOut)
async def start_trial(session: Transaction, actor: CurrentActor, id: UUID, body: TrialMomentIn | None = None) -> object:
    """Start a planned trial."""
    return await usecases.start_trial(session, actor, id, at=body.at if body else None)


@router.put(
    "/{id}/complete", dependencies=[needs("plant.run_batches")], response_model=TrialOut, name="put_complete_trial"
)
@router.post("/{id}/complete", dependencies=[needs("plant.run_batches")], response_model=TrialOut)
async def complete_trial(session: Transaction, actor: CurrentActor, id: UUID, body: FindingsIn | None = None) -> object:
    """Complete a trial, with what was found out."""
    findings = body or FindingsIn()
    return await usecases.complete_trial(session, actor, id, at=findings.at, findings=findings.given())


@router.delete(
    "/{id}/cancel", dependencies=[needs("plant.run_batches")], response_model=TrialOut, name="delete_cancel_trial"
)
@router.post("/{id}/cancel", dependencies=[needs("plant.run_batches")], response_model=TrialOut)
async def cancel_trial(
    session: Transaction, actor: CurrentActor, id: UUID, wanted: Annotated[CancelWanted, Query()]
) -> object:
    """Give up a trial that is not over."""
    return await usecases.cancel_trial(session, actor, id, reason=wanted.reason)
