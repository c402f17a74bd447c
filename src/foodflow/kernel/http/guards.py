"""Guards: every route says who may call it, and is asked before anything of the request's body is read."""

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, params
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Forbidden, Malformed, Refusal, Unauthenticated, WrongType
from foodflow.kernel.http import conditions, openapi
from foodflow.kernel.http.limits import PER_ADDRESS, Limiter
from foodflow.kernel.http.routers import Router
from foodflow.kernel.http.transactions import Replayed, keep_answer, read_key, require_heeded
from foodflow.kernel.wire import Versioned

_ASKED = "foodflow.guard"

Authenticate = Callable[[HTTPConnection], Awaitable[Actor]]
"""Turns a request's credential into an actor, or refuses; the composition root puts it into
`app.state.authenticate`."""


class BodyUnreadable(Malformed):
    """The body is no text, or nested more deeply than is read."""


class Guard:
    """Who may call a route: whoever holds `permission`, or everybody where it is None; `limit` is how often those may
    whom nobody knows: a rate such as `600/minute`, or None for any number. With `guests`, who brings no credential is
    a guest of the company that the call goes to, and may what guests may.
    """

    def __init__(self, permission: str | None, limit: str | None = PER_ADDRESS, *, guests: bool = False) -> None:
        self.permission = permission
        self.limit = limit
        self.guests = guests

    async def admit(self, connection: HTTPConnection) -> None:
        """Let the caller pass, known from here on as `state.actor`; refuse everybody else, and who calls too often."""
        if self.guests and not _brings_credential(connection):
            connection.state.actor = await _known_or_guest(connection, self)
        elif self.permission is not None:
            connection.state.actor = await _known(connection, self.permission)
        elif self.limit is not None:
            await connection.app.state.limiter.count_address(connection, self.limit)

    async def __call__(self, connection: HTTPConnection) -> None:
        """Ask when dependencies run, unless `GuardedRoute` has: a WebSocket has no body that is read before."""
        if connection.scope.get(_ASKED) is not self:
            await self.admit(connection)


async def _known(connection: HTTPConnection, permission: str) -> Actor:
    """Who calls. A bad credential counts against its address, a good one against itself: many share one address."""
    limiter: Limiter = connection.app.state.limiter
    authenticate: Authenticate = connection.app.state.authenticate
    await limiter.require_room(connection)
    try:
        actor = await authenticate(connection)
    except (Unauthenticated, Forbidden):
        await limiter.count_address(connection)
        raise
    await limiter.count_known(connection, actor)
    if not actor.may(permission):
        message = f"this needs the permission {permission}"
        raise actor.withheld or Forbidden(message)
    return actor


def _brings_credential(connection: HTTPConnection) -> bool:
    """Whether somebody says on purpose who they are; a cookie comes along by itself."""
    return "authorization" in connection.headers or "x-api-key" in connection.headers


async def _known_or_guest(connection: HTTPConnection, guard: Guard) -> Actor:
    """Who calls, if their browser is signed in, and a guest otherwise; guests are counted by their address."""
    assert guard.permission is not None  # noqa: S101 - guests hold permissions too
    try:
        actor: Actor = await connection.app.state.authenticate(connection)
    except (Unauthenticated, Forbidden):
        if guard.limit is not None:
            await connection.app.state.limiter.count_address(connection, guard.limit)
        actor, connection.state.is_guest = await connection.app.state.guest(connection), True
    else:
        await connection.app.state.limiter.count_known(connection, actor)
    if not actor.may(guard.permission):
        raise Forbidden(f"this needs the permission {guard.permission}")
    return actor


def needs(permission: str) -> params.Depends:
    """Declare the permission (`context.verb`) that a route needs."""
    return params.Depends(Guard(permission))


def open_to_all(limit: str | None = PER_ADDRESS) -> params.Depends:
    """Declare that anybody may call a route, signed in or not: as often as unknown callers may, or by a rate of the
    route's own (`600/minute` from one address), or any number of times (None).
    """
    return params.Depends(Guard(None, limit))


def open_to_guests(permission: str, limit: str | None = PER_ADDRESS) -> params.Depends:
    """Declare the permission that a route needs, which guests of a company (who bring no credential) hold as well: as
    often as unknown callers may, or by a rate of the route's own.
    """
    return params.Depends(Guard(permission, limit, guests=True))


class GuardedRoute(APIRoute):
    """A route that cannot be declared without a guard and asks it first, before the body is read or parsed."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        guards = [d.dependency for d in options.get("dependencies") or () if isinstance(d.dependency, Guard)]
        if len(guards) != 1:
            message = f"{path} must declare exactly one of needs(…), open_to_guests(…) and open_to_all()"
            raise TypeError(message)
        super().__init__(path, _flushing(endpoint), **options)
        self.guard: Guard = guards[0]
        self.versioned = isinstance(self.response_model, type) and issubclass(self.response_model, Versioned)
        guarded, limited = self.guard.permission is not None, self.guard.limit is not None
        openapi.describe(self, guarded=guarded, limited=limited, versioned=self.versioned)
        if self.guard.guests and self.openapi_extra is not None:
            self.openapi_extra["security"].append({})  # none of the ways to say who one is has to be taken

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the guard."""
        handle = super().get_route_handler()

        async def ask_first(request: Request) -> Response:
            await self.guard.admit(request)
            request.scope[_ASKED] = self.guard
            if self.body_field is not None and not isinstance(self.body_field.field_info, params.Form):
                _require_json(request)
            # Nobody is to be given what another guest was answered, such as the token of their place.
            if self.guard.permission is not None and not getattr(request.state, "is_guest", False):
                await read_key(request)
            try:
                return await self._finish(request, await handle(request))
            except Replayed as replayed:
                return replayed.response()
            except HTTPException as error:
                # FastAPI makes a 400 of whatever goes wrong while it reads a body; a refusal stays what it is.
                if isinstance(error.__cause__, Refusal):
                    raise error.__cause__ from None
                if error.status_code == HTTPStatus.BAD_REQUEST:
                    raise BodyUnreadable("the body cannot be read as JSON in UTF-8") from error
                raise

        return ask_first

    async def _finish(self, request: Request, response: Response) -> Response:
        """What is added to an answer while the transaction of its deed is still open."""
        require_heeded(request)
        if not self.versioned:
            return await keep_answer(request, response)
        conditions.tag(response)
        if request.method == "GET":
            return conditions.unless_known(request, response)
        return await keep_answer(request, response)


def _flushing(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint, after which what it has changed is flushed: the answer is to show the version that came of it."""
    if not inspect.iscoroutinefunction(endpoint):
        return endpoint

    @functools.wraps(endpoint)
    async def flushed(**values: Any) -> Any:  # noqa: ANN401 - the endpoint's own
        answer = await endpoint(**values)
        for value in values.values():
            if isinstance(value, AsyncSession):
                await value.flush()
        return answer

    return flushed


def _require_json(request: Request) -> None:
    """FastAPI takes a body of another type for a text and complains that it is not an object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    if not empty and not re.fullmatch(r"application/(.+\+)?json", kind):
        message = f"the body is {kind or 'of no named type'}; send application/json"
        raise WrongType(message)


def guarded_router(**options: Any) -> APIRouter:  # noqa: ANN401 - FastAPI's own
    """A router whose routes are closed unless they say otherwise."""
    return Router(route_class=GuardedRoute, **options)


def _current_actor(connection: HTTPConnection) -> Actor:
    actor: Actor = connection.state.actor
    return actor


CurrentActor = Annotated[Actor, Depends(_current_actor)]
"""The caller."""
