"""The pages about the programs of a company: their service accounts and their keys."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from foodflow.console import entries, forms
from foodflow.console.account import new_key
from foodflow.console.forms import UNTOUCHED, Form, Sent
from foodflow.console.frame import CurrentVisit, Deed, Visit, attempt, framed
from foodflow.console.pages import PageRoute
from foodflow.console.people_pages import Id, scope_of
from foodflow.identity.public import programs, roles
from foodflow.identity.public.programs import NewServiceAccount
from foodflow.kernel.errors import NotFound, Refusal
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router

PROGRAMS: Final = "/people/programs"
DONE: Final = {
    "created": "The service account is made. It can do nothing until it has a key.",
    "changed": "The service account is changed; that counts from its next call.",
    "deactivate": "Deactivated: its keys open nothing.",
    "activate": "Active again, with its keys.",
    "key": "The key is revoked. Whatever used it is refused from now on.",
    "removed": "The service account is removed, with its keys.",
}
_MANAGE: Final = needs("identity.manage_keys")

router = Router(route_class=PageRoute, include_in_schema=False)


@router.get(PROGRAMS, dependencies=[_MANAGE])
async def show_programs(visit: CurrentVisit, done: str = "") -> Response:
    """The service accounts of the company."""
    return await _programs(visit, done=DONE.get(done, ""))


@router.post(PROGRAMS, dependencies=[_MANAGE])
async def create_program(visit: CurrentVisit) -> Response:
    """Set up a service account."""

    async def create() -> None:
        wanted = NewServiceAccount(**_entered(visit.sent).model_dump())
        await programs.create(visit.database, visit.actor, wanted)

    async def show(form: Form) -> Response:
        return await _programs(visit, form)

    return await attempt(visit, "program", create(), to=f"{PROGRAMS}?done=created", show=show)


@router.get(f"{PROGRAMS}/{{id}}", dependencies=[_MANAGE])
async def show_program(visit: CurrentVisit, id: Id, done: str = "") -> Response:
    """A service account with its keys."""
    return await _program(visit, id, done=DONE.get(done, ""))


@router.post(f"{PROGRAMS}/{{id}}", dependencies=[_MANAGE])
async def change_program(visit: CurrentVisit, id: Id) -> Response:
    """Change what a service account is called and what it may."""

    async def change() -> None:
        await programs.change(visit.database, visit.actor, id, _entered(visit.sent).model_dump())

    return await _after(visit, id, "program", change(), done="changed")


@router.post(f"{PROGRAMS}/{{id}}/deactivate", dependencies=[_MANAGE])
async def deactivate_program(visit: CurrentVisit, id: Id) -> Response:
    """Let a service account do nothing any more."""
    deed = programs.change(visit.database, visit.actor, id, {"is_active": False})
    return await _after(visit, id, "deactivate", deed)


@router.post(f"{PROGRAMS}/{{id}}/activate", dependencies=[_MANAGE])
async def activate_program(visit: CurrentVisit, id: Id) -> Response:
    """Let a service account act again."""
    deed = programs.change(visit.database, visit.actor, id, {"is_active": True})
    return await _after(visit, id, "activate", deed)


@router.post(f"{PROGRAMS}/{{id}}/remove", dependencies=[_MANAGE])
async def remove_program(visit: CurrentVisit, id: Id) -> Response:
    """Remove a service account with its keys."""
    deed = programs.remove(visit.database, visit.actor, id)
    return await _after(visit, id, "remove", deed, to=f"{PROGRAMS}?done=removed")


@router.post(f"{PROGRAMS}/{{id}}/keys", dependencies=[_MANAGE])
async def create_key(visit: CurrentVisit, id: Id) -> Response:
    """Make a key for a program, and show it."""
    try:
        key = await new_key(visit, owner=id)
    except NotFound:
        raise
    except Refusal as refusal:
        return await _program(visit, id, forms.refused("keys", visit.sent, refusal))
    return await framed(visit, "key.html", {"here": PROGRAMS, "back": f"{PROGRAMS}/{id}", "key": key})


@router.post(f"{PROGRAMS}/{{id}}/keys/{{key}}/revoke", dependencies=[_MANAGE])
async def revoke_key(visit: CurrentVisit, id: Id, key: UUID) -> Response:
    """End a key of a program."""
    return await _after(visit, id, "revoke", programs.revoke_key(visit.database, visit.actor, key), done="key")


def _entered(sent: Sent) -> entries.Program:
    sent.require(name="say what the program is called")
    sites = scope_of(sent)["sites"]
    return forms.checked(entries.Program, **sent.named("name"), roles=sent.chosen("roles"), sites=sites)


async def _after(visit: Visit, id: int, name: str, deed: Deed, *, done: str = "", to: str = "") -> Response:
    async def show(form: Form) -> Response:
        return await _program(visit, id, form)

    return await attempt(visit, name, deed, to=to or f"{PROGRAMS}/{id}?done={done or name}", show=show)


async def _programs(visit: Visit, form: Form = UNTOUCHED, *, done: str = "") -> Response:
    found = await programs.programs(visit.database, visit.actor, {"page_size": "500"})
    given = await roles.givable(visit.database, visit.actor)
    values = {"here": PROGRAMS, "programs": found.rows, "roles": given, "done": done}
    return await framed(visit, "programs.html", values, form=form)


async def _program(visit: Visit, id: int, form: Form = UNTOUCHED, *, done: str = "") -> Response:
    program = await programs.one(visit.database, visit.actor, id)
    values = {
        "here": PROGRAMS,
        "program": program,
        "keys": await programs.keys_of(visit.database, visit.actor, id),
        "roles": await roles.givable(visit.database, visit.actor),
        "permissions": roles.permissions(visit.actor, within=program.permissions),
        "done": done,
    }
    return await framed(visit, "program.html", values, form=form)
