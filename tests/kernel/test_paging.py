"""Lists: what they are asked for is read strictly, and answered in two statements, in a total order."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.requests import Request

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Invalid
from foodflow.kernel.paging import Filter, Listing, Page, fetch, page_of
from foodflow.kernel.wire import Out

START = datetime(2001, 1, 1, tzinfo=UTC)
COUNT = 25
TABLE = """
CREATE TABLE things (id int PRIMARY KEY, name text, kind text, amount numeric, at timestamptz, active boolean);
INSERT INTO things SELECT i, 'Thing ' || i, CASE i % 3 WHEN 0 THEN 'raw' ELSE 'packed' END,
    CASE WHEN i % 5 > 0 THEN i % 4 END, timestamptz '2001-01-01 00:00+00' + i * interval '1 day', i % 2 = 0
FROM generate_series(1, 25) AS i;
UPDATE things SET name = '100% of a_b\\c' WHERE id = 7;
"""
Query = dict[str, Any] | list[tuple[str, Any]]


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    amount: Mapped[Decimal | None]
    at: Mapped[datetime]
    active: Mapped[bool]


class ThingOut(Out):
    id: int
    name: str


LISTING = Listing(
    key=Thing.id,
    order="-at",
    filters={
        "id": Filter(Thing.id, int, ranges=True),
        "kind": Filter(Thing.kind, Literal["raw", "packed"]),
        "amount": Filter(Thing.amount, Decimal, ranges=True),
        "at": Filter(Thing.at, datetime, ranges=True),
        "active": Filter(Thing.active, bool),
    },
    orderings={"at": Thing.at, "kind": Thing.kind, "amount": Thing.amount},
    searches=(Thing.name, Thing.kind),
    page_size=10,
    max_page_size=20,
)
BARE = Listing(key=Thing.id, order="at", orderings={"at": Thing.at})


@pytest.fixture(scope="module", autouse=True)
async def _things(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        await (await session.connection()).exec_driver_sql(TABLE, execution_options={"no_parameters": True})


@pytest.fixture
async def reader(database: Database, demo: Actor) -> AsyncIterator[AsyncSession]:
    async with tenant_transaction(database, demo) as session:
        yield session


def request(query: Query) -> Request:
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/api/v1/things", "root_path": ""}
    return Request(scope | {"headers": [(b"host", b"t")], "query_string": urlencode(query, doseq=True).encode()})


async def listed(session: AsyncSession, query: Query, listing: Listing = LISTING) -> Page[Thing]:
    return await fetch(session, select(Thing), listing(request(query)))


async def ids(session: AsyncSession, query: Query) -> list[int]:
    return [thing.id for thing in (await listed(session, query)).rows]


def refused(query: Query, listing: Listing = LISTING) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as error:
        listing(request(query))
    return [(each.field, each.code) for each in error.value.errors]


@contextmanager
def statements(session: AsyncSession) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def test_a_page_holds_the_first_rows_in_the_default_order_and_counts_them_all(reader: AsyncSession) -> None:
    page = await listed(reader, {})
    assert page.count == COUNT
    assert [thing.id for thing in page.rows] == list(range(25, 15, -1))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "raw"}, {3, 6, 9, 12, 15, 18, 21, 24}),
        ([("kind", "raw"), ("kind", "packed")], set(range(1, 26))),
        ({"active": "false", "id__lte": 5}, {1, 3, 5}),
        ({"id__gt": 3, "id__lt": 6}, {4, 5}),
        ({"id__gte": 3, "id__lte": "6"}, {3, 4, 5, 6}),
        ({"id": ["4", "9"]}, {4, 9}),
        ({"amount": "1.0", "id__lt": 10}, {1, 9}),
        ({"at__gte": "2001-01-25T01:00:00+01:00"}, {24, 25}),
        ({"at": "2001-01-02T00:00:00Z"}, {1}),
        ({"search": "THING 2"}, {2, 20, 21, 22, 23, 24, 25, 12}),
        ({"search": "thing raw 1"}, {12, 15, 18, 21}),
        ({"search": "%"}, {7}),
        ({"search": "a_b\\c"}, {7}),
        ({"search": "  "}, set(range(1, 26))),
        ({"kind": "raw", "search": "nothing"}, set()),
    ],
)
async def test_filters_ranges_and_search_narrow_the_list(
    reader: AsyncSession, query: dict[str, Any] | list[tuple[str, Any]], expected: set[int]
) -> None:
    pairs = list(query.items()) if isinstance(query, dict) else query
    found = {id for page in (1, 2) for id in await ids(reader, [*pairs, ("page_size", 20), ("page", page)])}
    assert found == expected
    assert (await listed(reader, pairs)).count == len(expected)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"colour": "red"}, ["colour"]),
        ({"search_": "a"}, ["search_"]),
        ({"kind__gt": "raw"}, ["kind__gt"]),
        ({"amount__near": "1"}, ["amount__near"]),
        ({"name": "a"}, ["name"]),
        ({"kind": "boiled"}, ["kind"]),
        ({"id": "seven"}, ["id"]),
        ({"id": ""}, ["id"]),
        ({"amount": "NaN"}, ["amount"]),
        ({"amount__lt": "Infinity"}, ["amount__lt"]),
        ({"at__gte": "2001-01-01"}, ["at__gte"]),
        ({"at__gte": "2001-01-01T00:00:00"}, ["at__gte"]),
        ({"at__lt": "9999-12-31T23:59:59-12:00"}, ["at__lt"]),
        ({"active": "perhaps"}, ["active"]),
        ({"ordering": "colour"}, ["ordering"]),
        ({"ordering": "at,,kind"}, ["ordering"]),
        ({"ordering": "--at"}, ["ordering"]),
        ({"ordering": ""}, ["ordering"]),
        ({"page": "0"}, ["page"]),
        ({"page": "-1"}, ["page"]),
        ({"page": "1.5"}, ["page"]),
        ({"page": "٣"}, ["page"]),
        ({"page": "9" * 5000}, ["page"]),
        ({"page_size": "21"}, ["page_size"]),
        ({"page_size": "0"}, ["page_size"]),
        ({"search": "a" * 201}, ["search"]),
        ({"colour": "red", "page": "x", "ordering": "y", "kind": "z"}, ["colour", "kind", "ordering", "page"]),
    ],
)
def test_what_a_list_cannot_be_asked_is_refused_by_name_all_at_once(query: Query, fields: list[str]) -> None:
    assert sorted(field for field, _ in refused(query)) == fields


def test_a_list_without_search_or_filters_takes_neither() -> None:
    assert refused({"search": "a"}, BARE) == [("search", "list.unknown_parameter")]
    assert refused({"kind": "raw"}, BARE) == [("kind", "list.unknown_parameter")]


@pytest.mark.parametrize(
    "ordering", ["at", "-at", "kind", "-kind", "amount", "-amount", "kind,-amount", "-amount, kind", "active"]
)
async def test_pages_in_any_order_hold_each_row_once(reader: AsyncSession, ordering: str) -> None:
    if ordering == "active":
        assert refused({"ordering": ordering}) == [("ordering", "list.unknown_field")]
        return
    pages = [await ids(reader, {"ordering": ordering, "page": page, "page_size": 7}) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [7, 7, 7, 4]
    assert sorted(id for page in pages for id in page) == list(range(1, COUNT + 1))


async def test_rows_without_a_value_come_last_in_either_direction(reader: AsyncSession) -> None:
    for ordering in ("amount", "-amount"):
        last = await ids(reader, {"ordering": ordering, "page_size": 20, "page": 2})
        assert set(last) == {5, 10, 15, 20, 25}


async def test_a_list_costs_two_statements_however_many_rows_it_has(reader: AsyncSession) -> None:
    for query in ({}, {"page_size": 20, "page": 2}, {"search": "thing", "kind": "raw", "ordering": "-amount,kind"}):
        with statements(reader) as sent:
            await listed(reader, query)
        assert len(sent) == 2


async def test_each_page_knows_the_addresses_of_its_neighbours(reader: AsyncSession) -> None:
    query: list[tuple[str, Any]] = [
        ("kind", "raw"),
        ("kind", "packed"),
        ("search", "a&b %ä"),
        ("page", 2),
        ("page_size", 10),
    ]
    wanted = LISTING(request(query))
    page = page_of(request(query), wanted, Page(COUNT, ()), ThingOut)
    for address, number in ((page.previous, "1"), (page.next, "3")):
        assert address is not None
        assert address.startswith("http://t/api/v1/things?")
        neighbour = Request({"type": "http", "query_string": address.partition("?")[2].encode(), "headers": []})
        expected = [(name, number if name == "page" else str(value)) for name, value in query]
        assert sorted(neighbour.query_params.multi_items()) == sorted(expected)


@pytest.mark.parametrize(
    ("page", "count", "previous", "next_"),
    [(1, 0, None, None), (1, 10, None, None), (1, 11, None, 2), (2, 11, 1, None), (9, 11, 2, None), (2, 25, 1, 3)],
)
def test_the_first_page_has_none_before_and_the_last_none_after(
    page: int, count: int, previous: int | None, next_: int | None
) -> None:
    asked = request({"page": page})
    shown = page_of(asked, LISTING(asked), Page(count, ()), ThingOut)
    assert [address and int(address.rpartition("=")[2]) for address in (shown.previous, shown.next)] == [
        previous,
        next_,
    ]


async def test_a_page_past_the_last_is_empty_and_still_counts(reader: AsyncSession) -> None:
    page = await listed(reader, {"page": 1_000_000})
    assert (page.count, list(page.rows)) == (COUNT, [])


def test_openapi_names_every_parameter_and_no_other() -> None:
    named = {parameter["name"] for parameter in LISTING.openapi["parameters"]}
    ranges = {f"{name}__{operator}" for name in ("id", "amount", "at") for operator in ("gt", "gte", "lt", "lte")}
    assert named == {"page", "page_size", "ordering", "search", "id", "kind", "amount", "at", "active"} | ranges
    assert {parameter["name"] for parameter in BARE.openapi["parameters"]} == {"page", "page_size", "ordering"}


def test_the_moments_of_a_filter_are_read_in_their_own_zone() -> None:
    wanted = LISTING(request({"at": "2001-01-02T02:00:00+02:00"}))
    assert START + timedelta(days=1) in wanted.conditions[0].compile().params["at_1"]
