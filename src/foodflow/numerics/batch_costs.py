"""What a batch costs: people, material and scrap, in one currency, as decimals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs by kind in one currency; None where nothing is known of a kind, which is not the same as 0."""

    labour: Decimal | None = None
    material: Decimal | None = None
    scrap: Decimal | None = None

    @property
    def total(self) -> Decimal | None:
        """Labour and material, None where neither is known.

        Scrap is not added: what was scrapped has been paid for as labour and material already. It is the part of the
        total that was lost.
        """
        spent = [each for each in (self.labour, self.material) if each is not None]
        return sum(spent, Decimal()) if spent else None


def labour_amount(*, minutes: Decimal, people: Decimal, rate: Decimal) -> Decimal:
    """Minutes × people × rate (money for one person's hour)."""
    return exactly(Fraction(minutes) * Fraction(people) * Fraction(rate) / 60)


def exactly(amount: Fraction) -> Decimal:
    """A fraction as a decimal of 28 digits, to be rounded to a coin."""
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def per_item(amount: Decimal | None, good: Decimal) -> Decimal | None:
    """What one good item costs; None where nothing is known or nothing good was made."""
    return None if amount is None or not good else amount / good


def shares(quantities: Iterable[Decimal]) -> list[tuple[float, float]]:
    """Of quantities in order of size: each one's share of all, and the share of it and all before it (Pareto)."""
    parts = list(quantities)
    whole, before, found = sum(parts, Decimal()), Decimal(), []
    for part in parts:
        before += part
        found.append((float(part / whole), float(before / whole)) if whole else (0.0, 0.0))
    return found
