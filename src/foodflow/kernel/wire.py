"""Wire types: what all request and answer shapes share."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from foodflow.settings import SLUG_PATTERN

_RFC_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_NOT_RFC_3339: Final = ("rfc_3339", "must be a moment with a zone as RFC 3339 writes it, such as 2026-01-31T08:00:00Z")


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        message = "is before the year 1 or after the year 9999 in UTC"
        raise ValueError(message) from None


def _require_text(value: object) -> object:
    """What Python code gives is a datetime already; what a caller gives is a text."""
    if isinstance(value, datetime) or (isinstance(value, str) and re.fullmatch(_RFC_3339, value)):
        return value
    raise PydanticCustomError(_NOT_RFC_3339[0], _NOT_RFC_3339[1])


class _Rfc3339:
    """Reads a moment: not from a number, nor from a text of digits, both of which pydantic would take for seconds or
    milliseconds since 1970, whichever seems likelier. JSON is read without a step in Python but the last.
    """

    @staticmethod
    def __get_pydantic_core_schema__(_source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        moment = core_schema.no_info_after_validator_function(
            _to_utc, core_schema.datetime_schema(tz_constraint="aware")
        )
        kind, message = _NOT_RFC_3339
        text = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=f"^{_RFC_3339}$", strict=True),
            custom_error_type=kind,
            custom_error_message=message,
        )
        return core_schema.json_or_python_schema(
            json_schema=core_schema.chain_schema([text, moment]),
            python_schema=core_schema.no_info_before_validator_function(_require_text, moment),
        )

    @staticmethod
    def __get_pydantic_json_schema__(
        _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        return {"type": "string", "format": "date-time"}


Instant = Annotated[datetime, _Rfc3339]
"""A moment: RFC 3339 with a zone on write, UTC with `Z` on read."""

Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""A decimal inside, a JSON number on the wire."""

Line = Annotated[str, Field(min_length=1, max_length=255)]
"""One short text that must be there."""

Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]


def _holds_nul(value: object) -> bool:
    waiting = [value]  # not by recursion: what somebody sends may be nested deeper than that goes
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and "\0" in each:
            return True
    return False


class In(BaseModel):
    """A request body: unknown fields are refused, texts are trimmed, and a NUL character (PostgreSQL stores none) is
    refused.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if _holds_nul(value):
            message = "must not hold a NUL character"
            raise ValueError(message)
        return value


class Patch(In):
    """A change of the given fields; a field that is not given stays as it is."""

    @model_validator(mode="after")
    def _not_empty(self) -> "Patch":
        if not self.model_fields_set:
            message = "name at least one field to change"
            raise ValueError(message)
        return self

    def given(self) -> dict[str, Any]:
        """The fields that the caller gave, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Out(BaseModel):
    """An answer, read from the attributes of a row or a dataclass."""

    model_config = ConfigDict(from_attributes=True)


class Versioned(Out):
    """An answer about one thing whose row counts its changes; it bears an `ETag`."""

    version: Annotated[int, Field(description="Counts the changes; `If-Match` refuses a deed on a later one")]


OutT = TypeVar("OutT", bound=Out)


class PageOf(BaseModel, Generic[OutT]):
    """One page of a list."""

    count: int
    next: str | None
    previous: str | None
    results: list[OutT]
