"""Lists of what lasts, asked for by a window: `start_time` and `end_time` as every other question names them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, or_
from starlette.datastructures import QueryParams
from starlette.requests import Request

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.paging import Column, Listing, Wanted
from foodflow.kernel.wire import Instant

_MEANT: Final[Mapping[str, str]] = {
    "start_time": "Only what lasts beyond this moment",
    "end_time": "Only what begins before this moment",
}
_SCHEMA: Final = TypeAdapter(Instant).json_schema()


@dataclass(frozen=True, slots=True)
class Spanning:
    """A list that can also be asked for what shares any time with a window; of an open end, what lasts still."""

    listing: Listing
    start: Column
    end: Column

    def __call__(self, request: Request) -> Wanted:
        """Read a request's query; an unknown parameter or value is refused by name."""
        query = request.query_params
        rest = [(name, value) for name, value in query.multi_items() if name not in _MEANT]
        known = self.listing.read(QueryParams(rest))
        within = [self._condition(name, value) for name in _MEANT for value in query.getlist(name)]
        return replace(known, conditions=(*known.conditions, *within))

    @property
    def openapi(self) -> dict[str, Any]:
        """The parameters for OpenAPI (`openapi_extra`)."""
        known = self.listing.openapi
        parameters = [each for each in known["parameters"] if each["name"] not in _MEANT]
        more = [
            {"name": name, "in": "query", "required": False, "schema": _SCHEMA, "description": description}
            for name, description in _MEANT.items()
        ]
        return {**known, "parameters": [*parameters, *more]}

    def _condition(self, name: str, text: str) -> ColumnElement[bool]:
        try:
            moment: datetime = TypeAdapter(Instant).validate_python(text)
        except ValidationError as error:
            message = f"{text[:80]!r}: {error.errors()[0]['msg']}"
            raise Invalid.because(FieldError(name, message, "list.bad_value")) from error
        return or_(self.end.is_(None), self.end > moment) if name == "start_time" else self.start < moment
