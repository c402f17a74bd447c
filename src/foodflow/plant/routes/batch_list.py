"""What the list of batches is asked for beside what every list is: days, and whether a batch is overdue."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement
from starlette.datastructures import QueryParams
from starlette.requests import Request

from foodflow.kernel import clock
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import Instant
from foodflow.plant.queries.batches import LISTING, begin_since, begin_until, overdue

_DAY_OR_MOMENT: Final[dict[str, Any]] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}
_MORE: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "start_date": (
        _DAY_OR_MOMENT,
        "Only batches that begin (or, not begun, are planned to) then or later; days in UTC",
    ),
    "end_date": (_DAY_OR_MOMENT, "Only those that begin up to then; a day is meant with all its hours"),
    "overdue": ({"type": "boolean"}, "Whether planned_end_time has passed and the batch is not over"),
}
OPENAPI: Final[dict[str, Any]] = {
    **LISTING.openapi,
    "parameters": [
        *LISTING.openapi["parameters"],
        *(
            {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
            for name, (schema, description) in _MORE.items()
        ),
    ],
}


def wanted(request: Request) -> Wanted:
    """Read a request's query; an unknown parameter or value is refused by name."""
    query = request.query_params
    known = LISTING.read(QueryParams([(name, value) for name, value in query.multi_items() if name not in _MORE]))
    more = [_condition(name, query[name]) for name in _MORE if name in query]
    return replace(known, conditions=(*known.conditions, *more))


def _condition(name: str, text: str) -> ColumnElement[bool]:
    if name == "overdue":
        return overdue(clock.now()) if _read(name, text, bool) else ~overdue(clock.now())
    moment = _read(name, text, Instant | date)
    if isinstance(moment, datetime):
        return begin_since(moment) if name == "start_date" else begin_until(moment, with_it=True)
    midnight = datetime.combine(moment, time(), UTC)
    if name == "start_date":
        return begin_since(midnight)
    if moment == date.max:
        return begin_until(midnight, with_it=True)
    return begin_until(midnight + timedelta(days=1), with_it=False)


def _read(name: str, text: str, kind: Any) -> Any:  # noqa: ANN401 - of the kind that is asked for
    try:
        return TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        message = f"{text[:80]!r}: {error.errors()[0]['msg']}"
        raise Invalid.because(FieldError(name, message, "list.bad_value")) from error
