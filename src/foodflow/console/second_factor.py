"""The pages of one's second factor: set up, confirmed, with new recovery codes, and removed."""

import re
from typing import Final

import segno
from starlette.responses import Response

from foodflow.console import forms
from foodflow.console.account import ACCOUNT, ASK_PRESENT, after, show_refused
from foodflow.console.forms import UNTOUCHED, Form
from foodflow.console.frame import CurrentVisit, Visit, framed
from foodflow.console.pages import PageRoute
from foodflow.identity.public import second_factors
from foodflow.identity.public.signing_in import caller_of
from foodflow.kernel.errors import Conflict, Refusal
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router

SECOND_FACTOR: Final = f"{ACCOUNT}/second-factor"
_ASK_CODE: Final = "enter the code"
_OURS: Final = re.compile(r"otpauth://totp/[\x21-\x7e]{1,1000}")
"""What we have asked an app to read; the form brings it back, so that the picture can be shown again."""
_CHANGE: Final = needs("identity.change_self")

router = Router(route_class=PageRoute, include_in_schema=False)


@router.post(SECOND_FACTOR, dependencies=[_CHANGE])
async def set_up(visit: CurrentVisit) -> Response:
    """Begin a second factor: a picture for an app to read."""
    try:
        visit.sent.require(current_password=ASK_PRESENT)
        password, caller = visit.sent["current_password"], caller_of(visit.request)
        begun = await second_factors.set_up(visit.database, visit.actor, password, caller, sealer=visit.state.sealer)
    except Refusal as refusal:
        return await show_refused(visit, "second-factor", refusal)
    return await _enrolment(visit, begun.secret, begun.uri)


@router.post(f"{SECOND_FACTOR}/confirm", dependencies=[_CHANGE])
async def confirm(visit: CurrentVisit) -> Response:
    """Let the second factor hold, and show the recovery codes."""
    sent = visit.sent
    try:
        sent.require(code=_ASK_CODE)
        codes = await second_factors.confirm(visit.database, visit.actor, sent["code"], sealer=visit.state.sealer)
    except Conflict as refusal:  # nothing was begun, or all is done
        return await show_refused(visit, "second-factor", refusal)
    except Refusal as refusal:
        if not _OURS.fullmatch(sent["uri"]):
            return await show_refused(visit, "second-factor", refusal)
        return await _enrolment(visit, sent["secret"], sent["uri"], form=forms.refused("confirm", sent, refusal))
    return await framed(visit, "recovery_codes.html", {"here": ACCOUNT, "codes": codes})


@router.post(f"{SECOND_FACTOR}/recovery-codes", dependencies=[_CHANGE])
async def renew_recovery_codes(visit: CurrentVisit) -> Response:
    """Replace the recovery codes, and show the new ones."""
    caller, sealer = caller_of(visit.request), visit.state.sealer
    try:
        given = _proof(visit)
        renew = second_factors.renew_recovery_codes
        codes = await renew(visit.database, visit.actor, *given, caller=caller, sealer=sealer)
    except Refusal as refusal:
        return await show_refused(visit, "recovery-codes", refusal)
    return await framed(visit, "recovery_codes.html", {"here": ACCOUNT, "codes": codes})


@router.post(f"{SECOND_FACTOR}/remove", dependencies=[_CHANGE])
async def remove(visit: CurrentVisit) -> Response:
    """Sign in with the password alone again."""
    caller, sealer = caller_of(visit.request), visit.state.sealer

    async def do() -> None:
        await second_factors.remove(visit.database, visit.actor, *_proof(visit), caller=caller, sealer=sealer)

    return await after(visit, "remove", do(), done="second-factor")


def _proof(visit: Visit) -> tuple[str, str]:
    visit.sent.require(current_password=ASK_PRESENT, code=_ASK_CODE)
    return visit.sent["current_password"], visit.sent["code"]


async def _enrolment(visit: Visit, secret: str, uri: str, *, form: Form = UNTOUCHED) -> Response:
    picture = segno.make(uri, error="m").svg_inline(omitsize=True)
    values = {"here": ACCOUNT, "secret": secret, "uri": uri, "picture": picture}
    return await framed(visit, "second_factor.html", values, form=form)
