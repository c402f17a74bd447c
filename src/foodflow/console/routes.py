"""The pages: the board at `/`, the parts of it that are fetched anew when something happens, and signing in and out."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Annotated, Final, TypeVar
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from foodflow.console import (
    account,
    alarm_pages,
    company_pages,
    invited,
    line_pages,
    live_pages,
    people_pages,
    program_pages,
    second_factor,
    sensor_pages,
    signing_in,
    views,
)
from foodflow.console.assets import asset
from foodflow.console.frame import CurrentVisit, framed
from foodflow.console.pages import HEADERS, SIGN_IN, PageRoute, page, redirect
from foodflow.console.signing_in import Entered
from foodflow.console.views import Asked
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.http import CurrentActor, needs, open_to_all
from foodflow.kernel.http.routers import Router
from foodflow.plant import public as plant
from foodflow.plant.public import Choice

router = Router(route_class=PageRoute, include_in_schema=False)
AskedFor = Annotated[Asked, Depends(views.asked)]
FoundT = TypeVar("FoundT")
_SERVICE: Final = {"name": "FoodFlow", "status": "running", "docs_url": "/api/docs", "api_prefix": "/api/v1"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"

# Programs before people: `/people/programs` is nobody's number.
for part in (
    account,
    second_factor,
    invited,
    program_pages,
    people_pages,
    company_pages,
    alarm_pages,
    line_pages,
    sensor_pages,
    live_pages,
):
    router.include_router(part.router)


@router.get("/", dependencies=[needs("plant.read")])
async def show_board(visit: CurrentVisit, asked: AskedFor) -> Response:
    """The board of the visitor's company; to a program that asks for JSON alone, what answers here."""
    accepted = visit.request.headers.get("accept", "")
    if "application/json" in accepted and "text/html" not in accepted:
        return JSONResponse({"version": version("foodflow"), **_SERVICE})
    board = await _found(visit.request, visit.actor, plant.board, asked.choice)
    alarms = await alarm_pages.of_board(visit)
    return await framed(visit, "board.html", views.whole(asked, board) | alarms | {"here": "/"})


@router.get("/fragments/board", dependencies=[needs("plant.read")])
async def show_columns(request: Request, actor: CurrentActor, asked: AskedFor) -> Response:
    """The lines and the latest excursions."""
    return page("columns.html", views.whole(asked, await _found(request, actor, plant.board, asked.choice)))


@router.get("/fragments/figures", dependencies=[needs("plant.read")])
async def show_figures(request: Request, actor: CurrentActor, asked: AskedFor) -> Response:
    """The row of figures."""
    figures = await _found(request, actor, plant.figures, asked.choice)
    return page("figures.html", views.shared(asked) | {"figures": figures})


@router.get("/fragments/excursions", dependencies=[needs("plant.read")])
async def show_excursions(request: Request, actor: CurrentActor, asked: AskedFor) -> Response:
    """The latest excursions of the sensors drawn."""
    board = await _found(request, actor, plant.board, asked.choice)
    return page("excursions.html", views.shared(asked) | {"excursions": board.excursions})


@router.get("/fragments/line/{id}", dependencies=[needs("plant.read")])
async def show_line(request: Request, actor: CurrentActor, asked: AskedFor, id: UUID) -> Response:
    """The card of one line."""

    async def find(session: AsyncSession, actor: Actor, choice: Choice) -> plant.LineCard:
        return await plant.line_card(session, actor, choice, id)

    line = await _found(request, actor, find, asked.choice)
    return page("line.html", views.shared(asked) | {"line": line})


@router.get(SIGN_IN, dependencies=[open_to_all()])
async def show_sign_in(request: Request, company: str = "", done: str = "") -> Response:
    """The form to sign in with, to a company that the address may name; whoever is signed in is led to the board."""
    if await signing_in.signed_in(request):
        return redirect("/")
    return await signing_in.form_page(request, Entered("", "", company[:40]), done=done)


@router.post(SIGN_IN, dependencies=[open_to_all()])
async def sign_in(request: Request) -> Response:
    """Sign in."""
    return await signing_in.sign_in(request)


@router.get(signing_in.SECOND_STEP, dependencies=[open_to_all()])
async def show_second_step(request: Request) -> Response:
    """The form for the code of a second factor; whoever has entered no password is led to the first step."""
    return signing_in.code_page() if signing_in.awaits_code(request) else redirect(SIGN_IN)


@router.post(signing_in.SECOND_STEP, dependencies=[open_to_all()])
async def enter_code(request: Request) -> Response:
    """Enter the code of a second factor."""
    return await signing_in.enter_code(request)


@router.post("/logout", dependencies=[open_to_all()])
async def sign_out(request: Request) -> Response:
    """Sign out."""
    return await signing_in.sign_out(request)


@router.get("/static/{name}", dependencies=[open_to_all(limit=None)])
async def show_asset(name: str, v: str = "") -> Response:
    """A style sheet, a module or a picture; kept for ever under the address that carries its digest."""
    found = asset(name)
    cached = _FOR_EVER if v == found.digest else "no-cache"
    return Response(found.content, media_type=found.media_type, headers=HEADERS | {"Cache-Control": cached})


async def _found(
    request: Request, actor: Actor, find: Callable[[AsyncSession, Actor, Choice], Awaitable[FoundT]], choice: Choice
) -> FoundT:
    """Ask the plant within a transaction that ends before the page is made of the answer."""
    async with tenant_transaction(request.app.state.database, actor) as session:
        return await find(session, actor, choice)
