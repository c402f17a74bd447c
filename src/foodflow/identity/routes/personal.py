"""HTTP interface of personal data: asked for, and erased."""

from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.schemas.people import MemberId
from foodflow.identity.schemas.personal import ErasedOut, PersonalDataOut
from foodflow.identity.usecases import personal
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs

router = guarded_router(prefix="/api/v1/users", tags=["people"])


@router.get("/{id}/export", dependencies=[needs("identity.read_self")])
async def export_personal_data(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: DirectoryTransaction, request: Request, response: Response, actor: CurrentActor, id: MemberId
) -> PersonalDataOut:
    """All that the company holds about a person: oneself, or somebody whom one manages."""
    response.headers["Cache-Control"] = "no-store"
    return PersonalDataOut.of(await personal.export(session, actor, id, request.app.state.personal))


@router.post("/{id}/erase", dependencies=[needs("identity.manage_people")])
async def erase_person(session: DirectoryTransaction, request: Request, actor: CurrentActor, id: MemberId) -> ErasedOut:
    """Erase a person: their account, or their place in the company where the account opens more than that."""
    return ErasedOut(erased=await personal.erase(session, actor, id, request.app.state.forgetting))
