"""The pages about the people of a company: who there is, who is invited, and what each may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Path, Query
from starlette.responses import Response

from foodflow.console import entries, forms
from foodflow.console.forms import UNTOUCHED, Form, Sent
from foodflow.console.frame import CurrentVisit, Deed, Visit, attempt, framed
from foodflow.console.pages import PageRoute, redirect
from foodflow.identity.public import members, roles
from foodflow.identity.public.members import Invited, Letters, MemberSeen, Scope
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router

PEOPLE: Final = "/people"
PAGE_SIZE: Final = 50
_MOST_INVITED: Final = 500
DONE: Final = {
    "invited": "The invitation is on its way.",
    "invited-again": "The invitation is on its way again; the link of the first one has ended.",
    "withdrawn": "The invitation is taken back.",
    "about": "Changed. A new address counts once its reader has followed the link that we sent there.",
    "erased": "Erased: nothing is kept but a number, which the audit trail names.",
    "roles": "The roles are changed; that counts from the next thing that is done.",
    "scope": "Sites and teams are changed; that counts from the next thing that is done.",
    "deactivate": "Deactivated: nothing can be done in this company with this account any more.",
    "activate": "Active again.",
    "end-sessions": "Signed out everywhere.",
    "reset-second-factor": "The second factor is taken away, and every sign-in is ended.",
    "send-password-reset": "A link to set a new password is on its way.",
    "removed": "No longer part of the company.",
}
_MANAGE: Final = needs("identity.manage_people")
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
Text = Annotated[str, Query(max_length=200)]

router = Router(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list of people is asked for, as it stands in the address."""

    search: Text = ""
    role: Text = ""
    active: Annotated[str, Query(pattern="^(true|false|)$")] = ""
    page: Annotated[int, Query(ge=1, le=10_000)] = 1

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the list down."""
        given = {"search": self.search.strip(), "role": self.role, "active": self.active}
        return {name: value for name, value in given.items() if value}

    def address(self, page: int) -> str:
        """Another page of the same list."""
        return f"{PEOPLE}?{urlencode(self.filters | {'page': str(page)})}"


@router.get(PEOPLE, dependencies=[needs("identity.read_team")])
async def show_people(visit: CurrentVisit, asked: Annotated[Asked, Depends()], done: str = "") -> Response:
    """The people whom one may see, and those who are invited."""
    narrowed = {("is_active" if name == "active" else name): value for name, value in asked.filters.items()}
    page = {"page": str(asked.page), "page_size": str(PAGE_SIZE)}
    found = await members.members(visit.database, visit.actor, narrowed | page)
    values: dict[str, Any] = {
        "here": PEOPLE,
        "asked": asked,
        "found": found,
        "last": max(1, -(-found.count // PAGE_SIZE)),
        "invited": await _invited(visit, asked),
        "roles": await roles.roles(visit.database, visit.actor),
        "done": DONE.get(done, ""),
    }
    return await framed(visit, "people.html", values)


async def _invited(visit: Visit, asked: Asked) -> Sequence[MemberSeen]:
    """Those who have not accepted yet, above the first page of everybody, for whoever may invite."""
    if asked.filters or asked.page > 1 or not visit.actor.may("identity.manage_people"):
        return ()
    page = await members.invitations_open(visit.database, visit.actor, {"page_size": str(_MOST_INVITED)})
    return page.rows


@router.get(f"{PEOPLE}/invite", dependencies=[_MANAGE])
async def show_invite(visit: CurrentVisit) -> Response:
    """The form to invite somebody with."""
    return await _invite(visit)


@router.post(f"{PEOPLE}/invite", dependencies=[_MANAGE])
async def invite(visit: CurrentVisit) -> Response:
    """Invite somebody."""
    sent = visit.sent

    async def do() -> None:
        sent.require(email="enter an e-mail address")
        named = sent.named("email", "first_name", "last_name")
        wanted = forms.checked(entries.Invitation, **named, roles=sent.chosen("roles"), **scope_of(sent))
        await members.invite(visit.database, visit.actor, Invited(**wanted.model_dump()), visit.state.postbox)

    async def show(form: Form) -> Response:
        return await _invite(visit, form)

    return await attempt(visit, "invite", do(), to=f"{PEOPLE}?done=invited", show=show)


@router.post(f"{PEOPLE}/invited/{{id}}/send-again", dependencies=[_MANAGE])
async def invite_again(visit: CurrentVisit, id: Id) -> Response:
    """Send an invitation again."""
    await members.invite_again(visit.database, visit.actor, id, visit.state.postbox)
    return redirect(f"{PEOPLE}?done=invited-again")


@router.post(f"{PEOPLE}/invited/{{id}}/withdraw", dependencies=[_MANAGE])
async def withdraw_invitation(visit: CurrentVisit, id: Id) -> Response:
    """Take an invitation back."""
    await members.withdraw_invitation(visit.database, visit.actor, id)
    return redirect(f"{PEOPLE}?done=withdrawn")


@router.get(f"{PEOPLE}/{{id}}", dependencies=[needs("identity.read_team")])
async def show_person(visit: CurrentVisit, id: Id, done: str = "") -> Response:
    """A person, and what one may change about them."""
    return await _person(visit, id, done=DONE.get(done, ""))


@router.post(f"{PEOPLE}/{{id}}/about", dependencies=[_MANAGE])
async def change_person(visit: CurrentVisit, id: Id) -> Response:
    """Change somebody's name, or ask for another address of theirs."""

    async def change() -> None:
        given = forms.checked(entries.Names, **visit.sent.named("first_name", "last_name")).model_dump()
        if visit.sent["email"].strip():
            given |= forms.checked(entries.Address, **visit.sent.named("email")).model_dump()
        letters = Letters(visit.state.postbox, visit.state.sealer)
        await members.change(visit.database, visit.actor, id, given, letters=letters)

    return await _after(visit, id, "about", change())


