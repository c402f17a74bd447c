"""Pages that a mail leads to: an invitation, a forgotten password, a new e-mail address.

The secret of a mail stands behind the # of its link, which browsers send to nobody; the page puts it into a form.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from foodflow.console import entries, forms
from foodflow.console.forms import UNTOUCHED, Form, Sent, SentForm
from foodflow.console.pages import SIGN_IN, PageRoute, page_with_forms, redirect
from foodflow.identity.public import emails, invitations, passwords
from foodflow.identity.public.invitations import Chosen, Seen
from foodflow.kernel.errors import Refusal
from foodflow.kernel.http import open_to_all
from foodflow.kernel.http.routers import Router

INVITATION: Final = "/invitation"
FORGOTTEN: Final = "/password/forgotten"
RESET: Final = "/password/reset"
ADDRESS: Final = "/email/confirm"
_LINK: Final = "open the link of the mail, or paste it here"

router = Router(route_class=PageRoute, include_in_schema=False)


@router.get(INVITATION, dependencies=[open_to_all()])
async def show_invitation(request: Request) -> Response:
    """Where the link of an invitation leads."""
    return _page(request, "link.html", title="Invitation", action=INVITATION)


@router.post(INVITATION, dependencies=[open_to_all()])
async def look_at_invitation(request: Request, sent: SentForm) -> Response:
    """Show what an invitation is for."""
    request.app.state.csrf.require(request)
    try:
        link, seen = await _invitation(request, sent)
    except Refusal as refusal:
        form = forms.refused("link", sent, refusal)
        return _page(request, "link.html", form, title="Invitation", action=INVITATION)
    return _shown(request, link, seen)


@router.post(f"{INVITATION}/accept", dependencies=[open_to_all()])
async def accept_invitation(request: Request, sent: SentForm) -> Response:
    """Accept an invitation, and go on to sign in."""
    request.app.state.csrf.require(request)
    try:
        link, seen = await _invitation(request, sent)
    except Refusal as refusal:
        form = forms.refused("link", sent, refusal)
        return _page(request, "link.html", form, title="Invitation", action=INVITATION)
    try:
        await invitations.accept(request.app.state.database, link, _chosen(sent) if seen.needs_password else Chosen())
    except Refusal as refusal:
        return _shown(request, link, seen, forms.refused("accept", sent, refusal))
    return redirect(f"{SIGN_IN}?done=invitation")


@router.get(FORGOTTEN, dependencies=[open_to_all()])
async def show_forgotten(request: Request) -> Response:
    """Ask for the address of somebody who forgot their password."""
    return _page(request, "forgotten.html", sent_to="")


@router.post(FORGOTTEN, dependencies=[open_to_all()])
async def help_who_forgot(request: Request, sent: SentForm) -> Response:
    """Say the same whether the address is known or not."""
    state = request.app.state
    state.csrf.require(request)
    try:
        sent.require(email="enter your e-mail address")
        address = forms.checked(entries.Address, email=sent["email"])
        default = state.settings.default_tenant
        await passwords.ask_for_help(state.database, address.email, sealer=state.sealer, default=default)
    except Refusal as refusal:
        return _page(request, "forgotten.html", forms.refused("forgotten", sent, refusal), sent_to="")
    return _page(request, "forgotten.html", sent_to=address.email)


@router.get(RESET, dependencies=[open_to_all()])
async def show_reset(request: Request) -> Response:
    """Where the link of somebody who forgot their password leads."""
    return _page(request, "reset.html")


@router.post(RESET, dependencies=[open_to_all()])
async def reset_password(request: Request, sent: SentForm) -> Response:
    """Set a new password, and go on to sign in."""
    state = request.app.state
    state.csrf.require(request)
    try:
        sent.require(token=_LINK, new_password="enter a new password")  # noqa: S106 - a hint
        new, default = sent["new_password"], state.settings.default_tenant
        await passwords.reset(state.database, _secret_of(sent), new, postbox=state.postbox, default=default)
    except Refusal as refusal:
        return _page(request, "reset.html", forms.refused("reset", sent, refusal))
    return redirect(f"{SIGN_IN}?done=password")


@router.get(ADDRESS, dependencies=[open_to_all()])
async def show_address(request: Request) -> Response:
    """Where the link of somebody who wants another e-mail address leads."""
    return _page(request, "link.html", title="New e-mail address", action=ADDRESS)


@router.post(ADDRESS, dependencies=[open_to_all()])
async def confirm_address(request: Request, sent: SentForm) -> Response:
    """Let the new address count."""
    state = request.app.state
    state.csrf.require(request)
    try:
        sent.require(token=_LINK)
        await emails.confirm_address(state.database, _secret_of(sent), state.sealer)
    except Refusal as refusal:
        form = forms.refused("link", sent, refusal)
        return _page(request, "link.html", form, title="New e-mail address", action=ADDRESS)
    return _page(request, "confirmed.html")


def _secret_of(sent: Sent) -> str:
    """The secret of a link, which may have been pasted as a whole."""
    return sent["token"].strip().rpartition("#")[2]


async def _invitation(request: Request, sent: Sent) -> tuple[str, Seen]:
    sent.require(token=_LINK)
    link = _secret_of(sent)
    return link, await invitations.see(request.app.state.database, link)


def _chosen(sent: Sent) -> Chosen:
    sent.require(username="choose a user name", password="choose a password")  # noqa: S106 - a hint
    named = {name: sent[name] for name in ("username", "first_name", "last_name")}
    return Chosen(password=sent["password"], **forms.checked(entries.Account, **named).model_dump())


def _shown(request: Request, link: str, seen: Seen, form: Form = UNTOUCHED) -> Response:
    return _page(request, "invitation.html", form, seen=seen, link=link)


def _page(request: Request, template: str, form: Form = UNTOUCHED, **values: Any) -> Response:  # noqa: ANN401 - a template's
    return page_with_forms(request, template, {"form_of": form.named, **values}, form.status)
