"""Decisions about what batches cost, and their refusals."""

from decimal import Decimal
from enum import StrEnum

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound


class CostKind(StrEnum):
    """What money was spent on."""

    LABOUR = "labour"
    MATERIAL = "material"


class CostNotFound(NotFound):
    """No such cost in this company."""

    code = "plant.cost.not_found"


class CurrencyUnknown(Conflict):
    """The company has not said in which currency it reckons."""

    code = "plant.currency_unknown"


class CurrencyInUse(Conflict):
    """Amounts are recorded in the company's currency; they would mean something else."""

    code = "plant.currency_in_use"


def require_known(currency: str | None) -> str:
    """No amount without a currency."""
    if currency is None:
        raise CurrencyUnknown("say first in which currency amounts are: PUT /api/v1/plant-ops/settings")
    return currency


def require_same_currency(before: str | None, after: str, *, is_used: bool) -> None:
    """Amounts that are recorded keep their meaning."""
    if before is not None and before != after and is_used:
        raise CurrencyInUse(f"amounts are recorded in {before}; they cannot become {after}")


def require_rate(rate: Decimal | None) -> Decimal:
    """Minutes cost nothing that could be known without a rate."""
    if rate is None:
        message = "is needed, because the plant's settings have no labour_rate"
        raise Invalid.because(FieldError("rate", message, "plant.cost.rate_unknown"))
    return rate