@router.post(f"{PEOPLE}/{{id}}/roles", dependencies=[_MANAGE])
async def set_roles(visit: CurrentVisit, id: Id) -> Response:
    """Give somebody exactly the roles that are ticked."""

    async def change() -> None:
        wanted = forms.checked(entries.RolesGiven, roles=visit.sent.chosen("roles"))
        await members.set_roles(visit.database, visit.actor, id, wanted.roles)

    return await _after(visit, id, "roles", change())


@router.post(f"{PEOPLE}/{{id}}/scope", dependencies=[_MANAGE])
async def set_scope(visit: CurrentVisit, id: Id) -> Response:
    """Say which sites and teams somebody is for."""

    async def change() -> None:
        wanted = forms.checked(entries.Scope, **scope_of(visit.sent))
        await members.set_scope(visit.database, visit.actor, id, Scope(wanted.sites, wanted.teams))

    return await _after(visit, id, "scope", change())


@router.post(f"{PEOPLE}/{{id}}/deactivate", dependencies=[_MANAGE])
async def deactivate(visit: CurrentVisit, id: Id) -> Response:
    """Lock somebody out of the company."""
    return await _after(visit, id, "deactivate", members.deactivate(visit.database, visit.actor, id))


@router.post(f"{PEOPLE}/{{id}}/activate", dependencies=[_MANAGE])
async def activate(visit: CurrentVisit, id: Id) -> Response:
    """Let somebody act in the company again."""
    return await _after(visit, id, "activate", members.activate(visit.database, visit.actor, id))


@router.post(f"{PEOPLE}/{{id}}/end-sessions", dependencies=[_MANAGE])
async def end_sessions(visit: CurrentVisit, id: Id) -> Response:
    """Sign somebody out everywhere."""
    return await _after(visit, id, "end-sessions", members.end_stays(visit.database, visit.actor, id))


@router.post(f"{PEOPLE}/{{id}}/reset-second-factor", dependencies=[_MANAGE])
async def reset_second_factor(visit: CurrentVisit, id: Id) -> Response:
    """Take a lost second factor from somebody."""
    deed = members.reset_second_factor(visit.database, visit.actor, id, visit.state.postbox)
    return await _after(visit, id, "reset-second-factor", deed)


@router.post(f"{PEOPLE}/{{id}}/send-password-reset", dependencies=[_MANAGE])
async def send_password_reset(visit: CurrentVisit, id: Id) -> Response:
    """Send somebody a link to set a new password."""
    deed = members.send_password_link(visit.database, visit.actor, id, visit.state.postbox)
    return await _after(visit, id, "send-password-reset", deed)


@router.post(f"{PEOPLE}/{{id}}/remove", dependencies=[_MANAGE])
async def remove(visit: CurrentVisit, id: Id) -> Response:
    """End somebody's place in the company."""
    deed = members.remove(visit.database, visit.actor, id)
    return await _after(visit, id, "remove", deed, to=f"{PEOPLE}?done=removed")


@router.post(f"{PEOPLE}/{{id}}/erase", dependencies=[_MANAGE])
async def erase(visit: CurrentVisit, id: Id) -> Response:
    """Erase somebody, as they may ask."""
    deed = members.erase(visit.database, visit.actor, id, visit.state.forgetting)
    return await _after(visit, id, "erase", deed, to=f"{PEOPLE}?done=erased")


def scope_of(sent: Sent) -> dict[str, list[str] | None]:
    """The sites and teams that a form names."""
    return {"sites": None if sent["all_sites"] else sent.words("sites"), "teams": sent.words("teams")}


async def _after(visit: Visit, id: int, name: str, deed: Deed, *, to: str = "") -> Response:
    async def show(form: Form) -> Response:
        return await _person(visit, id, form)

    return await attempt(visit, name, deed, to=to or f"{PEOPLE}/{id}?done={name}", show=show)


async def _person(visit: Visit, id: int, form: Form = UNTOUCHED, *, done: str = "") -> Response:
    values = {
        "here": PEOPLE,
        "who": await members.one(visit.database, visit.actor, id),
        "roles": await roles.givable(visit.database, visit.actor),
        "done": done,
    }
    return await framed(visit, "person.html", values, form=form)


async def _invite(visit: Visit, form: Form = UNTOUCHED) -> Response:
    given = await roles.givable(visit.database, visit.actor)
    return await framed(visit, "invite.html", {"here": PEOPLE, "roles": given}, form=form)
