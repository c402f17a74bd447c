"""What happens to every request before routing: its id and trail, its path, its bounds, and its failure."""

import re
import time
from typing import Any, Final
from urllib.parse import quote, unquote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foodflow.kernel import clock, telemetry
from foodflow.kernel.errors import Malformed, Refusal, TooLarge
from foodflow.kernel.http.limits import headers_of
from foodflow.kernel.http.problems import problem

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_UNVERSIONED = re.compile(r"\A/api/(?!v\d+(?:/|$)|openapi\.json$|docs(?:/|$)|redoc$)(?=[^/])")
_QUIET = ("/health", "/metrics", "/static", "/api/v1/health")

# What a WebSocket is answered with where no status is sent: accepted, or closed before that.
_SOCKET_STATUS = {"websocket.accept": 101, "websocket.close": 403}
# Callers can make up others without end, and each would be a time series of its own.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

OTHER_SITES: Final[dict[str, Any]] = {
    "allow_credentials": True,
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    "allow_headers": [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "Last-Event-ID",
        "X-API-Key",
        "X-CSRFToken",
        "X-Request-ID",
        "X-Tenant",
    ],
    "expose_headers": [
        "ETag",
        "Idempotency-Replayed",
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-Request-ID",
    ],
}
"""What pages of trusted origins may send and read (CORS)."""

log = structlog.get_logger("foodflow.http")


class PathRule:
    """`/api/<resource>` means version 1, and a trailing slash means nothing; without redirects."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the canonical path into the scope."""
        if scope["type"] in {"http", "websocket"}:
            path = canonical_path(scope["path"])
            if path != scope["path"]:
                # In place: what routing adds to the scope is read by those who stand before this one.
                scope["path"], scope["raw_path"] = path, quote(path).encode()
        await self.app(scope, receive, send)


def canonical_path(path: str) -> str:
    """The path under which routes are declared; unknown paths pass through unchanged."""
    if not path.startswith("/api/"):
        return path.rstrip("/") or "/"
    return _UNVERSIONED.sub("/api/v1/", path.rstrip("/"), count=1)


class RequestTrail:
    """Gives each request an id, one log line and its metrics; a harmless id from the caller is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Follow one request from its arrival to the last byte of its answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(clock.new_id())
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        status: int | None = None
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if "status" in message:
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers.update(headers_of(scope["state"]))
            status = status or message.get("status", _SOCKET_STATUS.get(message["type"]))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                _account(scope, status or 500, time.perf_counter() - started)


def _account(scope: Scope, status: int, seconds: float) -> None:
    method = scope.get("method", "GET")  # a WebSocket begins as one
    method = method if method in _METHODS else "other"
    route = _path_of_route(scope)
    telemetry.REQUESTS.labels(method, route, status).inc()
    telemetry.REQUEST_SECONDS.labels(method, route).observe(seconds)
    if not scope["path"].startswith(_QUIET):
        took = round(seconds * 1000, 1)
        log.info("request", method=method, path=scope["path"], status=status, milliseconds=took, **_who(scope))


def _who(scope: Scope) -> dict[str, str]:
    """Who called, as far as the guard found out, and from where."""
    client, actor = scope.get("client"), scope["state"].get("actor")
    known = {} if actor is None else {"actor": actor.id, "company": actor.tenant}
    return known | ({} if client is None else {"address": str(client[0])})


def _path_of_route(scope: Scope) -> str:
    """The whole path of the route that answered; FastAPI keeps an included router's prefix apart from the route."""
    included = scope.get("fastapi", {}).get("effective_route_context")
    path: str = getattr(included, "path", "") or getattr(scope.get("route"), "path", "unmatched")
    return path


class Failures:
    """Answers what nobody has foreseen. Starlette would answer it too, but outside of all that every answer gets: its
    trail, and the leave for other sites to read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in place of the application that failed, unless it has begun to answer."""
        begun = scope["type"] != "http"

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if begun:
                raise
            request = Request(scope, receive)
            response = await request.app.exception_handlers[Exception](request, error)
            await response(scope, receive, send)


class Bounds:
    """Refuses what no route could take: a body over the bound, and a NUL byte in the address (PostgreSQL stores
    none).
    """

    def __init__(self, app: ASGIApp, *, max_body: int) -> None:
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the address and the declared length, and count what really arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\0" in scope["path"] or "\0" in unquote(scope["query_string"].decode("latin-1")):
            await self._refuse(Malformed("the address holds a NUL character"), scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isascii() and declared.isdecimal() and int(declared) > self.max_body:
            await self._refuse(self._too_large(), scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_body:
                raise self._too_large()
            return message

        await self.app(scope, counted, send)

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        await problem(Request(scope), refusal)(scope, receive, send)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is over {self.max_body // 1_000_000} MB; send it in parts")
