"""The page of a line: what it does now, its batch, shifts, losses and stops, and what may be said of them there."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from foodflow.console import entries, forms, views
from foodflow.console.alarm_pages import back, fragment, open_of
from foodflow.console.forms import UNTOUCHED, Form
from foodflow.console.frame import CurrentVisit, Deed, Visit, attempt, framed
from foodflow.console.live_pages import hand_over_address
from foodflow.console.pages import PageRoute, page_with_forms
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router
from foodflow.plant import public as plant

Days = Literal["1", "7", "30"]
DAYS: Final[dict[Days, str]] = {"1": "24 h", "7": "7 days", "30": "30 days"}
TAPS: Final = 6
"""How many reasons stand as buttons beside a stop; all others are in a list."""
_RECORD: Final = needs("plant.record")
_RUN: Final = needs("plant.run_batches")
_BatchDeed = Callable[..., Awaitable[None]]

router = Router(route_class=PageRoute, include_in_schema=False)


def _days(days: Days = "1") -> Days:
    return days


AskedFor = Annotated[Days, Depends(_days)]


@router.get("/lines/{number:path}", dependencies=[needs("plant.read")])
async def show_line(visit: CurrentVisit, number: str, days: AskedFor) -> Response:
    """A line."""
    return await _line(visit, number, days)


@router.get("/fragments/line-page/{id}", dependencies=[needs("plant.read")])
async def show_part(visit: CurrentVisit, id: UUID, days: AskedFor) -> Response:
    """All of the page of a line that moves."""
    return page_with_forms(visit.request, "line_parts.html", fragment(visit) | await _shown(visit, id, days))


@router.post("/lines/{id}/state", dependencies=[_RECORD])
async def record_state(visit: CurrentVisit, id: UUID) -> Response:
    """Record what a line is doing from now on."""
    number = await _number(visit, plant.number_of_line, id)

    async def do() -> None:
        wanted = forms.checked(entries.StateOfLine, **visit.sent.named("state", "reason"))
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.note_state(session, visit.actor, id, state=wanted.state, reason=wanted.reason)

    return await _after(visit, number, "state", do())


@router.post("/stops/{id}/reason", dependencies=[_RECORD])
async def explain(visit: CurrentVisit, id: UUID) -> Response:
    """Say why a line stopped."""
    number = await _number(visit, plant.line_of_stop, id)

    async def do() -> None:
        wanted = forms.checked(entries.ReasonOfStop, **visit.sent.named("reason_id"))
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.explain_stop(session, visit.actor, id, reason_id=wanted.reason_id)

    return await _after(visit, number, "reason", do())


@router.post("/batches/{id}/start", dependencies=[_RUN])
async def start(visit: CurrentVisit, id: UUID) -> Response:
    """Start a planned batch."""
    return await _move(visit, id, "start", plant.begin_batch)


@router.post("/batches/{id}/hold", dependencies=[_RUN])
async def hold(visit: CurrentVisit, id: UUID) -> Response:
    """Hold a batch in progress."""
    return await _move(visit, id, "hold", plant.pause_batch)


@router.post("/batches/{id}/resume", dependencies=[_RUN])
async def resume(visit: CurrentVisit, id: UUID) -> Response:
    """Go on with a batch on hold."""
    return await _move(visit, id, "resume", plant.continue_batch)


@router.post("/batches/{id}/complete", dependencies=[_RUN])
async def complete(visit: CurrentVisit, id: UUID) -> Response:
    """Complete a batch in progress."""
    return await _move(visit, id, "complete", plant.finish_batch)


async def _move(visit: Visit, id: UUID, name: str, deed: _BatchDeed) -> Response:
    number = await _number(visit, plant.line_of_batch, id)

    async def do() -> None:
        wanted = forms.checked(entries.Why, **visit.sent.named("reason"))
        async with tenant_transaction(visit.database, visit.actor) as session:
            await deed(session, visit.actor, id, reason=wanted.reason)

    return await _after(visit, number, name, do())


async def _number(visit: Visit, find: Callable[[AsyncSession, Actor, UUID], Awaitable[str]], id: UUID) -> str:
    async with tenant_transaction(visit.database, visit.actor) as session:
        return await find(session, visit.actor, id)


async def _shown(visit: Visit, id: UUID, days: Days) -> dict[str, Any]:
    async with tenant_transaction(visit.database, visit.actor) as session:
        line = await plant.line_view(session, visit.actor, id, window=timedelta(days=int(days)))
    asked = views.Asked(line=line.card.number)
    about = {"view": line, "line": line.card, "days": days, "all_days": DAYS, "taps": _taps(line)}
    about["hand_over"] = hand_over_address(line.card)
    alarms = open_of(line.alarms, part=f"/fragments/line-page/{id}", of=str(id))
    return views.shared(asked) | about | alarms


def _taps(line: plant.LineView) -> list[plant.ReasonShown]:
    """The reasons that stand as buttons: those that the line stood for longest, then others, unplanned ones first."""
    known = {reason.name: place for place, reason in enumerate(line.losses.reasons)}
    leaves = [reason for reason in line.reasons if reason.is_leaf]
    return sorted(leaves, key=lambda reason: (reason.is_planned, known.get(reason.name, len(known))))[:TAPS]


async def _line(visit: Visit, number: str, days: Days, form: Form = UNTOUCHED) -> Response:
    async with tenant_transaction(visit.database, visit.actor) as session:
        id = await plant.numbered_line(session, visit.actor, number)
    values = await _shown(visit, id, days) | {"here": "/"}
    return await framed(visit, "line_page.html", values, form=form)


async def _after(visit: Visit, number: str, name: str, deed: Deed) -> Response:
    async def show(form: Form) -> Response:
        return await _line(visit, number, "1", form)

    return await attempt(visit, name, deed, to=back(visit, views.line_address(number)), show=show)
