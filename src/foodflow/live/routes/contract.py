"""The paths that clients from elsewhere call as they always have: what cannot be read is answered with 422, whatever is
wrong with it, and `detail` lists the faults as FastAPI does.
"""

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from foodflow.kernel.errors import FieldError, Invalid, WrongType
from foodflow.kernel.http.guards import BodyUnreadable, GuardedRoute
from foodflow.kernel.http.problems import MEDIA_TYPE, field_error
from foodflow.kernel.http.routers import Router

GUESTS: Final = "60000/minute"
"""Calls of guests from one address: a whole hall stands behind one."""

_LONGEST_SHOWN: Final = 1000
_TEXT: Final = {"type": "string"}
_FAULT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "loc", "msg"],
    "properties": {
        "type": _TEXT,
        "loc": {"type": "array", "items": {"anyOf": [_TEXT, {"type": "integer"}]}},
        "msg": _TEXT,
        "input": {},
    },
}
_FIELD: Final[dict[str, Any]] = {"type": "object", "properties": {"field": _TEXT, "message": _TEXT, "code": _TEXT}}
_NOT_VALID: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "array", "items": _FAULT},
        "code": _TEXT,
        "request_id": _TEXT,
        "errors": {"type": "array", "items": _FIELD},
    },
}

Fault = dict[str, Any]


class ContractRoute(GuardedRoute):
    """A guarded route that says what is wrong with a call as its clients expect it."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        described = {"description": Invalid.title, "content": {MEDIA_TYPE: {"schema": _NOT_VALID}}}
        options["responses"] = {422: described, **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)
        self.responses.pop(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, None)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The guarded handler, whose complaints about the call are told as lists of faults."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                faults = error.errors()
                return _not_valid(request, list(map(_shown, faults)), list(map(field_error, faults)))
            except Invalid as refusal:
                named = [_of_field(each) for each in refusal.errors] or [_fault(refusal.code, refusal.detail)]
                return _not_valid(request, named, list(refusal.errors), code=refusal.code)
            except WrongType as refusal:
                return _unreadable(request, "model_attributes_type", refusal.detail)
            except BodyUnreadable as refusal:
                return _unreadable(request, "json_invalid", refusal.detail)

        return answer


def contract_router(**options: Any) -> APIRouter:  # noqa: ANN401 - FastAPI's own
    """A router of paths that clients from elsewhere call."""
    return Router(route_class=ContractRoute, **options)


def _unreadable(request: Request, type: str, message: str) -> Response:  # noqa: A002 - FastAPI's name
    return _not_valid(request, [_fault(type, message)], [FieldError("body", message, type)])


def _not_valid(
    request: Request, faults: list[Fault], errors: list[FieldError], *, code: str = Invalid.code
) -> Response:
    body = {
        "type": f"/problems/{code}",
        "title": Invalid.title,
        "status": Invalid.status,
        "detail": faults,
        "code": code,
        "request_id": getattr(request.state, "request_id", ""),
        "errors": [{"field": each.field, "message": each.message, "code": each.code} for each in errors],
    }
    return Response(json.dumps(body), Invalid.status, media_type=MEDIA_TYPE)


def _of_field(error: FieldError) -> Fault:
    return {"type": error.code, "loc": ["body", *error.field.split(".")], "msg": error.message, "input": None}


def _fault(type: str, message: str) -> Fault:  # noqa: A002 - FastAPI's name
    return {"type": type, "loc": ["body"], "msg": message, "input": None}


def _shown(fault: Fault) -> Fault:
    """A fault as pydantic found it; what was sent is shown where it is short, and can be said in JSON."""
    try:
        said = json.dumps(fault.get("input"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        said = "null"
    sent = json.loads(said) if len(said) <= _LONGEST_SHOWN else None
    message = str(fault["msg"]).removeprefix("Value error, ")
    return {"type": fault["type"], "loc": list(fault["loc"]), "msg": message, "input": sent}
