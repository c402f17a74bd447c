"""The cookie of a browser's session: kept, read and dropped in one way wherever somebody signs in."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from foodflow.identity.rules.credentials import SESSION_LIFE
from foodflow.identity.usecases.tokens import Stay

SESSION_COOKIE = "foodflow_session"
# The cookie against forged calls has to stay: a page that was open before goes on with the token that it has.
_FORGET_ALL_BUT_COOKIES = '"storage"'


def over_https(connection: HTTPConnection) -> bool:
    """Whether the browser came over TLS, to us or to a proxy that is trusted."""
    return connection.url.scheme in {"https", "wss"}


def cookie_name(connection: HTTPConnection, name: str) -> str:
    """Over https a name that no other host of our domain can set a cookie under (RFC 6265bis, section 4.1.3.2)."""
    return f"__Host-{name}" if over_https(connection) else name


def session_of(connection: HTTPConnection) -> str | None:
    """The secret of the session that a browser brings, whether it holds or not."""
    return connection.cookies.get(cookie_name(connection, SESSION_COOKIE)) or None


def keep_session(request: Request, response: Response, stay: Stay) -> None:
    """Let the browser keep a session that has begun, out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        cookie_name(request, SESSION_COOKIE),
        stay.secret,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        secure=over_https(request),
        httponly=True,
        # Not `strict`: whoever follows a link to FoodFlow from a mail would look signed out.
        samesite="lax",
    )


def drop_session(request: Request, response: Response) -> None:
    """Let the browser forget its session."""
    name, secure = cookie_name(request, SESSION_COOKIE), over_https(request)
    response.headers["Clear-Site-Data"] = _FORGET_ALL_BUT_COOKIES
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
