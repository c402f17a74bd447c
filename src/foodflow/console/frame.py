"""What stands around every page of somebody who is signed in, and what happens when one of its forms is sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from foodflow.console import forms
from foodflow.console.forms import UNTOUCHED, Form, Sent, SentForm
from foodflow.console.pages import page_with_forms, redirect
from foodflow.identity.public import people
from foodflow.identity.public.people import Person
from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import NotFound, Refusal
from foodflow.kernel.http import CurrentActor
from foodflow.plant import public as plant


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in and looks at a page, or has sent a form of one."""

    request: Request
    actor: Actor
    sent: Sent

    @property
    def state(self) -> Any:  # noqa: ANN401 - Starlette's own
        """The application's."""
        return self.request.app.state

    @property
    def database(self) -> Database:
        """The application's."""
        database: Database = self.state.database
        return database


def _visit(request: Request, actor: CurrentActor, sent: SentForm) -> Visit:
    return Visit(request, actor, sent)


CurrentVisit = Annotated[Visit, Depends(_visit)]
Deed = Awaitable[None]
"""What a form asks for, begun once somebody waits for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page, and the permission that opens it."""

    address: str
    name: str
    permission: str


MENU: Final = {
    "Board": (Entry("/", "Board", "plant.read"),),
    "Alarms": (Entry("/alarms", "Alarms", "plant.read"),),
    "Live": (Entry("/live", "Live", "live.read"),),
    "People": (
        Entry("/people", "People", "identity.read_team"),
        Entry("/people/programs", "Programs", "identity.manage_keys"),
    ),
    "Company": (
        Entry("/company", "Company", "identity.manage_company"),
        Entry("/company/roles", "Roles", "identity.manage_roles"),
    ),
}
"""The pages of the menu; what stands under one name are the tabs of one page."""


async def framed(visit: Visit, template: str, values: Mapping[str, object], *, form: Form = UNTOUCHED) -> Response:
    """A page of somebody who is signed in; `form` is the one of its forms that was refused."""
    person = await people.person_of(visit.database, visit.actor)
    about = visitor(visit.actor, person) | {"now": clock.now(), "form_of": form.named, "refused": form, "done": ""}
    about["alarms_open"] = await alarms_open(visit) if visit.actor.may("plant.read") else None
    return page_with_forms(visit.request, template, {**about, **values}, form.status)


async def alarms_open(visit: Visit) -> plant.Summary:
    """How many alarms are open, for the head of every page."""
    async with tenant_transaction(visit.database, visit.actor) as session:
        return await plant.summary(session, visit.actor)


async def attempt(
    visit: Visit,
    name: str,
    deed: Deed,
    *,
    to: str,
    show: Callable[[Form], Awaitable[Response]],
) -> Response:
    """Do what the form of a name asks for and lead on, or show its page with what was wrong; what is not there at all
    is told on a page of its own.
    """
    try:
        await deed
    except NotFound:
        raise
    except Refusal as refusal:
        return await show(forms.refused(name, visit.sent, refusal))
    return redirect(to)


def visitor(actor: Actor, person: Person | None) -> dict[str, object]:
    """Who is looking, and where they may go."""
    name = actor.id if person is None else f"{person.first_name} {person.last_name}".strip() or person.username
    company = actor.tenant if person is None else person.company_name
    return {"company": company, "person": name, "menu": menu(actor), "may": actor.may}


def menu(actor: Actor) -> dict[str, list[Entry]]:
    """What somebody may open of the menu."""
    opened = {name: [entry for entry in entries if actor.may(entry.permission)] for name, entries in MENU.items()}
    return {name: entries for name, entries in opened.items() if entries}
