"""The request's one transaction: what the caller expects is known in it, and a call that comes again is answered with
what it was answered before.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from foodflow.kernel import answers, preconditions
from foodflow.kernel.answers import Answer, Call
from foodflow.kernel.db import directory_transaction, enter_platform, enter_tenant, tenant_transaction
from foodflow.kernel.errors import Malformed
from foodflow.kernel.http.conditions import expected

_CALL = "foodflow.call"
_SESSION = "foodflow.session"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("content-type", "location", "etag", "cache-control")
_SUCCESS = range(200, 300)
_SAFE = frozenset({"GET", "HEAD"})


class Replayed(Exception):  # noqa: N818 - not a fault: it leads past the endpoint
    """This call was made before; its answer is known."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer

    def response(self) -> Response:
        """The answer of the first call."""
        headers = {**self.answer.headers, "Idempotency-Replayed": "true"}
        return Response(self.answer.body, self.answer.status, headers=headers)


async def read_key(request: Request) -> None:
    """Take note of an `Idempotency-Key`, before anything else reads the body."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return
    if not _KEY.fullmatch(key):
        raise Malformed("an Idempotency-Key is 1 to 255 visible ASCII characters")
    sent = request.scope["query_string"] + b"\0" + await request.body()
    request.scope[_CALL] = Call.of(request.state.actor, f"POST {request.scope['path']}", key, sent=sent)


async def keep_answer(request: Request, response: Response) -> Response:
    """Have the answer of a deed that was done kept with it, where the caller gave a key."""
    call, session = request.scope.get(_CALL), request.scope.get(_SESSION)
    if call is None or session is None or response.status_code not in _SUCCESS:
        return response
    if isinstance(response, StreamingResponse):
        response = await _whole(response)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = Answer(response.status_code, headers, bytes(response.body))
    answers.keep(session, call, answer, request.app.state.sealer)
    return response


def require_heeded(request: Request) -> None:
    """Refuse, before the commit, a deed that knows no versions, to a caller who expects one."""
    session = request.scope.get(_SESSION)
    if request.method not in _SAFE and session is not None and preconditions.is_unheeded(session):
        raise Malformed("this is not held against a version: leave If-Match out")


async def _whole(response: StreamingResponse) -> Response:
    """A streamed answer in one piece; only whole can it be given a second time."""
    chunks = [chunk async for chunk in response.body_iterator]
    body = b"".join(chunk.encode() if isinstance(chunk, str) else bytes(chunk) for chunk in chunks)
    return Response(body, response.status_code, headers=dict(response.headers))


async def _transaction(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with tenant_transaction(connection.app.state.database, connection.state.actor) as session:
        await _begin(connection, session)
        yield session


async def _directory_transaction(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    actor = connection.state.actor
    async with directory_transaction(connection.app.state.database, actor) as session:
        if _CALL in connection.scope:
            await enter_tenant(session, actor)  # where the answers are kept
            await _begin(connection, session)
            await enter_platform(session)
        else:
            await _begin(connection, session)
        yield session


def opens_transaction(dependency: object) -> bool:
    """Whether a dependency is the request's transaction, in which keys and conditions are heeded."""
    return dependency in {_transaction, _directory_transaction}


async def _begin(connection: HTTPConnection, session: AsyncSession) -> None:
    connection.scope[_SESSION] = session
    preconditions.expect(session, expected(connection))
    call = connection.scope.get(_CALL)
    if call is not None:
        answer = await answers.kept(session, call, connection.app.state.sealer)
        if answer is not None:
            raise Replayed(answer)


Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
"""The request's one transaction in the caller's company; it has committed before the answer is sent, so a commit that
fails is answered as a failure."""

DirectoryTransaction = Annotated[AsyncSession, Depends(_directory_transaction, scope="function")]
"""The same on the tables that all companies share; what was told and recorded goes into the caller's company."""
