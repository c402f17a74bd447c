"""Signing in and out of a browser."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from foodflow.console.pages import SIGN_IN, page, redirect
from foodflow.identity.public import signing_in as identity
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
    """What was entered into the form; a log that shows it shows no password."""

    username: str
    password: str = field(repr=False)
    company: str


EMPTY: Final = Entered("", "", "")


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
    body = await _body(request)
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise Malformed("the form cannot be read") from None
    if any("\0" in value for value in fields.values()):
        raise Malformed("the form holds a NUL character")
    return Entered(fields.get("username", ""), fields.get("password", ""), fields.get("company", "").strip())


async def _body(request: Request) -> bytes:
    """What was sent, read no further than a form can be long."""
    body, more = b"", True
    while more:
        message = await request.receive()
        body += message.get("body", b"")
        if len(body) > MAX_FORM:
            raise TooLarge("this form is longer than anybody types")
        more = message.get("more_body", False)
    return body


def require_own_form(request: Request) -> None:
    """Refuse a form that a page of another site has sent: it would act with this browser's cookie, or sign it in as
    somebody else. Programs that say nothing of where they come from have no cookie that comes along by itself.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    host = request.headers.get("host")
    own = site in _OWN if site is not None else origin is None or origin.partition("://")[2] == host
    if not own:
        raise CrossSite("this form was sent by a page of another site; go to FoodFlow itself and try again")


def form_page(form: Entered = EMPTY, *, error: str = "", status: int = 200, ask_company: bool = False) -> Response:
    """The form; the password is never sent back."""
    values = {"form": form, "error": error, "ask_company": ask_company or bool(form.company)}
    return page("sign_in.html", values, status)


async def sign_in(request: Request) -> Response:
    """Begin a session and go to the board, or show the form again without saying which of the entries is wrong."""
    form = await entered(request)
    database = request.app.state.database
    default = request.app.state.settings.default_tenant
    try:
        tried = identity.Entered(form.username, form.password, form.company or None)
        signed_in = await identity.check_password(database, tried, default=default)
    except identity.BadCredentials:
        return form_page(form, error="The user name or the password is wrong.", status=401)
    except identity.CompanyNotNamed:
        told = "You belong to several companies: say which one, and enter your password again."
        return form_page(form, error=told, status=409, ask_company=True)
    await _end_session(request)
    stay = await identity.begin_browser_session(database, signed_in, _caller(request))
    response = redirect("/")
    response.set_cookie(
        identity.SESSION_COOKIE,
        stay.secret,
        max_age=identity.SESSION_SECONDS,
        path="/",
        secure=_over_https(request),
        httponly=True,
        # Not `strict`: whoever follows a link to FoodFlow from a mail would look signed out. The cookie acts for GET
        # alone, and GET changes nothing.
        samesite="lax",
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session and show the form."""
    require_own_form(request)
    await _end_session(request)
    response = redirect(SIGN_IN)
    response.delete_cookie(identity.SESSION_COOKIE, path="/", secure=_over_https(request), httponly=True)
    return response


def _caller(request: Request) -> identity.Caller:
    return identity.Caller(request.client.host if request.client else "", request.headers.get("user-agent", ""))


async def _end_session(request: Request) -> None:
    secret = request.cookies.get(identity.SESSION_COOKIE)
    if secret:
        await identity.end_browser_session(request.app.state.database, secret)


def _over_https(request: Request) -> bool:
    """Whether the browser came over https, by itself or to a proxy before us. Who forges the header harms nobody but
    themselves.
    """
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()}
