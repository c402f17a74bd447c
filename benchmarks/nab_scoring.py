"""The Numenta Anomaly Benchmark's scoring rule, as a tool for any detector that scores readings from 0 to 1.

After Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms – the Numenta Anomaly Benchmark" (ICMLA 2015),
with the weights and details of version 1.1. The first 15 % of a file's rows, at most 750, are not scored. A window
earns its earliest detection's weight: σ(y) = 2 / (1 + exp(5 y)) − 1 at the relative position y from −1 (left edge) to 0
(right edge), divided by σ(−1); a window without any costs the weight of a miss. Each detection outside of windows costs
σ of its distance from the window before, in widths of that window, −1 from three widths on or before any window, times
the weight of a false alarm. One threshold for all files is chosen such that the sum is highest, which flatters;
`score_at` takes a given one. A detector that finds nothing has 0, one that finds the left edge of each window and
nothing else 100.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Profile:
    """What a found window, a false alarm and a missed window weigh."""

    found: float
    false_alarm: float
    missed: float


PROFILES: Final = {
    "standard": Profile(1.0, 0.11, 1.0),
    "reward low FP rate": Profile(1.0, 0.22, 1.0),
    "reward low FN rate": Profile(1.0, 0.11, 2.0),
}
PROBATION: Final = 0.15
MOST_PROBATION: Final = 750

_STEEPNESS: Final = 5.0
_FARTHEST: Final = 3.0


@dataclass(frozen=True, slots=True)
class Scored:
    """A file with a detector's scores (n,), and its windows as (first row, last row), in order, not overlapping."""

    scores: NDArray[np.float64]
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The normalised score at a threshold, and what it is made of: windows found of those there are, false alarms."""

    score: float
    threshold: float
    found: int
    windows: int
    false_alarms: int


def sigmoid(position: float) -> float:
    """σ(y): 0.9866 at the left edge of a window (−1), 0 at its right edge, −1 from three widths beyond it."""
    return -1.0 if position >= _FARTHEST else 2 / (1 + math.exp(_STEEPNESS * position)) - 1


def probation(rows: int) -> int:
    """How many rows at the beginning of a file are not scored."""
    return min(math.floor(PROBATION * rows), MOST_PROBATION)


@dataclass(frozen=True, slots=True)
class _Row:
    """A scored row: its score, the number of its window (None outside), and what detecting it earns, unweighted."""

    score: float
    window: int | None
    worth: float


def _rows(files: Sequence[Scored]) -> list[_Row]:
    rows, number = list[_Row](), 0
    for file in files:
        begin, before = 0, None
        first = probation(len(file.scores))
        for left, right in file.windows:
            rows += _outside(file.scores, range(max(begin, first), left), before)
            width = right - left + 1
            for row in range(max(left, first), right + 1):
                worth = sigmoid(-(right - row + 1) / width) / sigmoid(-1)
                rows.append(_Row(float(file.scores[row]), number, worth))
            begin, before, number = right + 1, (right, width), number + 1
        rows += _outside(file.scores, range(max(begin, first), len(file.scores)), before)
    return rows


def _outside(scores: NDArray[np.float64], rows: range, before: tuple[int, int] | None) -> list[_Row]:
    if before is None:
        return [_Row(float(scores[row]), None, -1.0) for row in rows]
    right, width = before
    return [_Row(float(scores[row]), None, sigmoid((row - right) / max(width - 1, 1))) for row in rows]


def _outcomes(files: Sequence[Scored], profile: Profile) -> list[Outcome]:
    """The outcome at each threshold that makes a difference, the highest (nothing detected) first."""
    rows = sorted(_rows(files), key=lambda row: -row.score)
    worths = dict.fromkeys(sorted({row.window for row in rows if row.window is not None}), -profile.missed)
    least, most = -profile.missed * len(worths), profile.found * len(worths)
    total, false_alarms, found = least, 0, set[int]()
    outcomes = [Outcome(0.0, math.inf, 0, len(worths), 0)]
    for place, row in enumerate(rows):
        if row.window is None:
            total += profile.false_alarm * row.worth
            false_alarms += 1
        else:
            better = max(worths[row.window], profile.found * row.worth)
            total += better - worths[row.window]
            worths[row.window] = better
            found.add(row.window)
        if place + 1 == len(rows) or rows[place + 1].score != row.score:
            score = 100 * (total - least) / (most - least)
            outcomes.append(Outcome(score, row.score, len(found), len(worths), false_alarms))
    return outcomes


def best(files: Sequence[Scored], profile: Profile) -> Outcome:
    """The outcome at the threshold that suits these files best, as the benchmark does it."""
    return max(_outcomes(files, profile), key=lambda outcome: outcome.score)


def score_at(files: Sequence[Scored], profile: Profile, threshold: float) -> Outcome:
    """The outcome where every score at or above a given threshold is a detection."""
    return [outcome for outcome in _outcomes(files, profile) if outcome.threshold >= threshold][-1]
