"""What a histogram says, exactly: how often each value was counted, and nothing of who counted when.

All functions take counts by value, in any order; values that were never counted change nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

PROMOTERS_FROM, DETRACTORS_TO = 9, 6
"""On the scale from 0 to 10 (Reichheld, "The One Number You Need to Grow", Harvard Business Review, 2003)."""
_PERCENT: Final = 100

Counts = Mapping[Fraction, int]
"""How often each value was counted, never below zero."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """How many would recommend something, who is in between, and who would not."""

    promoters: int
    passives: int
    detractors: int

    @property
    def score(self) -> Fraction | None:
        """Net promoter score, from -100 to 100: percent of promoters less percent of detractors; None of nobody."""
        total = self.promoters + self.passives + self.detractors
        return Fraction(_PERCENT * (self.promoters - self.detractors), total) if total else None


def total(counts: Counts) -> int:
    """How many values were counted."""
    return sum(counts.values())


def mean(counts: Counts) -> Fraction | None:
    """The arithmetic mean; None of nothing."""
    n = total(counts)
    return sum((value * count for value, count in counts.items()), Fraction(0)) / n if n else None


def median(counts: Counts) -> Fraction | None:
    """The value in the middle, the mean of two where two are there; None of nothing."""
    n = total(counts)
    return (_at((n - 1) // 2, counts) + _at(n // 2, counts)) / 2 if n else None


def standard_deviation(counts: Counts) -> float | None:
    """The standard deviation of the values that were counted themselves (divided by n, not n - 1, since nobody is left
    out of whom they would be a sample); None of nothing.
    """
    middle = mean(counts)
    if middle is None:
        return None
    squares = sum((count * (value - middle) ** 2 for value, count in counts.items()), Fraction(0))
    return math.sqrt(squares / total(counts))


def promotion(counts: Counts) -> Promotion:
    """Promoters (9 and 10), passives (7 and 8) and detractors (0 to 6) on the scale from 0 to 10."""
    promoters = sum(count for value, count in counts.items() if value >= PROMOTERS_FROM)
    detractors = sum(count for value, count in counts.items() if value <= DETRACTORS_TO)
    return Promotion(promoters, total(counts) - promoters - detractors, detractors)


def _at(position: int, counts: Counts) -> Fraction:
    """The value at a position (from 0) among all, in ascending order."""
    for value in sorted(counts):
        position -= counts[value]
        if position < 0:
            return value
    message = "there is nothing at this position"
    raise IndexError(message)
