"""Refusals on the wire: `application/problem+json` (RFC 9457), one handler for all of them."""

import psycopg.errors
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from foodflow.kernel.errors import Conflict, FieldError, Invalid, Malformed, Refusal, Unavailable

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)

_TRANSIENT = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.TooManyConnections,
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.CannotConnectNow,
)
_OUT_OF_RANGE = (
    psycopg.errors.NumericValueOutOfRange,
    psycopg.errors.DatetimeFieldOverflow,
    psycopg.errors.StringDataRightTruncation,
    psycopg.errors.UntranslatableCharacter,
    psycopg.errors.CharacterNotInRepertoire,
)
_STANDARD_CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "wrong_content_type",
}


def install(app: FastAPI) -> None:
    """Answer every refusal and every failure of this application as a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(DBAPIError, _statement_failed)
    app.add_exception_handler(psycopg.Error, _database_failed)
    app.add_exception_handler(PoolTimeoutError, _pool_exhausted)
    app.add_exception_handler(StaleDataError, _overtaken)
    app.add_exception_handler(Exception, _failed)


def problem(request: Request, refusal: Refusal) -> JSONResponse:
    """A refusal as a response."""
    return _render(
        request, refusal.status, refusal.code, refusal.title, refusal.detail, refusal.errors, refusal.headers
    )


def _render(  # noqa: PLR0913, PLR0917 - the members of RFC 9457
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: tuple[FieldError, ...] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    body: dict[str, object] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if errors:
        body["errors"] = [{"field": e.field, "message": e.message, "code": e.code} for e in errors]
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


async def _refused(request: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for refusals only
    return problem(request, refusal)


async def _not_valid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for these only
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(
            request, Malformed(f"the body is not valid JSON: {faults[0].get('ctx', {}).get('error', '')}".rstrip(": "))
        )
    return problem(request, Invalid.because(*(field_error(fault) for fault in faults)))


def field_error(fault: dict[str, object]) -> FieldError:
    """What pydantic finds wrong with a field, as the interface says it."""
    location = fault["loc"]
    assert isinstance(location, tuple)  # noqa: S101 - pydantic's form
    place = [str(part) for part in location]
    field = ".".join(place[1:] if place[0] in {"body", "query", "path", "header"} else place) or place[0]
    return FieldError(field, str(fault["msg"]).removeprefix("Value error, "), str(fault["type"]))


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these only
    detail = str(error.detail)
    code = _STANDARD_CODES.get(error.status_code, "refused")
    if code == "not_found":
        detail = f"there is nothing at {request.url.path}"
    return _render(request, error.status_code, code, str(error.detail), detail, headers=dict(error.headers or {}))


async def _statement_failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for these only
    if error.connection_invalidated:
        return _unavailable(request, error)
    return await _database_failed(request, error.orig or error)


async def _database_failed(request: Request, error: BaseException) -> JSONResponse:
    """What PostgreSQL said, whether SQLAlchemy stood between or not."""
    if isinstance(error, (*_TRANSIENT, psycopg.OperationalError)):
        return _unavailable(request, error)
    # A NUL character is found by psycopg itself, which has no narrower class for it.
    if isinstance(error, _OUT_OF_RANGE) or type(error) is psycopg.DataError:
        message = "holds a value that is beyond what can be stored"
        return problem(request, Invalid.because(FieldError("request", message, "out_of_range")))
    return await _failed(request, error)


def _unavailable(request: Request, error: BaseException) -> JSONResponse:
    log.warning("database.unavailable", error=str(error).strip())
    return problem(request, Unavailable("the database cannot take this now; nothing was stored, try again"))


async def _pool_exhausted(request: Request, _error: Exception) -> JSONResponse:
    return problem(request, Unavailable("too many calls are waiting for the database; nothing was stored, try again"))


async def _overtaken(request: Request, _error: Exception) -> JSONResponse:
    return problem(request, Conflict("somebody else has changed or removed this meanwhile; nothing was stored"))


async def _failed(request: Request, error: BaseException) -> JSONResponse:
    """What fails before or after the request's own trail has none, so the id is named here again."""
    request_id = getattr(request.state, "request_id", "")
    log.error("request.failed", path=request.url.path, request_id=request_id, exc_info=error)
    detail = "FoodFlow failed; the request id leads to the cause in its logs"
    return _render(request, 500, "internal", "Internal error", detail, headers={"x-request-id": request_id})
