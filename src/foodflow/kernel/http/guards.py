"""Guards: every route says who may call it, and is asked before anything of the request's body is read."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, params
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.errors import Forbidden, Refusal, WrongType

_ASKED = "foodflow.guard"

Authenticate = Callable[[HTTPConnection], Awaitable[Actor]]
"""Turns a request's credential into an actor, or refuses; the composition root puts it into
`app.state.authenticate`."""


class Guard:
    """Who may call a route: whoever holds `permission`, or everybody where it is None."""

    def __init__(self, permission: str | None) -> None:
        self.permission = permission

    async def admit(self, connection: HTTPConnection) -> None:
        """Let the caller pass, known from here on as `state.actor`; refuse everybody else."""
        if self.permission is None:
            return
        authenticate: Authenticate = connection.app.state.authenticate
        actor = await authenticate(connection)
        if not actor.may(self.permission):
            message = f"this needs the permission {self.permission}"
            raise Forbidden(message)
        connection.state.actor = actor

    async def __call__(self, connection: HTTPConnection) -> None:
        """Ask when dependencies run, unless `GuardedRoute` has: a WebSocket has no body that is read before."""
        if connection.scope.get(_ASKED) is not self:
            await self.admit(connection)


def needs(permission: str) -> params.Depends:
    """Declare the permission (`context.verb`) that a route needs."""
    return params.Depends(Guard(permission))


def open_to_all() -> params.Depends:
    """Declare that anybody may call a route, signed in or not."""
    return params.Depends(Guard(None))


class GuardedRoute(APIRoute):
    """A route that cannot be declared without a guard and asks it first, before the body is read or parsed."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(path, endpoint, **options)
        guards = [d.dependency for d in self.dependencies if isinstance(d.dependency, Guard)]
        if len(guards) != 1:
            message = f"{path} must declare exactly one of needs(…) and open_to_all()"
            raise TypeError(message)
        self.guard: Guard = guards[0]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the guard."""
        handle = super().get_route_handler()

        async def ask_first(request: Request) -> Response:
            await self.guard.admit(request)
            request.scope[_ASKED] = self.guard
            if self.body_field is not None and not isinstance(self.body_field.field_info, params.Form):
                _require_json(request)
            try:
                return await handle(request)
            except HTTPException as error:
                # FastAPI makes a 400 of whatever goes wrong while it reads a body; a refusal stays what it is.
                if isinstance(error.__cause__, Refusal):
                    raise error.__cause__ from None
                raise

        return ask_first


def _require_json(request: Request) -> None:
    """FastAPI takes a body of another type for a text and complains that it is not an object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    if not empty and not re.fullmatch(r"application/(.+\+)?json", kind):
        message = f"the body is {kind or 'of no named type'}; send application/json"
        raise WrongType(message)


def guarded_router(**options: Any) -> APIRouter:  # noqa: ANN401 - FastAPI's own
    """A router whose routes are closed unless they say otherwise."""
    return APIRouter(route_class=GuardedRoute, **options)


def _current_actor(connection: HTTPConnection) -> Actor:
    actor: Actor = connection.state.actor
    return actor


async def _transaction(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with tenant_transaction(connection.app.state.database, connection.state.actor) as session:
        yield session


CurrentActor = Annotated[Actor, Depends(_current_actor)]
"""The caller."""

Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
"""The request's one transaction; it has committed before the answer is sent, so a commit that fails is answered as
a failure."""
