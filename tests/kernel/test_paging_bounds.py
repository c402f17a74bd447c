"""A filter's value that its column cannot hold is refused by name; whatever is let through, PostgreSQL can compare."""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from sqlalchemy import BigInteger, Numeric, SmallInteger, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.requests import Request

from foodflow.kernel.errors import Invalid
from foodflow.kernel.paging import Filter, Listing, Page, fetch


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Amount(Base):
    """One column of each kind of number."""

    __tablename__ = "amounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    small: Mapped[int] = mapped_column(SmallInteger)
    large: Mapped[int] = mapped_column(BigInteger)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    exact: Mapped[Decimal] = mapped_column(Numeric)
    measured: Mapped[float]
    active: Mapped[bool]


TABLE: Final = (
    "CREATE TEMPORARY TABLE amounts (id int, small smallint, large bigint, price numeric(10, 2), exact numeric,"
    " measured double precision, active boolean)"
)
WHOLE, EXACT = ("id", "small", "large"), ("price", "exact")
KINDS: Final = dict.fromkeys(WHOLE, int) | dict.fromkeys(EXACT, Decimal) | {"measured": float, "active": bool}
LISTING: Final = Listing(
    key=Amount.id,
    order="id",
    filters={name: Filter(getattr(Amount, name), kind, ranges=kind is not bool) for name, kind in KINDS.items()},
    orderings={"id": Amount.id},
)
WITHIN: Final = [
    ("id", 2**31 - 1),
    ("id", -(2**31)),
    ("small", 2**15 - 1),
    ("small", -(2**15)),
    ("large", 2**63 - 1),
    ("large", -(2**63)),
    ("price", "99999999.99"),
    ("price", "-99999999.99"),
    ("price", "0.001"),
    ("exact", "9e131071"),
    ("exact", "1e-16383"),
    ("measured", "1e308"),
    ("active", "true"),
]
BEYOND: Final = [
    ("id", 2**31),
    ("id", -(2**31) - 1),
    ("id", 10**40),
    ("small", 2**15),
    ("large", 2**63),
    ("large", -(2**63) - 1),
    ("price", "100000000"),
    ("price", "-1e8"),
    ("exact", "1e131072"),
    ("exact", "1e-16384"),
]


def wanted(**query: object) -> Any:  # noqa: ANN401 - what fetch takes
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "root_path": "", "headers": []}
    return LISTING(Request(scope | {"query_string": urlencode(query).encode()}))


@pytest.fixture
async def reader(session: AsyncSession) -> AsyncSession:
    """Reads an empty table."""
    await (await session.connection()).exec_driver_sql(TABLE)
    return session


@pytest.mark.parametrize(("name", "value"), WITHIN)
async def test_whatever_a_column_can_hold_can_be_asked_for(reader: AsyncSession, name: str, value: object) -> None:
    for asked in (name, f"{name}__gte") if name != "active" else (name,):
        page: Page[Amount] = await fetch(reader, select(Amount), wanted(**{asked: value}))
        assert page.count == 0


@pytest.mark.parametrize(("name", "value"), BEYOND)
def test_what_it_cannot_hold_is_refused_by_the_name_of_the_parameter(name: str, value: object) -> None:
    for asked in (name, f"{name}__lt"):
        with pytest.raises(Invalid) as refused:
            wanted(**{asked: value})
        assert [(error.field, error.code) for error in refused.value.errors] == [(asked, "list.out_of_range")]
