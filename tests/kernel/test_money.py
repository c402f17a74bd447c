"""Money: amounts with their currency, to the smallest coin."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.kernel.errors import Invalid
from foodflow.kernel.money import DECIMALS, Money, require_currency, rounded


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1.005", "EUR", "1.00"),
        ("1.015", "EUR", "1.02"),
        ("1.5", "JPY", "2"),
        ("2.5", "JPY", "2"),
        ("1", "KWD", "1.000"),
    ],
)
def test_amounts_are_rounded_to_the_smallest_coin(amount: str, currency: str, expected: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == expected


@given(st.decimals(-(10**9), 10**9, places=4), st.sampled_from(sorted(DECIMALS)))
def test_rounding_twice_is_rounding_once_and_moves_by_half_a_coin_at_most(amount: Decimal, currency: str) -> None:
    money = Money(amount, currency).rounded
    assert money.rounded == money
    assert abs(money.amount - amount) * 2 <= Decimal(1).scaleb(-DECIMALS[currency])


def test_amounts_of_one_currency_are_added_and_of_two_not() -> None:
    assert Money(Decimal(1), "EUR") + Money(Decimal(2), "EUR") == Money(Decimal(3), "EUR")
    with pytest.raises(ValueError, match="cannot be added"):
        Money(Decimal(1), "EUR") + Money(Decimal(2), "USD")


@pytest.mark.parametrize("code", ["eur", "DEM", "", "EURO"])
def test_what_is_no_currency_in_use_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="ISO 4217"):
        require_currency(code)
    assert require_currency("CHF") == "CHF"
