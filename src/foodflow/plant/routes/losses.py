"""HTTP interface of effectiveness and losses over many lines."""

from typing import Annotated

from fastapi import Query

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.schemas.losses import EffectivenessAnswer, LossAnswer, LossesWanted
from foodflow.plant.usecases import losses

router = guarded_router(tags=["effectiveness"])


@router.get("/oee", dependencies=[needs("plant.read")])
async def get_effectiveness(
    session: Transaction, actor: CurrentActor, wanted: Annotated[LossesWanted, Query()]
) -> EffectivenessAnswer:
    """Effectiveness (ISO 22400-2) over a window, by line, site, product, shift or day: summed as elements, never
    averaged.
    """
    return EffectivenessAnswer.of(await losses.answer(session, actor, wanted.question()))


@router.get("/losses", dependencies=[needs("plant.read")])
async def get_losses(session: Transaction, actor: CurrentActor, wanted: Annotated[LossesWanted, Query()]) -> LossAnswer:
    """The six big losses over a window in minutes and money, by line, site, product, shift or day, and why lines
    stood.
    """
    return LossAnswer.of(await losses.answer(session, actor, wanted.question()))
