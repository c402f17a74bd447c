"""The page about oneself: name and address, password, second factor, where one is signed in, keys, companies."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from foodflow.console import entries, forms
from foodflow.console.forms import UNTOUCHED, Form
from foodflow.console.frame import CurrentVisit, Deed, Visit, attempt, framed
from foodflow.console.pages import PageRoute, redirect
from foodflow.identity.public import (
    cookies,
    linked,
    members,
    own_company,
    passwords,
    programs,
    proving,
    roles,
    second_factors,
    signing_in,
    stays,
)
from foodflow.identity.public.members import Letters
from foodflow.identity.public.passwords import Passwords
from foodflow.identity.public.programs import NewKey
from foodflow.identity.public.signing_in import caller_of
from foodflow.kernel import clock
from foodflow.kernel.errors import Refusal
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router

ACCOUNT: Final = "/account"
DONE: Final = {
    "names": "Your name is changed.",
    "email": "We have sent a link to the new address. The change counts once you have followed it.",
    "password": "Your password is changed, and you are signed out everywhere else.",
    "second-factor": "Your second factor is removed. You sign in with your password alone.",
    "stay": "That sign-in is ended.",
    "stays": "All your other sign-ins are ended.",
    "key": "The key is revoked. Whatever used it is refused from now on.",
    "identity": "The link is ended.",
    "company": "You are in another of your companies now.",
}
ASK_PRESENT: Final = "enter your present password"
_CHANGE: Final = needs("identity.change_self")

router = Router(route_class=PageRoute, include_in_schema=False)


@router.get(ACCOUNT, dependencies=[needs("identity.read_self")])
async def show_account(visit: CurrentVisit, done: str = "") -> Response:
    """All about oneself."""
    return await _account(visit, done=DONE.get(done, ""))


@router.post(f"{ACCOUNT}/names", dependencies=[_CHANGE])
async def change_names(visit: CurrentVisit) -> Response:
    """Change one's name."""

    async def change() -> None:
        names = forms.checked(entries.Names, **visit.sent.named("first_name", "last_name"))
        await _change(visit, names.model_dump())

    return await after(visit, "names", change())


@router.post(f"{ACCOUNT}/email", dependencies=[_CHANGE])
async def change_email(visit: CurrentVisit) -> Response:
    """Ask for another address, which counts once its reader has said so."""

    async def change() -> None:
        visit.sent.require(current_password=ASK_PRESENT)
        address = forms.checked(entries.Address, **visit.sent.named("email"))
        password, caller = visit.sent["current_password"], caller_of(visit.request)
        await proving.confirm_password(visit.database, visit.actor, password, caller)
        await _change(visit, address.model_dump())

    return await after(visit, "email", change())


async def _change(visit: Visit, given: dict[str, str]) -> None:
    me = await signing_in.who_is(visit.database, visit.actor)
    letters = Letters(visit.state.postbox, visit.state.sealer)
    await members.change(visit.database, visit.actor, me.id, given, letters=letters)


@router.post(f"{ACCOUNT}/password", dependencies=[_CHANGE])
async def change_password(visit: CurrentVisit) -> Response:
    """Change one's password."""

    async def change() -> None:
        visit.sent.require(current_password=ASK_PRESENT, new_password="enter the new one")  # noqa: S106 - a hint
        given = Passwords(visit.sent["current_password"], visit.sent["new_password"])
        caller, postbox = caller_of(visit.request), visit.state.postbox
        await passwords.change(visit.database, visit.actor, given, caller, postbox=postbox)

    return await after(visit, "password", change())


@router.post(f"{ACCOUNT}/stays/{{id}}/end", dependencies=[_CHANGE])
async def end_stay(visit: CurrentVisit, id: UUID) -> Response:
    """Sign out somewhere else."""
    return await after(visit, "stays", stays.end(visit.database, visit.actor, id), done="stay")


@router.post(f"{ACCOUNT}/stays/end-others", dependencies=[_CHANGE])
async def end_other_stays(visit: CurrentVisit) -> Response:
    """Sign out everywhere else."""
    return await after(visit, "stays", stays.end_others(visit.database, visit.actor))


@router.post(f"{ACCOUNT}/keys", dependencies=[_CHANGE])
async def create_key(visit: CurrentVisit) -> Response:
    """Make a key of one's own, and show it."""
    try:
        key = await new_key(visit, owner=None)
    except Refusal as refusal:
        return await _account(visit, forms.refused("keys", visit.sent, refusal))
    return await framed(visit, "key.html", {"here": ACCOUNT, "back": ACCOUNT, "key": key})


async def new_key(visit: Visit, *, owner: int | None) -> str:
    """Make a key as a form describes it, one's own or that of a program; returns the whole of it."""
    sent = visit.sent
    sent.require(name="say what it is for")
    wanted = forms.checked(entries.Key, **sent.named("name", "days"), permissions=sent.chosen("permissions"))
    until = clock.now() + timedelta(days=wanted.days)
    key = NewKey(wanted.name, wanted.permissions, owner, until)
    return await programs.create_key(visit.database, visit.actor, key)


@router.post(f"{ACCOUNT}/keys/{{id}}/revoke", dependencies=[_CHANGE])
async def revoke_key(visit: CurrentVisit, id: UUID) -> Response:
    """End a key of one's own."""
    return await after(visit, "keys", programs.revoke_key(visit.database, visit.actor, id), done="key")


@router.post(f"{ACCOUNT}/identities/{{id}}/unlink", dependencies=[_CHANGE])
async def unlink(visit: CurrentVisit, id: UUID) -> Response:
    """End the link to somebody outside."""
    return await after(visit, "identities", linked.unlink(visit.database, visit.actor, id), done="identity")


@router.post(f"{ACCOUNT}/company", dependencies=[_CHANGE])
async def change_over(visit: CurrentVisit) -> Response:
    """Go on in another of one's companies."""
    secret, caller = cookies.session_of(visit.request) or "", caller_of(visit.request)
    try:
        visit.sent.require(company="say which company")
        stay = await stays.change_over(visit.database, secret, visit.sent["company"], caller)
    except Refusal as refusal:
        return await _account(visit, forms.refused("company", visit.sent, refusal))
    response = redirect(f"{ACCOUNT}?done=company")
    cookies.keep_session(visit.request, response, stay)
    return response


async def after(visit: Visit, name: str, deed: Deed, *, done: str = "") -> Response:
    """Do what a form of this page asks for, and show the page with what came of it."""

    async def show(form: Form) -> Response:
        return await _account(visit, form)

    return await attempt(visit, name, deed, to=f"{ACCOUNT}?done={done or name}", show=show)


async def show_refused(visit: Visit, name: str, refusal: Refusal) -> Response:
    """The page with a form that was refused."""
    return await _account(visit, forms.refused(name, visit.sent, refusal))


async def _account(visit: Visit, form: Form = UNTOUCHED, *, done: str = "") -> Response:
    database, actor = visit.database, visit.actor
    about: dict[str, Any] = {
        "here": ACCOUNT,
        "me": await signing_in.who_is(database, actor),
        "places": await own_company.places(database, actor),
        "second_factor": await second_factors.overview(database, actor),
        "stays": await stays.stays(database, actor),
        "keys": await programs.own_keys(database, actor),
        "identities": await linked.identities(database, actor),
        "permissions": roles.permissions(actor),
        "done": done,
    }
    return await framed(visit, "account.html", about, form=form)
