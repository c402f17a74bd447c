"""What came of a batch: rates of its quantities, after ISO 22400-2.

| here | ISO 22400-2 |
|---|---|
| `good` | GQ, good quantity: right the first time |
| `scrap` | SQ, scrap quantity |
| `rework` | RQ, rework quantity: not right, to be made right |
| `produced` | PQ, produced quantity = GQ + SQ + RQ |
| `yield_rate`, `first_pass_yield` | quality ratio GQ/PQ; first pass yield is the same where rework is counted apart |
| `scrap_rate` | scrap ratio SQ/PQ |
| `rework_rate` | rework ratio RQ/PQ |
| `fulfilment` | GQ over the planned order quantity POQ |

Nothing to divide by is None, never 0 or 1. Rates are fractions from 0 to 1 (fulfilment may exceed 1), exact until they
are shown.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Yields:
    """The rates of some quantities."""

    produced: Decimal
    yield_rate: float | None
    first_pass_yield: float | None
    scrap_rate: float | None
    rework_rate: float | None
    fulfilment: float | None


@dataclass(frozen=True, slots=True)
class Giveaway:
    """What was filled beyond what was promised: in the unit of the weights, and as a fraction of what was promised.

    Negative where less was filled than promised.
    """

    amount: Decimal
    rate: float


def yields(*, good: Decimal, scrap: Decimal, rework: Decimal, target: Decimal | None = None) -> Yields:
    """The rates of what was made (items, at least 0); raises ValueError for less than nothing."""
    if min(good, scrap, rework) < 0:
        raise ValueError("nothing is made less than 0 times")
    produced = good + scrap + rework
    return Yields(
        produced=produced,
        yield_rate=_ratio(good, produced),
        first_pass_yield=_ratio(good, produced),
        scrap_rate=_ratio(scrap, produced),
        rework_rate=_ratio(rework, produced),
        fulfilment=_ratio(good, target),
    )


def giveaway(*, good: Decimal, nominal: Decimal | None, filled: Decimal | None) -> Giveaway | None:
    """Filled weight less what the good items promise (items × nominal weight of one); None where either is unknown or
    nothing good was made.
    """
    if nominal is None or filled is None or not good or not nominal:
        return None
    promised = good * nominal
    return Giveaway(filled - promised, float(Fraction(filled - promised) / Fraction(promised)))


def _ratio(part: Decimal, whole: Decimal | None) -> float | None:
    return float(Fraction(part) / Fraction(whole)) if whole else None
