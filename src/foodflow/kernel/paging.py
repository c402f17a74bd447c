"""Lists: paging, filtering, ordering and search, declared once per list and read strictly.

A `Listing` names what a list can be filtered and ordered by. As a FastAPI dependency it reads the query into a
`Wanted` and refuses every unknown parameter, field or value by name; `openapi` describes the same parameters; `fetch`
runs exactly two statements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    SmallInteger,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine
from starlette.datastructures import QueryParams
from starlette.requests import Request

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.wire import Instant, OutT, PageOf

RowT = TypeVar("RowT")
Column = InstrumentedAttribute[Any]

MAX_SEARCH = 200
FileFormat = Literal["csv", "xlsx", "pdf"]
Format = Annotated[
    Literal["json", FileFormat], Field(description="Other than `json`: all of them as a file, as of other lists")
]
FILES: tuple[str, ...] = get_args(FileFormat)
"""What a list can be exported as."""
XLSX, PDF = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf"
_BYTES = {"schema": {"type": "string", "format": "binary"}}
FORMAT: dict[str, Any] = {
    "name": "format",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": ["json", *FILES], "default": "json"},
    "description": "All rows as a file instead of a page. `csv`: RFC 4180, UTF-8 with a byte order mark; a text that a"
    " spreadsheet would take for a formula begins with an apostrophe. `xlsx`: a workbook. `pdf`: pages to print, of at"
    " most 5,000 rows",
}
FILE_ANSWERS: dict[str, Any] = {
    "200": {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            XLSX: _BYTES,
            PDF: _BYTES,
        }
    }
}
"""How OpenAPI describes a list that can be exported."""
_PAGING = {"page", "page_size", "ordering"}
_BITS: dict[type[Integer], int] = {SmallInteger: 15, BigInteger: 63, Integer: 31}
"""The first class that a column's type is of tells how large its numbers are."""
_NUMERIC_DIGITS, _NUMERIC_SCALE = 131_072, 16_383  # PostgreSQL's own bounds
_OPERATORS = {"gte": "__ge__", "gt": "__gt__", "lte": "__le__", "lt": "__lt__"}


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that a list can be filtered by: its column, the type of its values, and whether ranges make sense."""

    column: Column | ColumnElement[Any]
    type: Any = str
    ranges: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller wants of a list: a page of it, or all of it as the file named `export` (without its ending)."""

    conditions: tuple[ColumnElement[bool], ...]
    order: tuple[ColumnElement[Any], ...]
    page: int
    page_size: int
    export: str = ""
    format: str = "json"

    def of(self, statement: Select[RowT]) -> Select[RowT]:
        """All wanted rows of a statement, in the wanted order."""
        return statement.where(*self.conditions).order_by(*self.order)


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """The rows of one page, and how many there are in all."""

    count: int
    rows: Sequence[RowT]


@dataclass(frozen=True, eq=False)
class Listing:
    """What one list can be searched, filtered and ordered by; `key` makes every order total, and a list that can be
    exported names the file.
    """

    key: Column
    order: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    orderings: Mapping[str, Column] = field(default_factory=dict)
    searches: tuple[Column, ...] = ()
    page_size: int = 50
    max_page_size: int = 500
    export: str = ""

    def __call__(self, request: Request) -> Wanted:
        """Read a request's query; all that is wrong with it is refused at once."""
        return self.read(request.query_params)

    def read(self, query: QueryParams) -> Wanted:
        """Read a query, of whatever it is a part."""
        reading = _Reading(self, query)
        wanted = reading.wanted()
        if reading.errors:
            raise Invalid.because(*reading.errors)
        return wanted

    @property
    def openapi(self) -> dict[str, Any]:
        """The parameters for OpenAPI (`openapi_extra`)."""
        parameters = [
            _parameter("page", {"type": "integer", "minimum": 1, "default": 1}, "The page, from 1"),
            _parameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size},
                "Rows a page",
            ),
            _parameter(
                "ordering",
                {"type": "string", "default": self.order},
                f"Comma-separated, `-` for descending: {', '.join(self.orderings)}",
            ),
        ]
        if self.searches:
            names = ", ".join(column.key for column in self.searches)
            parameters.append(_parameter("search", {"type": "string", "maxLength": MAX_SEARCH}, f"Text in {names}"))
        for name, rule in self.filters.items():
            schema = TypeAdapter(Instant if rule.type is datetime else rule.type).json_schema()
            schema.pop("$defs", None)
            parameters.append(_parameter(name, schema, f"Only where {name} is this; may be repeated"))
            if rule.ranges:
                parameters += [
                    _parameter(f"{name}__{op}", schema, f"Only where {name} is {op} this") for op in _OPERATORS
                ]
        if not self.export:
            return {"parameters": parameters}
        return {"parameters": [*parameters, FORMAT], "responses": FILE_ANSWERS}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


