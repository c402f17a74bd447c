"""Signing in and out of a browser."""

from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from foodflow.console.forms import sent_form
from foodflow.console.pages import SIGN_IN, page, redirect
from foodflow.identity.public import cookies, providers, proving
from foodflow.identity.public import signing_in as identity
from foodflow.identity.public.authenticating import company_named
from foodflow.identity.public.signing_in import caller_of
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Forbidden, Unauthenticated

DONE: Final = {
    "invitation": "Welcome. Sign in with your user name and password.",
    "password": "Your new password counts from now on. Sign in with it.",
}
SECOND_STEP: Final = f"{SIGN_IN}/code"
_CHALLENGE_COOKIE: Final = "foodflow_challenge"
_LOCKED: Final = "Too many attempts have failed. Wait a while, and try again."
_OWN: Final = {"same-origin", "none"}


class CrossSite(Forbidden):
    """The form was sent by a page of another site."""

    code = "console.cross_site"


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered into the form; a log that shows it shows no password."""

    username: str
    password: str = field(repr=False)
    company: str


EMPTY: Final = Entered("", "", "")


async def signed_in(request: Request) -> Actor | None:
    """Who is signed in and can act, or None."""
    try:
        actor: Actor = await request.app.state.authenticate(request)
    except (Unauthenticated, Forbidden):
        return None
    return actor


def entered(request: Request) -> Entered:
    """What was entered into the form; refuses one of another site."""
    require_own_form(request)
    sent = sent_form(request)
    return Entered(sent["username"], sent["password"], sent["company"].strip())


def require_own_form(request: Request) -> None:
    """Refuse a form that a page of another site has sent: it would act with this browser's cookie, or sign it in as
    somebody else. Programs that say nothing of where they come from have no cookie that comes along by itself.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    host = request.headers.get("host")
    own = site in _OWN if site is not None else origin is None or origin.partition("://")[2] == host
    if not own:
        raise CrossSite("this form was sent by a page of another site; go to FoodFlow itself and try again")


async def form_page(
    request: Request, form: Entered = EMPTY, *, error: str = "", done: str = "", ask_company: bool = False
) -> Response:
    """The form, and the providers of the company that is meant; the password is never sent back."""
    company = form.company or company_named(request) or request.app.state.settings.default_tenant
    choices = await providers.choices(request.app.state.database, company)
    values = {"form": form, "error": error, "done": DONE.get(done, ""), "providers": choices}
    return page("sign_in.html", values | {"ask_company": ask_company or bool(form.company)})


def code_page(*, error: str = "") -> Response:
    """The form's second step."""
    return page("sign_in_code.html", {"error": error})


async def sign_in(request: Request) -> Response:
    """Begin a session and go to the board, ask for the code of a second factor, or show the form again without saying
    which of the entries is wrong.
    """
    form = entered(request)
    state = request.app.state
    tried = proving.Entered(form.username, form.password, form.company or company_named(request))
    try:
        proved = await proving.check_password(
            state.database, tried, caller_of(request), default=state.settings.default_tenant
        )
    except proving.BadCredentials:
        return _refusing(await form_page(request, form, error="The user name or the password is wrong."), 401)
    except proving.LockedOut as locked:
        return _refusing(await form_page(request, form, error=_LOCKED), 429, locked)
    except proving.CompanyNotNamed:
        told = "You belong to several companies: say which one, and enter your password again."
        return _refusing(await form_page(request, form, error=told, ask_company=True), 409)
    if not proved.needs_code:
        return await _begin(request, proved.signed_in)
    challenge = await proving.begin_challenge(state.database, proved)
    response = redirect(SECOND_STEP)
    response.set_cookie(_CHALLENGE_COOKIE, challenge, max_age=proving.CHALLENGE_SECONDS, **_scope(request))
    return response


async def enter_code(request: Request) -> Response:
    """Begin a session for whoever has entered their password before, and now a right code."""
    require_own_form(request)
    code = sent_form(request)["code"].strip()
    challenge = request.cookies.get(_CHALLENGE_COOKIE, "")
    state = request.app.state
    try:
        who = await proving.pass_challenge(state.database, challenge, code, caller_of(request), sealer=state.sealer)
    except proving.BadCode:
        return _refusing(code_page(error="The code is wrong, too old, or was used before."), 401)
    except proving.LockedOut as locked:
        return _refusing(code_page(error=_LOCKED), 429, locked)
    except proving.BadToken:
        error = "It took too long or too many tries: enter your password again."
        return _without_challenge(request, _refusing(await form_page(request, error=error), 401))
    return _without_challenge(request, await _begin(request, who))


async def sign_out(request: Request) -> Response:
    """End the session and show the form."""
    require_own_form(request)
    await _end_session(request)
    response = redirect(SIGN_IN)
    cookies.drop_session(request, response)
    return response


def awaits_code(request: Request) -> bool:
    """Whether a password was entered in this browser a moment ago, so that a code is due."""
    return _CHALLENGE_COOKIE in request.cookies


async def _begin(request: Request, who: identity.SignedIn) -> Response:
    """A new session, and the end of the one that the browser brings: nobody can have prepared it."""
    stay = await identity.begin_browser_session(request.app.state.database, who, caller_of(request))
    await _end_session(request)
    response = redirect("/")
    cookies.keep_session(request, response, stay)
    return response


async def _end_session(request: Request) -> None:
    secret = cookies.session_of(request)
    if secret is not None:
        await identity.end_browser_session(request.app.state.database, secret)


def _scope(request: Request) -> dict[str, Any]:
    return {"path": SIGN_IN, "secure": request.url.scheme == "https", "httponly": True, "samesite": "lax"}


def _without_challenge(request: Request, response: Response) -> Response:
    response.delete_cookie(_CHALLENGE_COOKIE, **_scope(request))
    return response


def _refusing(response: Response, status: int, locked: proving.LockedOut | None = None) -> Response:
    """The page as the answer to a sign-in that was refused."""
    response.status_code = status
    response.headers.update(locked.headers if locked else {})
    return response
