"""HTTP interface of set points and actuals."""

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.routes.addressing import BatchId
from foodflow.plant.schemas.parameters import ActualIn, ActualOut, ParameterOut, RecipeIn
from foodflow.plant.usecases import parameters as usecases

router = guarded_router(prefix="/batches", tags=["batches"])


@router.put("/{id}/parameters", dependencies=[needs("plant.run_batches")])
async def write_recipe(session: Transaction, actor: CurrentActor, id: BatchId, body: RecipeIn) -> list[ParameterOut]:
    """Write the whole recipe of a batch: its parameters with their set points and limits."""
    return [ParameterOut.of(each) for each in await usecases.write_recipe(session, actor, id, body.set_points)]


@router.get("/{id}/parameters", dependencies=[needs("plant.read")])
async def list_parameters(session: Transaction, actor: CurrentActor, id: BatchId) -> list[ParameterOut]:
    """A batch's parameters with their actuals."""
    return [ParameterOut.of(each) for each in await usecases.review(session, actor, id)]


@router.get("/{id}/deviations", dependencies=[needs("plant.read")])
async def list_deviations(session: Transaction, actor: CurrentActor, id: BatchId) -> list[ParameterOut]:
    """What somebody has to look at (review by exception): parameters that deviate or have no actual."""
    return [ParameterOut.of(each) for each in await usecases.deviations(session, actor, id)]


@router.post("/{id}/actuals", status_code=201, dependencies=[needs("plant.record")], response_model=ActualOut)
async def note_actual(session: Transaction, actor: CurrentActor, id: BatchId, body: ActualIn) -> object:
    """Note down the value of a parameter at a moment."""
    return await usecases.note_actual(session, actor, id, **body.model_dump())
