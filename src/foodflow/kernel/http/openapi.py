"""OpenAPI: what holds for every operation is said of every operation, so that a generated client knows of it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from foodflow.kernel import errors
from foodflow.kernel.http.problems import MEDIA_TYPE
from foodflow.kernel.http.transactions import opens_transaction

Described = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_CHANGES: Final = frozenset({"PATCH", "PUT", "DELETE"})
_TITLES: Final = {kind.status: kind.title for kind in errors.Refusal.__subclasses__()}
_KEY: Final[Described] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"}


class FieldProblem(BaseModel):
    """One wrong field."""

    field: str
    message: str
    code: str


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []


def describe(route: APIRoute, *, guarded: bool, limited: bool, versioned: bool) -> None:
    """Add to a route's description its refusals, what it is called with, and the headers that it heeds."""
    heeds = [_header("X-Tenant", {"type": "string"}, "The company, for people of several")] if guarded else []
    methods = route.methods or set()
    if guarded and _has_transaction(route.dependant):
        if "POST" in methods:
            heeds.append(_header("Idempotency-Key", _KEY, "The same key again is answered as the first time"))
        if methods & _CHANGES or (versioned and "{" in route.path and not methods & _SAFE):
            heeds.append(_header("If-Match", {"type": "string"}, "The `ETag` seen; refused when it has changed since"))
    heard = {header["name"] for header in heeds}
    if versioned and methods & _SAFE:
        heeds.append(_header("If-None-Match", {"type": "string"}, "The `ETag` of the answer that is there already"))
        route.responses = {304: {"description": "Not modified"}, **route.responses}
    statuses = set(_statuses(route, guarded=guarded, limited=limited, conditional="If-Match" in heard))
    route.responses = {**{status: _refusal(_TITLES[status]) for status in sorted(statuses)}, **route.responses}
    route.responses.setdefault("default", _refusal("Refused or failed"))
    given = route.openapi_extra or {}
    route.openapi_extra = {**given, "parameters": [*given.get("parameters", ()), *heeds]}
    if guarded:
        route.openapi_extra["security"] = _security(safe=methods <= _SAFE)


def install(app: FastAPI, *, session_cookie: str) -> None:
    """Have the application's description name what every operation refers to."""
    describe_all = app.openapi

    def described() -> Described:
        if app.openapi_schema is None:
            components = describe_all().setdefault("components", {})
            problem = Problem.model_json_schema(ref_template=_REF)
            components.setdefault("schemas", {}).update(problem.pop("$defs"), Problem=problem)
            components["securitySchemes"] = _schemes(session_cookie)
        schema: Described = app.openapi_schema or {}
        return schema

    app.openapi = described  # type: ignore[method-assign]


def _statuses(route: APIRoute, *, guarded: bool, limited: bool, conditional: bool) -> Iterator[int]:
    yield from (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
    if limited:
        yield HTTPStatus.TOO_MANY_REQUESTS
    if guarded:
        yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if "{" in route.path:
        yield HTTPStatus.NOT_FOUND
    if not (route.methods or set()) <= _SAFE:
        yield from (HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if conditional:
        yield HTTPStatus.PRECONDITION_FAILED


def _refusal(title: str) -> Described:
    return {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}}


def _header(name: str, schema: Described, description: str) -> Described:
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


def _has_transaction(dependant: Dependant) -> bool:
    return any(opens_transaction(each.call) or _has_transaction(each) for each in dependant.dependencies)


def _security(*, safe: bool) -> list[dict[str, list[str]]]:
    """Any one of these will do; a cookie comes along by itself, so that it takes a second proof to change something."""
    cookie: dict[str, list[str]] = {"session": []} if safe else {"session": [], "csrf": []}
    return [{"bearer": []}, {"key": []}, cookie]


def _schemes(session_cookie: str) -> Described:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "session": {"type": "apiKey", "in": "cookie", "name": session_cookie},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    }
