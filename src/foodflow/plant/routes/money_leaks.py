"""HTTP interface of money leaks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import money_leaks as queries
from foodflow.plant.routes.spanning import Spanning
from foodflow.plant.schemas.money_leaks import (
    LeaksOfOut,
    LeaksOut,
    LeaksWanted,
    MoneyLeakIn,
    MoneyLeakOut,
    MoneyLeakPatch,
)
from foodflow.plant.tables.money_leaks import MoneyLeak
from foodflow.plant.usecases import money_leaks as usecases

router = guarded_router(prefix="/money-leaks", tags=["money leaks"])
_LIST = Spanning(queries.LISTING, MoneyLeak.period_start, MoneyLeak.period_end)


@router.post("", status_code=201, dependencies=[needs("plant.record")], response_model=MoneyLeakOut)
async def enter_leak(session: Transaction, actor: CurrentActor, body: MoneyLeakIn, response: Response) -> object:
    """Enter what a loss cost that nothing measures."""
    leak = await usecases.enter_leak(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/money-leaks/{leak.id}"
    return leak


@router.get("", dependencies=[needs("plant.read")], response_model=PageOf[MoneyLeakOut], openapi_extra=_LIST.openapi)
async def list_leaks(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(_LIST)]
) -> object:
    """Leaks that were entered (for periods that share time with a window), latest first."""
    return await listed(session, queries.money_leaks(actor), wanted, shape=MoneyLeakOut, request=request)


@router.get("/overview", dependencies=[needs("plant.read")])
async def get_leaks(session: Transaction, actor: CurrentActor, wanted: Annotated[LeaksWanted, Query()]) -> LeaksOut:
    """All that leaked in a window, computed from losses and entered, and the five lines that lose most."""
    return LeaksOut.of(await _asked(session, actor, wanted))


@router.get("/by-category", dependencies=[needs("plant.read")])
async def get_leaks_by_category(
    session: Transaction, actor: CurrentActor, wanted: Annotated[LeaksWanted, Query()]
) -> list[LeaksOfOut]:
    """What leaked in a window by category, computed from losses and entered told apart."""
    leaks = await _asked(session, actor, wanted)
    return [LeaksOfOut.of(row, leaks) for row in leaks.rows]


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=MoneyLeakOut)
async def get_leak(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A leak that was entered."""
    return await queries.money_leak(session, actor, id)


@router.patch("/{id}", dependencies=[needs("plant.record")], response_model=MoneyLeakOut)
async def change_leak(session: Transaction, actor: CurrentActor, id: UUID, body: MoneyLeakPatch) -> object:
    """Change a leak that was entered; its amount is computed anew."""
    return await usecases.change_leak(session, actor, id, body.given())


@router.delete("/{id}", status_code=204, dependencies=[needs("plant.record")])
async def delete_leak(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Take out a leak that was entered wrongly."""
    await usecases.delete_leak(session, actor, id)


async def _asked(session: Transaction, actor: CurrentActor, wanted: LeaksWanted) -> usecases.Leaks:
    return await usecases.leaks(
        session,
        actor,
        start=wanted.start_time,
        end=wanted.end_time,
        sites=wanted.plant_name,
        include_entered=wanted.include_entered,
    )
