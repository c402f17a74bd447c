"""Forged calls of other sites: a cookie acts only with a token that other sites cannot read, and from our own pages."""

import hashlib
import hmac
import re
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from foodflow.identity.public.cookies import cookie_name, over_https
from foodflow.identity.rules.credentials import BadCsrfToken
from foodflow.settings import Settings

HEADER = "X-CSRFToken"
COOKIE = "foodflow_csrf"
_WELL_MADE = re.compile(r"[A-Za-z0-9_-]{43}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Csrf:
    """Hands out tokens, each bound to a browser's cookie by a key derived from the installation's own (HKDF, RFC 5869),
    and asks for them; knows the sites whose pages may call with a cookie.
    """

    def __init__(self, settings: Settings, secret_key: str) -> None:
        self._key = HKDF(hashes.SHA256(), length=32, salt=None, info=b"foodflow csrf").derive(secret_key.encode())
        self._sites = frozenset({settings.public_url, *settings.trusted_origins})

    def hand_out(self, request: Request, response: Response) -> str:
        """The token of this browser, whose cookie is set if it has none yet."""
        value = _cookie(request)
        if value is None:
            value = secrets.token_urlsafe(32)
            name, secure = cookie_name(request, COOKIE), over_https(request)
            response.set_cookie(name, value, path="/", secure=secure, httponly=True, samesite="lax")
        return self._token(value)

    def require(self, connection: HTTPConnection) -> None:
        """Refuse a call that changes something without the browser's own token, or from a page of another site."""
        value = _cookie(connection)
        given = connection.headers.get(HEADER, "")
        if value is None or not hmac.compare_digest(given.encode(), self._token(value).encode()):
            raise BadCsrfToken
        if "origin" in connection.headers and not self.is_of_our_own(connection):
            raise BadCsrfToken

    def require_unless_safe(self, connection: HTTPConnection) -> None:
        """The same of a call that comes with a cookie, if its method changes anything."""
        if connection.scope["method"] not in _SAFE_METHODS:
            self.require(connection)

    def is_of_our_own(self, connection: HTTPConnection) -> bool:
        """Whether the page that calls is ours, or of a site that is trusted as much."""
        origin = connection.headers.get("origin", "")
        own = origin.partition("://")[2]
        return origin in self._sites or (own != "" and own == connection.headers.get("host"))

    def _token(self, value: str) -> str:
        return hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()


def _cookie(connection: HTTPConnection) -> str | None:
    value = connection.cookies.get(cookie_name(connection, COOKIE), "")
    return value if _WELL_MADE.fullmatch(value) else None
