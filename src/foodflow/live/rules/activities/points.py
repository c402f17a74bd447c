"""What an answer of a quiz is worth: how right it is, how fast it came, and how many right ones came before it.

    points = P · share · (1 - t / 2T) · (1 + b), rounded half up

P are the points of the question and `share` how right the answer is, from 0 to 1. With a bonus for speed, t is how
long it took of the question's time T: all points at once, falling evenly to half of them at the end; without, t is 0.
With a bonus for streaks, b is 0.1 for each right answer in a row before a right one, up to 0.5; without, it is 0. The
factor of speed is that of Kahoot ("How points work", Kahoot! Help Center); the other two are our own.
"""

from collections.abc import Collection
from fractions import Fraction
from typing import Final

MOST_IN_A_ROW: Final = 5
"""Right answers that a streak counts."""
PER_ANSWER_IN_A_ROW: Final = Fraction(1, 10)
_ALL, _HALF = Fraction(1), Fraction(1, 2)
_MILLISECONDS: Final = 1000


def points(most: int, share: Fraction, *, elapsed: Fraction, streak: int) -> int:
    """The points of an answer to a question that gives so many; `elapsed` is the share of its time that went by, from 0
    to 1, `streak` how many right answers came before it in a row, which count for a right one alone.
    """
    in_a_row = min(streak, MOST_IN_A_ROW) if share == _ALL else 0
    worth = most * share * (_ALL - elapsed * _HALF) * (_ALL + in_a_row * PER_ANSWER_IN_A_ROW)
    return int(worth + _HALF)


def elapsed(milliseconds: int, seconds: int) -> Fraction:
    """The share of a question's time that went by, from 0 to 1."""
    return min(max(Fraction(milliseconds, seconds * _MILLISECONDS), Fraction(0)), _ALL)


def share_of_choices(chosen: Collection[str], right: Collection[str]) -> Fraction:
    """How right several choices are: the right ones less the wrong ones, of all that are right; never below 0."""
    hits = sum(each in right for each in chosen)
    return max(Fraction(2 * hits - len(chosen), len(right)), Fraction(0))
