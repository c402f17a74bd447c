"""The pages about alarms: the open ones, lists of them, and what was done about each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import Depends, Query
from starlette.datastructures import QueryParams
from starlette.responses import Response

from foodflow.console import entries, forms, words
from foodflow.console.forms import UNTOUCHED, Form
from foodflow.console.frame import CurrentVisit, Deed, Visit, alarms_open, attempt, framed
from foodflow.console.pages import PageRoute, page, page_with_forms
from foodflow.identity.public import people
from foodflow.kernel import clock
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router
from foodflow.plant import public as plant

ALARMS: Final = "/alarms"
PAGE_SIZE: Final = 50
SILENCES: Final = {"15": "15 minutes", "60": "1 hour", "480": "8 hours"}
"""For how many minutes an alarm can be silenced at a press."""
STATES: Final = {"open": "open", "": "any"} | words.ALARM_STATES
_OPEN: Final = tuple(state for state in words.ALARM_STATES if state != plant.AlarmState.CLOSED)
_EXPORT: Final = "/api/v1/plant-ops/alarms"
_HANDLE: Final = needs("plant.handle_alarms")
Text = Annotated[str, Query(max_length=200)]
Pairs = list[tuple[str, str]]

router = Router(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list of alarms is asked for, as it stands in the address; open ones unless it says otherwise."""

    state: Text = "open"
    priority: Text = ""
    line_id: Text = ""
    rule: Text = ""
    search: Text = ""
    flood_id: Text = ""
    page: Annotated[int, Query(ge=1, le=10_000)] = 1

    @property
    def filters(self) -> Pairs:
        """What narrows the list down, as the list of the interface is asked for it."""
        states = _OPEN if self.state == "open" else (self.state,)
        others = ("priority", "line_id", "rule", "search", "flood_id")
        given = [("state", state) for state in states] + [(name, getattr(self, name).strip()) for name in others]
        return [(name, value) for name, value in given if value]

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked than the open alarms."""
        return replace(self, page=1) != Asked()

    @property
    def export(self) -> str:
        """The same list as a file."""
        return f"{_EXPORT}?{urlencode([*self.filters, ('format', 'csv')])}"

    def address(self, page: int) -> str:
        """Another page of the same list."""
        names = ("state", "priority", "line_id", "rule", "search", "flood_id")
        given = {name: value for name in names if (value := getattr(self, name)) or name == "state"}
        return f"{ALARMS}?{urlencode(given | {'page': str(page)})}"


AskedFor = Annotated[Asked, Depends()]


@router.get(ALARMS, dependencies=[needs("plant.read")])
async def show_alarms(visit: CurrentVisit, asked: AskedFor) -> Response:
    """A list of alarms, the open ones unless something else is asked for."""
    return await _alarms(visit, asked)


@router.get("/fragments/alarm-list", dependencies=[needs("plant.read")])
async def show_alarm_list(visit: CurrentVisit, asked: AskedFor) -> Response:
    """The rows of the same list."""
    return page_with_forms(visit.request, "alarm_list.html", fragment(visit) | await _listed(visit, asked))


@router.get("/fragments/alarms", dependencies=[needs("plant.read")])
async def show_open_alarms(visit: CurrentVisit) -> Response:
    """The open alarms of the board."""
    return page_with_forms(visit.request, "alarms_open.html", fragment(visit) | await of_board(visit))


@router.get("/fragments/alarm-count", dependencies=[needs("plant.read")])
async def show_alarm_count(visit: CurrentVisit) -> Response:
    """How many alarms are open, by priority."""
    return page("alarm_count.html", {"alarms_open": await alarms_open(visit)})


@router.get(f"{ALARMS}/{{id}}", dependencies=[needs("plant.read")])
async def show_alarm(visit: CurrentVisit, id: UUID) -> Response:
    """An alarm, and who did what about it."""
    return await _alarm(visit, id)


@router.post(f"{ALARMS}/acknowledge", dependencies=[_HANDLE])
async def acknowledge_all(visit: CurrentVisit) -> Response:
    """Acknowledge the alarms that a form names, or those of a flood."""

    async def do() -> None:
        wanted = forms.checked(
            entries.AlarmsSeen, ids=visit.sent.chosen("ids"), flood_id=visit.sent["flood_id"] or None
        )
        asked = {"flood_id": str(wanted.flood_id)} if wanted.flood_id else {}
        chosen = plant.ALARMS.read(QueryParams(asked))
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.see_alarms(session, visit.actor, chosen, ids=wanted.ids or None)

    async def show(form: Form) -> Response:
        return await _alarms(visit, Asked(), form)

    return await attempt(visit, "acknowledge", do(), to=back(visit, ALARMS), show=show)


@router.post(f"{ALARMS}/{{id}}/acknowledge", dependencies=[_HANDLE])
async def acknowledge(visit: CurrentVisit, id: UUID) -> Response:
    """Say that one has seen an alarm."""

    async def do() -> None:
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.see_alarm(session, visit.actor, id)

    return await _after(visit, id, "acknowledge", do())


@router.post(f"{ALARMS}/{{id}}/silence", dependencies=[_HANDLE])
async def silence(visit: CurrentVisit, id: UUID) -> Response:
    """Put an alarm out of sight for a while."""

    async def do() -> None:
        visit.sent.require(reason="say why")
        wanted = forms.checked(entries.Silence, **visit.sent.named("minutes", "reason"))
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.hush_alarm(session, visit.actor, id, minutes=wanted.minutes, reason=wanted.reason)

    return await _after(visit, id, "silence", do())


@router.post(f"{ALARMS}/{{id}}/unsilence", dependencies=[_HANDLE])
async def unsilence(visit: CurrentVisit, id: UUID) -> Response:
    """Let an alarm be seen again."""

    async def do() -> None:
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.unhush_alarm(session, visit.actor, id)

    return await _after(visit, id, "unsilence", do())


@router.post(f"{ALARMS}/{{id}}/close", dependencies=[_HANDLE])
async def close(visit: CurrentVisit, id: UUID) -> Response:
    """Close an alarm, and say what it came from."""

    async def do() -> None:
        visit.sent.require(cause="say what it came from")
        wanted = forms.checked(entries.Cause, **visit.sent.named("cause"))
        async with tenant_transaction(visit.database, visit.actor) as session:
            await plant.end_alarm(session, visit.actor, id, cause=wanted.cause)

    return await _after(visit, id, "close", do())


def back(visit: Visit, usual: str) -> str:
    """The page that a form was sent from, if it was one of ours."""
    came = urlsplit(visit.request.headers.get("referer", ""))
    is_ours = came.netloc == visit.request.url.netloc and came.path.startswith("/") and not came.path.startswith("//")
    if not is_ours or came.path.startswith("/fragments/"):
        return usual
    return f"{came.path}?{came.query}" if came.query else came.path


def fragment(visit: Visit) -> dict[str, Any]:
    """What the templates of alarms need, on a page and as a part of one."""
    return {"may": visit.actor.may, "now": clock.now(), "silences": SILENCES}


async def of_board(visit: Visit) -> dict[str, Any]:
    """The open alarms of all lines."""
    async with tenant_transaction(visit.database, visit.actor) as session:
        return open_of(await plant.open_alarms(session, visit.actor), part="/fragments/alarms")


def open_of(open_alarms: plant.OpenAlarms, *, part: str, of: str = "") -> dict[str, Any]:
    """Open alarms for their template: where it is fetched anew, and which line or sensor it is about."""
    return {"open": open_alarms, "part": part, "of": of, "silences": SILENCES}


async def names_of(visit: Visit, ids: Iterable[str]) -> Mapping[str, str]:
    """What people are called who did something; programs keep their own names."""
    found = {id: await people.person_of(visit.database, replace(visit.actor, id=id)) for id in sorted(set(ids))}
    return {id: f"{who.first_name} {who.last_name}".strip() or who.username for id, who in found.items() if who}


async def _listed(visit: Visit, asked: Asked) -> dict[str, Any]:
    wanted = plant.ALARMS.read(QueryParams([*asked.filters, ("page", str(asked.page)), ("page_size", str(PAGE_SIZE))]))
    async with tenant_transaction(visit.database, visit.actor) as session:
        found = await plant.alarm_page(session, visit.actor, wanted)
    return {"found": found, "asked": asked, "last": max(1, -(-found.count // PAGE_SIZE))}


async def _alarms(visit: Visit, asked: Asked, form: Form = UNTOUCHED) -> Response:
    values = await _listed(visit, asked)
    async with tenant_transaction(visit.database, visit.actor) as session:
        lines = await plant.named_lines(session, visit.actor)
    values |= {"here": ALARMS, "states": STATES, "silences": SILENCES, "lines": lines}
    return await framed(visit, "alarms.html", values, form=form)


async def _alarm(visit: Visit, id: UUID, form: Form = UNTOUCHED) -> Response:
    async with tenant_transaction(visit.database, visit.actor) as session:
        alarm, deeds = await plant.alarm_history(session, visit.actor, id)
    names = await names_of(visit, [deed.by for deed in deeds])
    values = {"here": ALARMS, "alarm": alarm, "deeds": deeds, "names": names, "silences": SILENCES}
    return await framed(visit, "alarm.html", values, form=form)


async def _after(visit: Visit, id: UUID, name: str, deed: Deed) -> Response:
    async def show(form: Form) -> Response:
        return await _alarm(visit, id, form)

    return await attempt(visit, name, deed, to=back(visit, f"{ALARMS}/{id}"), show=show)
