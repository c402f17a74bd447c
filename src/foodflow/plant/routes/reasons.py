"""HTTP interface of reasons."""

from uuid import UUID

from fastapi import Response

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.queries import reasons as queries
from foodflow.plant.schemas.reasons import Branch, ReasonIn, ReasonOut, ReasonPatch, tree_of
from foodflow.plant.usecases import reasons as usecases

router = guarded_router(prefix="/stop-reasons", tags=["downtimes"])


@router.get("", dependencies=[needs("plant.read")])
async def list_reasons(session: Transaction) -> list[Branch]:
    """All reasons of the company as a tree, by code."""
    return tree_of(await queries.reasons(session))


@router.post("", status_code=201, dependencies=[needs("plant.configure")], response_model=ReasonOut)
async def create_reason(session: Transaction, actor: CurrentActor, body: ReasonIn, response: Response) -> object:
    """Hang a reason into the tree."""
    reason = await usecases.create_reason(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/stop-reasons/{reason.id}"
    return reason


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=ReasonOut)
async def get_reason(session: Transaction, id: UUID) -> object:
    """A reason."""
    return await queries.reason(session, id)


@router.patch("/{id}", dependencies=[needs("plant.configure")], response_model=ReasonOut)
async def change_reason(session: Transaction, actor: CurrentActor, id: UUID, body: ReasonPatch) -> object:
    """Change a reason, hang it elsewhere, or take it out of use."""
    return await usecases.change_reason(session, actor, id, body.given())


@router.delete("/{id}", status_code=204, dependencies=[needs("plant.configure")])
async def delete_reason(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Remove a reason that nothing has."""
    await usecases.delete_reason(session, actor, id)
