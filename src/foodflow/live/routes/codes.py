"""HTTP interface of the codes that lead to live sessions."""

from io import BytesIO
from typing import Annotated, Any

import segno
from fastapi import Query, Response
from starlette.requests import Request

from foodflow.kernel.http import CurrentActor, Transaction, needs, open_to_guests
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import sessions as queries
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.sessions import CodeTypeUnknown, require_admitted
from foodflow.live.schemas.sessions import SessionOut

router = contract_router(prefix="/sessions", tags=["live sessions"])
_SVG: dict[int | str, dict[str, Any]] = {200: {"description": "The code", "content": {"image/svg+xml": {}}}}


@router.get("/code/{code}", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=SessionOut)
async def get_session_by_code(
    session: Transaction,
    actor: CurrentActor,
    code: str,
    code_type: Annotated[str, Query(description="`qr` or `admin`")] = "qr",
) -> object:
    """The session of a join code, without its codes, or of a facilitator's code."""
    if code_type not in {"qr", "admin"}:
        raise CodeTypeUnknown("code_type is qr or admin")
    by_code = {"qr": queries.session_of_join_code, "admin": queries.session_of_admin_code}[code_type]
    found = await by_code(session, actor, code)
    require_admitted(actor, found.id, found.admission)
    count = await activity_queries.count_of(session, found.id)
    return SessionOut.of(found, count, actor, with_codes=code_type == "admin")


@router.get("/{id}/qr.svg", dependencies=[needs("live.read")], response_class=Response, responses=_SVG)
async def draw_code(session: Transaction, actor: CurrentActor, request: Request, id: int) -> Response:
    """The QR code that leads to a session's page for joining."""
    found = await queries.live_session(session, actor, id)
    address = f"{request.app.state.settings.public_url}/join/{found.qr_code}"
    drawn = BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", scale=8, border=4)
    return Response(drawn.getvalue(), media_type="image/svg+xml")
