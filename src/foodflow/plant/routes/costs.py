"""HTTP interface of costs, and of what the company reckons with."""

from uuid import UUID

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.queries import costs as queries
from foodflow.plant.routes.addressing import BatchId
from foodflow.plant.schemas.costs import BatchCostsOut, CostOut, LabourIn, MaterialIn, SettingsIn, SettingsOut
from foodflow.plant.usecases import costs as usecases

router = guarded_router(tags=["costs"])


@router.get("/settings", dependencies=[needs("plant.read")], response_model=SettingsOut)
async def get_settings(session: Transaction) -> object:
    """What the company's plants reckon with."""
    nothing = SettingsOut(currency=None, labour_rate=None, updated_at=None, version=0)
    return await queries.settings(session) or nothing


@router.put("/settings", dependencies=[needs("plant.configure")], response_model=SettingsOut)
async def change_settings(session: Transaction, actor: CurrentActor, body: SettingsIn) -> object:
    """Say what the company's plants reckon with; the currency stays once an amount is recorded."""
    return await usecases.change_settings(session, actor, body.model_dump())


@router.get("/batches/{id}/costs", dependencies=[needs("plant.read")])
async def get_costs(session: Transaction, actor: CurrentActor, id: BatchId) -> BatchCostsOut:
    """What a batch cost by kind, in all, and for each good item."""
    return BatchCostsOut.of(await usecases.costs_of(session, actor, id))


@router.post("/batches/{id}/labour", status_code=201, dependencies=[needs("plant.run_batches")], response_model=CostOut)
async def record_labour(session: Transaction, actor: CurrentActor, id: BatchId, body: LabourIn) -> object:
    """Record what people cost."""
    return await usecases.record_labour(session, actor, id, **body.model_dump())


@router.post(
    "/batches/{id}/materials", status_code=201, dependencies=[needs("plant.run_batches")], response_model=CostOut
)
async def record_material(session: Transaction, actor: CurrentActor, id: BatchId, body: MaterialIn) -> object:
    """Record what material cost."""
    return await usecases.record_material(session, actor, id, **body.model_dump())


@router.get("/batch-costs/{id}", dependencies=[needs("plant.read")], response_model=CostOut)
async def get_cost(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A cost of a batch."""
    return await queries.cost(session, actor, id)


@router.delete("/batch-costs/{id}", status_code=204, dependencies=[needs("plant.run_batches")])
async def remove_cost(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Take out a cost that was recorded wrongly; the audit trail keeps what it was."""
    await usecases.remove_cost(session, actor, id)
