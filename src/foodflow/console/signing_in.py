"""Signing in and out of a browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from foodflow.console.pages import page, redirect
from foodflow.identity import public as identity
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Forbidden, Malformed, TooLarge, Unauthenticated

MAX_FORM: Final = 8_000
_MAX_FIELDS: Final = 10
_OWN: Final = {"same-origin", "none"}


class CrossSite(Forbidden):
    """The form was sent by a page of another site."""

    code = "console.cross_site"


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered into the form."""

    username: str
    password: str
    company: str


async def signed_in(request: Request) -> Actor | None:
    """Who is signed in, or None."""
    try:
        actor: Actor = await request.app.state.authenticate(request)
    except Unauthenticated:
        return None
    return actor


async def entered(request: Request) -> Entered:
    """Read the form; refuses one of another site, and one that is longer than anybody types."""
    require_own_form(request)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise TooLarge("this form is longer than anybody types")
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise Malformed("the form cannot be read") from None
    return Entered(fields.get("username", ""), fields.get("password", ""), fields.get("company", "").strip())


def require_own_form(request: Request) -> None:
    """Refuse a form that a page of another site has sent: it would act with this browser's cookie, or sign it in as
    somebody else. Programs that say nothing of where they come from have no cookie that comes along by itself.
    """
    headers = request.headers
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    own = site in _OWN if site is not None else origin is None or _host_of(origin) == headers.get("host")
    if not own:
        raise CrossSite("this form was sent by a page of another site; go to FoodFlow itself and try again")


def _host_of(origin: str) -> str:
    return origin.partition("://")[2]


async def sign_in(request: Request, form: Entered) -> Response:
    """Begin a session and go to the board, or show the form again without saying which of the entries is wrong."""
    state = request.app.state
    try:
        user_id, company = await identity.check_password(
            state.database,
            form.username.replace("\0", ""),  # which PostgreSQL cannot look up
            form.password,
            company=form.company or None,
            default=state.settings.default_tenant,
        )
    except identity.BadCredentials:
        return form_page(form, error="The user name or the password is wrong.", status=401)
    except identity.CompanyNotNamed:
        return form_page(form, error="You belong to several companies: say which, and your password again.", status=409)
    await _end(request)
    secret = await identity.begin_browser_session(state.database, user_id, company)
    response = redirect("/")
    response.set_cookie(secret=secret, **_cookie(request)) if False else None
    return response


def form_page(form: Entered = Entered("", "", ""), *, error: str = "", status: int = 200) -> Response:
    """The form."""
    return page("sign_in.html", status, form=form, error=error, ask_company=status == 409 or bool(form.company))


async def sign_out(request: Request) -> Response:
    """End the session and show the form."""
    require_own_form(request)
    await _end(request)
    response = redirect("/login")
    return response
