"""Decisions about money leaks, and their refusals."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from foodflow.kernel.errors import FieldError, Invalid, NotFound
from foodflow.kernel.money import DECIMALS
from foodflow.numerics.losses import Loss, cost_of_time, in_money
from foodflow.plant.rules.shared import require_recordable

MOST: Final = Decimal(10) ** 12
"""An amount from here on is a slip of the pen."""
DOLLARS: Final = "USD"
_SECONDS_PER_MINUTE: Final = 60


class LeakCategory(StrEnum):
    """What money leaks by."""

    SCRAP_LOSS = "scrap_loss"
    DOWNTIME_LOSS = "downtime_loss"
    SPEED_LOSS = "speed_loss"
    YIELD_LOSS = "yield_loss"
    QUALITY_LOSS = "quality_loss"
    CHANGEOVER_LOSS = "changeover_loss"
    STARTUP_LOSS = "startup_loss"


class LeakSource(StrEnum):
    """Whether a figure is computed from losses, or was entered by somebody."""

    COMPUTED = "computed"
    ENTERED = "entered"


class CalculationMethod(StrEnum):
    """How the amount of an entered leak came to be."""

    AMOUNT = "amount"
    QUANTITY = "quantity_times_unit_cost"
    TIME = "minutes_times_hourly_cost"


CATEGORIES: Final = {
    Loss.BREAKDOWNS: LeakCategory.DOWNTIME_LOSS,
    Loss.SETUP_AND_ADJUSTMENT: LeakCategory.CHANGEOVER_LOSS,
    Loss.MINOR_STOPS: LeakCategory.SPEED_LOSS,
    Loss.REDUCED_SPEED: LeakCategory.SPEED_LOSS,
    Loss.PROCESS_DEFECTS: LeakCategory.SCRAP_LOSS,
    Loss.STARTUP_REJECTS: LeakCategory.STARTUP_LOSS,
}
"""The category of each of the six big losses."""
COMPUTED: Final = frozenset(CATEGORIES.values())
"""Categories that are computed; what is entered of them as well is the same money told twice."""


class MoneyLeakNotFound(NotFound):
    """No such money leak in this company."""

    code = "plant.money_leak.not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What somebody says that an amount follows from: itself, or one of the two products."""

    amount: Decimal | None
    quantity_lost: Decimal | None
    unit_cost: Decimal | None
    time_lost_minutes: Decimal | None
    hourly_cost: Decimal | None


def reckoned(basis: Basis, currency: str) -> tuple[Decimal, CalculationMethod]:
    """The amount to the smallest coin, and how it came to be; refused where nothing or more than one thing says it."""
    method = _method(basis)
    exact = Fraction(basis.amount or 0)
    if method is CalculationMethod.QUANTITY:
        exact = Fraction(basis.quantity_lost or 0) * Fraction(basis.unit_cost or 0)
    elif method is CalculationMethod.TIME:
        seconds = Fraction(basis.time_lost_minutes or 0) * _SECONDS_PER_MINUTE
        exact = cost_of_time(seconds, basis.hourly_cost or Decimal(0))
    if exact >= MOST:
        raise _wrong("amount", "comes to a million millions or more", "plant.money_leak.amount_too_large")
    return in_money(exact, DECIMALS[currency]), method


def _method(basis: Basis) -> CalculationMethod:
    costs = [name for name in ("unit_cost", "hourly_cost") if getattr(basis, name) is not None]
    if basis.amount is not None and costs:
        raise _wrong(costs[0], "is not said together with an amount", "plant.money_leak.told_twice")
    if len(costs) > 1:
        raise _wrong("hourly_cost", "is not said together with a unit_cost", "plant.money_leak.told_twice")
    if basis.amount is not None:
        return CalculationMethod.AMOUNT
    if not costs:
        message = "say an amount, or quantity_lost and unit_cost, or time_lost_minutes and hourly_cost"
        raise _wrong("amount", message, "plant.money_leak.no_amount")
    factor, method = (
        ("quantity_lost", CalculationMethod.QUANTITY)
        if costs == ["unit_cost"]
        else ("time_lost_minutes", CalculationMethod.TIME)
    )
    if getattr(basis, factor) is None:
        raise _wrong(factor, f"is needed with {costs[0]}", "plant.money_leak.no_amount")
    return method


def require_period(start: datetime, end: datetime, now: datetime) -> None:
    """A leak is of a time that has passed."""
    require_recordable(start, now, field="period_start")
    require_recordable(end, now, field="period_end")
    if start >= end:
        raise _wrong("period_end", "must lie after period_start", "plant.money_leak.no_period")


def require_dollars(currency: str) -> None:
    """An amount in dollars is one in the company's currency only where that is the dollar."""
    if currency != DOLLARS:
        message = f"amounts are in {currency}; say it as amount"
        raise _wrong("amount_usd", message, "plant.money_leak.other_currency")


def require_place(site: str | None) -> str:
    """A leak of no line is one of a site."""
    if site is None:
        message = "say the line_id, the batch_id or the plant_name that it is of"
        raise _wrong("line_id", message, "plant.money_leak.no_place")
    return site


def require_same_line(batch_line_id: UUID, line_id: UUID | None) -> None:
    """The batch of a leak was made on its line."""
    if line_id not in {None, batch_line_id}:
        raise _wrong("batch_id", "was made on another line", "plant.money_leak.other_line")


def require_same_site(line_site: str, site: str | None) -> None:
    """The line of a leak stands at its site."""
    if site not in {None, line_site}:
        raise _wrong(
            "plant_name", f"is not where the line stands, which is {line_site!r}", "plant.money_leak.other_site"
        )


def _wrong(field: str, message: str, code: str) -> Invalid:
    return Invalid.because(FieldError(field, message, code))
