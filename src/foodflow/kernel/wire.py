"""Wire types: what all request and answer shapes share."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from foodflow.settings import SLUG_PATTERN


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        message = "is before the year 1 or after the year 9999 in UTC"
        raise ValueError(message) from None


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment: RFC 3339 with a zone on write, UTC with `Z` on read."""

Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""A decimal inside, a JSON number on the wire."""

Line = Annotated[str, Field(min_length=1, max_length=255)]
"""One short text that must be there."""

Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]


def _holds_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(name) or _holds_nul(each) for name, each in value.items())
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


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


OutT = TypeVar("OutT", bound=Out)


class PageOf(BaseModel, Generic[OutT]):
    """One page of a list."""

    count: int
    next: str | None
    previous: str | None
    results: list[OutT]
