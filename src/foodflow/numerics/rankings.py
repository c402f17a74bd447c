"""Orders of preference, added up: Borda's points, mean ranks, and comparisons in pairs, from counts alone.

`places[i][r]` is how many have put item i at place r (from 0); those who put only some items in order have left the
others out. `wins[i][j]` is how many have put i before j, an item that they left out coming after all that they did not.
"""

from collections.abc import Sequence
from fractions import Fraction

Counts = Sequence[Sequence[int]]


def borda(places: Counts) -> list[int]:
    """Borda's points of each item: of n items the first gets n - 1, the next n - 2, the last none (Borda, "Mémoire sur
    les élections au scrutin", 1781). One that is left out gets none either.
    """
    n = len(places)
    return [sum(count * (n - 1 - place) for place, count in enumerate(row)) for row in places]


def mean_ranks(places: Counts) -> list[Fraction | None]:
    """The mean place of each item, from 1, among those who did not leave it out; None where all did."""
    return [_mean_rank(row) for row in places]


def condorcet_winner(wins: Counts) -> int | None:
    """The item that more people put before each other one than after it (Condorcet, 1785); None where there is none."""
    n = len(wins)
    return next((i for i in range(n) if all(wins[i][j] > wins[j][i] for j in range(n) if j != i)), None)


def inversions(order: Sequence[int]) -> int:
    """How many pairs of different numbers stand the wrong way round."""
    return sum(order[i] > order[j] for i in range(len(order)) for j in range(i + 1, len(order)))


def tau(order: Sequence[int]) -> Fraction:
    """How close an order of different numbers is to the ascending one, from -1 (reversed) to 1 (the same): Kendall's
    rank correlation (Kendall, "A New Measure of Rank Correlation", Biometrika 30, 1938). Chance comes to 0.
    """
    pairs = len(order) * (len(order) - 1) // 2
    return 1 - Fraction(2 * inversions(order), pairs) if pairs else Fraction(1)


def _mean_rank(row: Sequence[int]) -> Fraction | None:
    ranked = sum(row)
    return Fraction(sum(count * (place + 1) for place, count in enumerate(row)), ranked) if ranked else None
