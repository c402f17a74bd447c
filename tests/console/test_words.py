"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from foodflow.console import words

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-20, "under a minute"),
        (59.9, "under a minute"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (2 * DAY - 1, "47 h 59 min"),
        (2 * DAY, "2 days"),
        (60 * DAY - 1, "59 days"),
        (61 * DAY, "2 months"),
        (729 * DAY, "23 months"),
        (731 * DAY, "2 years"),
        (4658 * DAY, "12 years"),
    ],
)
def test_the_longer_a_time_the_coarser_it_is_told(seconds: float, told: str) -> None:
    assert words.span(seconds) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (79.3366, "79.34"),
        (233.062, "233.1"),
        (12345.6, "12,346"),
        (1200, "1,200"),
        (0.0265878, "0.02659"),
        (-3.0, "-3"),
        (0.00001, "1.000e-05"),
        (1.5e308, "1.500e+308"),
    ],
)
def test_values_keep_four_digits(value: float, told: str) -> None:
    assert words.number(value) == told


def test_quantities_lose_nothing_but_zeros() -> None:
    assert [words.quantity(Decimal(text)) for text in ("1200.00", "0.50", "100")] == ["1,200", "0.5", "100"]


def test_a_ratio_that_is_not_there_is_a_dash_and_never_zero() -> None:
    assert [words.percent(ratio) for ratio in (None, 0.0, 1.0, 1.4434)] == ["—", "0.0 %", "100.0 %", "144.3 %"]


def test_units_are_written_as_people_do() -> None:
    assert [words.with_unit(5, code) for code in ("Cel", "[degF]", "1", "L/min")] == ["5 °C", "5 °F", "5", "5 L/min"]


def test_a_period_says_a_shared_date_once() -> None:
    start = datetime(2014, 2, 19, 15, 25, tzinfo=UTC)
    assert words.period(start, start) == "2014-02-19 15:25 UTC"
    assert words.period(start, start + timedelta(seconds=90)) == "2014-02-19 15:25 – 15:26:30 UTC"
    assert words.period(start, start + timedelta(days=1)) == "2014-02-19 15:25 – 2014-02-20 15:25 UTC"