class _Reading:
    """One reading of a query string, collecting every fault."""

    def __init__(self, listing: Listing, query: QueryParams) -> None:
        self.listing = listing
        self.query = query
        self.errors: list[FieldError] = []

    def wanted(self) -> Wanted:
        conditions: list[ColumnElement[bool]] = []
        for name in dict.fromkeys(self.query.keys()):
            if name == "search" and self.listing.searches:
                conditions += self._search(self.query[name])
            elif name not in _PAGING and not (name == "format" and self.listing.export):
                conditions += self._filter(name, self.query.getlist(name))
        page = self._whole("page", 1, 1_000_000)
        page_size = self._whole("page_size", self.listing.page_size, self.listing.max_page_size)
        export, form = self._export()
        return Wanted(tuple(conditions), self._ordering(), page, page_size, export, form)

    def _refuse(self, name: str, message: str, code: str) -> None:
        self.errors.append(FieldError(name, message, code))

    def _whole(self, name: str, default: int, maximum: int) -> int:
        given = self.query.get(name)
        if given is None:
            return default
        if not given.isdecimal() or not given.isascii() or not 1 <= int(given[:9]) <= maximum or len(given) > 9:  # noqa: PLR2004
            self._refuse(name, f"must be a whole number from 1 to {maximum}", "list.out_of_range")
            return default
        return int(given)

    def _export(self) -> tuple[str, str]:
        given = self.query.get("format", "json") if self.listing.export else "json"
        if given == "json":
            return "", given
        if given not in FILES:
            self._refuse("format", f"{given[:80]!r} is not one of json, {', '.join(FILES)}", "list.bad_value")
        for name in ("page", "page_size"):
            if name in self.query:
                self._refuse(name, "means nothing in an export, which holds all rows", "list.not_in_an_export")
        return self.listing.export, given

    def _search(self, words: str) -> list[ColumnElement[bool]]:
        if len(words) > MAX_SEARCH:
            self._refuse("search", f"must be at most {MAX_SEARCH} characters", "list.search_too_long")
            return []
        found = [column.icontains(word, autoescape=True) for word in words.split() for column in self.listing.searches]
        width = len(self.listing.searches)
        return [or_(*found[start : start + width]) for start in range(0, len(found), width)]

    def _filter(self, name: str, values: list[str]) -> list[ColumnElement[bool]]:
        field_name, _, operator = name.partition("__")
        rule = self.listing.filters.get(field_name)
        if rule is None or (operator and not (rule.ranges and operator in _OPERATORS)):
            known = ", ".join(self.listing.filters) or "nothing"
            self._refuse(
                name, f"is not a parameter of this list; it can be filtered by {known}", "list.unknown_parameter"
            )
            return []
        read = [value for text in values if (value := self._value(name, rule, text)) is not None]
        if not operator:
            # Of a list, that any of these is in it.
            return [rule.column.overlap(read) if isinstance(rule.column.type, ARRAY) else rule.column.in_(read)]
        return [and_(*(getattr(rule.column, _OPERATORS[operator])(value) for value in read))] if read else []

    def _value(self, name: str, rule: Filter, text: str) -> Any:  # noqa: ANN401 - of the filter's type
        try:
            value = TypeAdapter(Instant if rule.type is datetime else rule.type).validate_python(text)
        except ValidationError as error:
            self._refuse(name, f"{text[:80]!r}: {error.errors()[0]['msg']}", "list.bad_value")
            return None
        if _fits(value, rule.column.type):
            return value
        self._refuse(name, f"{text[:80]!r} is beyond what such a value can be", "list.out_of_range")
        return None

    def _ordering(self) -> tuple[ColumnElement[Any], ...]:
        order = []
        for part in self.query.get("ordering", self.listing.order).split(","):
            name = part.strip().removeprefix("-")
            column = self.listing.orderings.get(name)
            if column is None:
                self._refuse(
                    "ordering", f"{name[:80]!r} is not one of {', '.join(self.listing.orderings)}", "list.unknown_field"
                )
                continue
            order.append(column.desc().nulls_last() if part.strip().startswith("-") else column.asc().nulls_last())
        return (*order, self.listing.key.asc())


def _fits(value: object, kind: TypeEngine[Any]) -> bool:
    """Whether a number lies within what its column can hold; PostgreSQL would fail over another, and not say which."""
    if isinstance(value, Decimal) and isinstance(kind, Numeric):
        whole = _NUMERIC_DIGITS if kind.precision is None else kind.precision - (kind.scale or 0)
        exponent = value.as_tuple().exponent
        return value.adjusted() < whole and isinstance(exponent, int) and exponent >= -_NUMERIC_SCALE
    if isinstance(value, int) and isinstance(kind, Integer):
        bits = next(bits for each, bits in _BITS.items() if isinstance(kind, each))
        return -(1 << bits) <= value < 1 << bits
    return True


async def fetch(session: AsyncSession, statement: Select[RowT], wanted: Wanted) -> Page[RowT]:
    """The wanted page of a statement's rows, and the count of all: two statements, however many rows."""
    found = wanted.of(statement)
    count = await session.scalar(select(func.count()).select_from(found.order_by(None).subquery()))
    page = found.limit(wanted.page_size).offset((wanted.page - 1) * wanted.page_size)
    return Page(count or 0, (await session.scalars(page)).all())


def page_of(request: Request, wanted: Wanted, page: Page[Any], shape: type[OutT]) -> PageOf[OutT]:
    """A page on the wire, with the addresses of its neighbours."""
    last = max(1, -(-page.count // wanted.page_size))
    after = str(request.url.include_query_params(page=wanted.page + 1)) if wanted.page < last else None
    before = str(request.url.include_query_params(page=min(wanted.page - 1, last))) if wanted.page > 1 else None
    results = [shape.model_validate(row) for row in page.rows]
    return PageOf[OutT](count=page.count, next=after, previous=before, results=results)
