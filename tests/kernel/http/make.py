"""Reads answers, and speaks ASGI without a client between."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message, Scope

Headers = Sequence[tuple[bytes, bytes]]
PROBLEM = "application/problem+json"


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The members of a problem, after checking that it is one as the interface promises."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(body)
    assert body["status"] == status
    assert body["type"] == f"/problems/{body['code']}"
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    assert ("errors" in body) == (status == 422)
    for error in body.get("errors", []):
        assert set(error) == {"field", "message", "code"}
    return body


def fields(response: httpx.Response) -> set[str]:
    """The fields that a 422 names."""
    return {error["field"] for error in problem(response, 422)["errors"]}


async def call(
    app: ASGIApp, path: str, headers: Headers = (), *, kind: str = "http", method: str = "GET"
) -> list[Message]:
    """Call an application with a scope of our own; whoever reads the body fails."""
    sent: list[Message] = []

    async def receive() -> Message:
        pytest.fail("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope.update(headers=list(headers), http_version="1.1", scheme="http", server=("t", 80), root_path="")
    await app(scope, receive, send)
    return sent
