"""HTTP interface of activities, as the contract's clients call it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from foodflow.kernel import clock
from foodflow.kernel.http import CurrentActor, Transaction, needs, open_to_guests
from foodflow.live.queries import activities as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.activity_states import ActivityStatus
from foodflow.live.schemas.activities import (
    ActivitiesOut,
    ActivityIn,
    ActivityOut,
    ActivityPut,
    ActivityStatusOut,
)
from foodflow.live.schemas.contract import Limit, Offset
from foodflow.live.usecases import activities as usecases

router = contract_router(tags=["live activities"])


@router.post(
    "/sessions/{id}/activities",
    status_code=201,
    dependencies=[needs("live.facilitate")],
    response_model=ActivityOut,
)
async def add_activity(session: Transaction, actor: CurrentActor, id: int, body: ActivityIn) -> object:
    """Add an activity of any type, configured as it comes."""
    fields = body.model_dump(exclude={"status"}) | {"activity_metadata": {}}
    made = await usecases.add_activity(session, actor, id, fields, status=body.status or ActivityStatus.DRAFT)
    return ActivityOut.of(made, actor, clock.now())


@router.get(
    "/sessions/{id}/activities",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=ActivitiesOut,
)
async def list_activities(
    session: Transaction,
    actor: CurrentActor,
    id: int,
    *,
    offset: Annotated[Offset, Query()] = 0,
    limit: Annotated[Limit, Query()] = 100,
    status: ActivityStatus | None = None,
) -> object:
    """The activities of a session in order; none in one that does not exist."""
    if not await session_queries.is_there(session, actor, id):
        return ActivitiesOut(activities=[], total=0)
    now = clock.now()
    wanted = {"offset": offset, "limit": limit}
    found, total = await queries.page_of_activities(session, id, status=status, now=now, **wanted)
    return ActivitiesOut(activities=[ActivityOut.of(each, actor, now) for each in found], total=total)


@router.get(
    "/sessions/{id}/activities/active",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=ActivityOut | None,
)
async def get_current_activity(session: Transaction, actor: CurrentActor, id: int) -> object:
    """The activity that is open in a session, the one changed last where there are several; or null."""
    now = clock.now()
    if not await session_queries.is_there(session, actor, id):
        return None
    found = await queries.current_activity(session, id, now)
    return None if found is None else ActivityOut.of(found, actor, now)


@router.get(
    "/sessions/{id}/activities/{activity_id}/status",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=ActivityStatusOut,
)
async def get_activity_status(session: Transaction, actor: CurrentActor, id: int, activity_id: UUID) -> object:
    """Where an activity stands, and how much it was answered."""
    found = await queries.activity_of(session, actor, id, activity_id)
    return ActivityStatusOut.of(found, await queries.answered(session, activity_id), clock.now())


@router.get(
    "/activities/{activity_id}", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=ActivityOut
)
async def get_activity(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """An activity."""
    return ActivityOut.of(await queries.activity(session, actor, activity_id), actor, clock.now())


@router.put("/activities/{activity_id}", dependencies=[needs("live.facilitate")], response_model=ActivityOut)
async def change_activity(session: Transaction, actor: CurrentActor, activity_id: UUID, body: ActivityPut) -> object:
    """Change an activity; its configuration is replaced whole, its status goes from anything to anything."""
    changes = body.model_dump(exclude_none=True, exclude={"status"})
    changes |= {"config": body.config} if body.config is not None else {}
    changed = await usecases.change_activity(session, actor, activity_id, changes, status=body.status)
    return ActivityOut.of(changed, actor, clock.now())


@router.patch("/activities/{activity_id}/status", dependencies=[needs("live.facilitate")], response_model=ActivityOut)
async def change_activity_status(
    session: Transaction, actor: CurrentActor, activity_id: UUID, status: Annotated[ActivityStatus, Query()]
) -> object:
    """Change an activity's status from anything to anything."""
    changed = await usecases.change_activity(session, actor, activity_id, {}, status=status)
    return ActivityOut.of(changed, actor, clock.now())


@router.delete("/activities/{activity_id}", status_code=204, dependencies=[needs("live.facilitate")])
async def delete_activity(session: Transaction, actor: CurrentActor, activity_id: UUID) -> None:
    """Remove an activity with its answers."""
    await usecases.delete_activity(session, actor, activity_id)
