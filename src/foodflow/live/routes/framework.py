"""HTTP interface of the kinds of activity, and of activities that are one of them."""

from uuid import UUID

from foodflow.kernel import clock
from foodflow.kernel.http import CurrentActor, Transaction, needs, open_to_all
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.activities.registry import KINDS, kind_named
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.schemas.activities import (
    ActivityOut,
    KindIn,
    KindOut,
    KindsOut,
    SchemaOut,
    TransitionIn,
    ValidateIn,
    ValidityOut,
)
from foodflow.live.usecases import activities as usecases

router = contract_router(tags=["live activities"])


@router.get("/activities/types", dependencies=[open_to_all(GUESTS)], response_model=KindsOut)
async def list_kinds() -> object:
    """The kinds of activity that there are."""
    return KindsOut(activity_types=[KindOut.of(kind) for kind in KINDS.values()])


@router.get("/activities/types/{type}/schema", dependencies=[open_to_all(GUESTS)], response_model=SchemaOut)
async def get_schema(type: str) -> object:  # noqa: A002 - the contract's name
    """The JSON Schema of a kind's configuration."""
    return {"activity_type": type, "schema": kind_named(type).schema()}


@router.post("/activities/validate", dependencies=[needs("live.facilitate")], response_model=ValidityOut)
async def validate_configuration(body: ValidateIn) -> object:
    """What is wrong with a configuration."""
    faults = usecases.faults_of(body.activity_type, body.configuration)
    return ValidityOut(valid=not faults, errors=faults, warnings=[])


@router.post(
    "/sessions/{id}/activities/framework",
    status_code=201,
    dependencies=[needs("live.facilitate")],
    response_model=ActivityOut,
)
async def add_kind(session: Transaction, actor: CurrentActor, id: int, body: KindIn) -> object:
    """Add an activity of a kind that there is, as a draft."""
    fields = body.model_dump(exclude={"activity_type", "configuration"})
    fields |= {"type": body.activity_type, "config": body.configuration}
    return ActivityOut.of(await usecases.add_kind(session, actor, id, fields), actor, clock.now())


@router.post(
    "/activities/{activity_id}/transition", dependencies=[needs("live.facilitate")], response_model=ActivityOut
)
async def move_activity(session: Transaction, actor: CurrentActor, activity_id: UUID, body: TransitionIn) -> object:
    """Move an activity along: from a draft to published, from there to active or back, and from active to expired."""
    target, why = ActivityState(body.target_state), body.reason or ""
    moved = await usecases.move_activity(session, actor, activity_id, target, reason=why, force=body.force)
    return ActivityOut.of(moved, actor, clock.now())
