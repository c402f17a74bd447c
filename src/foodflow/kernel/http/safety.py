"""What every answer says to browsers, unless a page says it for itself."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # An answer of the interface is data: if a browser ever shows it as a page, it loads and does nothing.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_YEAR = 31_536_000
_OVER_HTTPS: Final = {"Strict-Transport-Security": f"max-age={_YEAR}; includeSubDomains"}


class SafeAnswers:
    """Adds what keeps browsers from guessing types, framing, telling other sites, and keeping what is private."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers that an answer does not bear yet."""
        said = _ALWAYS | (_OVER_HTTPS if scope.get("scheme") == "https" else {})

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in said.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)
