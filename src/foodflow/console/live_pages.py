"""The pages of live sessions: coming in, taking part, the wall, leading, and the list of all of them.

What changes while one looks comes over the session's socket, and what one does goes to the HTTP interface; the server
renders what is there at first.
"""

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from foodflow.console.frame import CurrentVisit, Visit, framed
from foodflow.console.pages import PageRoute, page, page_with_forms, redirect
from foodflow.identity.public import people
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.errors import NotFound
from foodflow.kernel.http import CurrentActor, needs, open_to_all, open_to_guests
from foodflow.kernel.http.routers import Router
from foodflow.live.public import views as live
from foodflow.plant import public as plant

PAGE_SIZE: Final = 50
_HALL: Final = "60000/minute"
"""How often those may open a page whom nobody knows: a whole hall stands behind one address."""
_GUESTS: Final = open_to_guests("live.take_part", _HALL)
_READ: Final = needs("live.read")
PURPOSES: Final = {
    live.Purpose.GENERAL: "General",
    live.Purpose.SHIFT_HANDOVER: "Shift hand-over",
    live.Purpose.TOOLBOX_TALK: "Toolbox talk",
    live.Purpose.HACCP_QUIZ: "HACCP quiz",
    live.Purpose.TRAINING: "Training",
}
STATUSES: Final = {
    live.SessionStatus.DRAFT: "Not started",
    live.SessionStatus.ACTIVE: "Going on",
    live.SessionStatus.COMPLETED: "Over",
}
PageNumber = Annotated[int, Query(ge=1, le=10_000)]
Text = Annotated[str, Query(max_length=255)]

router = Router(route_class=PageRoute, include_in_schema=False)


@router.get("/join", dependencies=[open_to_all(_HALL)])
async def ask_for_code(code: Annotated[str, Query(max_length=50)] = "") -> Response:
    """Where one enters the code of a session; whoever has entered one is led to it."""
    return redirect(f"/join/{quote(code.strip().upper(), safe='')}") if code.strip() else _code_page()


@router.get("/join/{code}", dependencies=[_GUESTS])
async def come_in(request: Request, actor: CurrentActor, code: str) -> Response:
    """Where one chooses a nickname, and takes part from then on; the QR code leads here."""
    try:
        async with tenant_transaction(request.app.state.database, actor) as session:
            shown = await live.session_by_code(session, actor, code)
    except NotFound:
        return _code_page(code[:50], "No session has this code.", 404)
    except live.MembersOnly:
        return page("live_members.html", {}, 403)
    return await _taking_part(request, actor, shown)


@router.get("/live/{id}", dependencies=[_GUESTS])
async def take_part(request: Request, actor: CurrentActor, id: int) -> Response:
    """Taking part; whoever has no place yet chooses a nickname first."""
    try:
        shown = await _session(request, actor, id)
    except live.MembersOnly:
        return page("live_members.html", {}, 403)
    return await _taking_part(request, actor, shown)


@router.get("/live/{id}/project", dependencies=[_READ])
async def project(request: Request, actor: CurrentActor, id: int) -> Response:
    """The page for the wall: what is asked, what came of it, and how one comes in."""
    shown = await _session(request, actor, id)
    values: dict[str, object] = {"shown": shown}
    return page_with_forms(request, "live_wall.html", values | _invitation(request, actor, shown))


@router.get("/live/{id}/lead", dependencies=[needs("live.facilitate")])
async def lead(visit: CurrentVisit, id: int) -> Response:
    """The page of whoever leads a session."""
    shown = await _session(visit.request, visit.actor, id)
    line = await _line_of(visit, shown.line_id)
    values = {"here": "/live", "shown": shown, "line": line, "purpose": PURPOSES[shown.purpose]}
    return await framed(visit, "live_lead.html", values | _invitation(visit.request, visit.actor, shown))


@router.get("/live", dependencies=[_READ])
async def list_sessions(
    visit: CurrentVisit, *, page: PageNumber = 1, purpose: live.Purpose | None = None, site: Text = "", line: Text = ""
) -> Response:
    """The sessions of a company, and the form of a new one, which the page of a line fills in."""
    async with tenant_transaction(visit.database, visit.actor) as session:
        found = await live.sessions_list(session, visit.actor, page=page, per_page=PAGE_SIZE)
    values: dict[str, Any] = {
        "here": "/live",
        "found": found,
        "number": page,
        "last": -(-found.total // PAGE_SIZE),
        "wanted": {"purpose": purpose, "site": site, "line": line},
        "lines": await _lines(visit),
        "purposes": PURPOSES,
        "statuses": STATUSES,
        "templates": live.templates_as_data(),
        "most": live.MAX_CAPACITY,
    }
    return await framed(visit, "live_sessions.html", values)


def hand_over_address(line: plant.LineCard) -> str:
    """Where a hand-over at a line begins."""
    about = {"purpose": live.Purpose.SHIFT_HANDOVER, "site": line.plant_name, "line": str(line.id)}
    return f"/live?{urlencode(about)}#new"


def _code_page(code: str = "", error: str = "", status: int = 200) -> Response:
    return page("live_code.html", {"code": code, "error": error}, status)


async def _taking_part(request: Request, actor: Actor, shown: live.SessionShown) -> Response:
    is_known = not actor.is_visitor and actor.id.startswith("user:")
    person = await people.person_of(request.app.state.database, actor) if is_known else None
    values = {"shown": shown, "nickname": "" if person is None else (person.first_name or person.username)[:50]}
    return page_with_forms(request, "live_take_part.html", values)


async def _session(request: Request, actor: Actor, id: int) -> live.SessionShown:
    async with tenant_transaction(request.app.state.database, actor) as session:
        return await live.session_view(session, actor, id)


async def _lines(visit: Visit) -> list[plant.NamedLine]:
    if not visit.actor.may("plant.read"):
        return []
    async with tenant_transaction(visit.database, visit.actor) as session:
        return list(await plant.named_lines(session, visit.actor))


async def _line_of(visit: Visit, id: UUID | None) -> plant.NamedLine | None:
    return next((line for line in await _lines(visit) if line.id == id), None) if id is not None else None


def _invitation(request: Request, actor: Actor, shown: live.SessionShown) -> dict[str, str]:
    """The address that one comes in by, as a text and as a picture made of nothing but squares."""
    settings = request.app.state.settings
    address = live.join_address(settings.public_url, actor, shown.code, default_tenant=settings.default_tenant)
    picture = segno.make(address, error="m", micro=False).svg_inline(omitsize=True)
    return {"join_address": address, "spoken_address": address.partition("://")[2].rpartition("/")[0], "qr": picture}
