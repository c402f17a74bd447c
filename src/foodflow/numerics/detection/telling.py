"""From edges to findings: which rule, since when, what was expected, and how sure.

How sure: with p the chance of such a statistic in normal readings, and one reading in ten thousand the first of
something wrong, certainty = 1 / (1 + p / 0.0001): the share of such alarms that are real. A limit that was passed is as
sure as the reading is: Φ of the distance in sigmas of the noise. Readings marked uncertain count half.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.charts import LAMBDA, SLACK, WINDOWS
from foodflow.numerics.detection.edges import CHARTS
from foodflow.numerics.detection.findings import BITS, RULES, Finding, Rule
from foodflow.numerics.detection.judging import Judged
from foodflow.numerics.detection.state import BLOCK, NEVER, PAST, Records

Kind = Literal["raised", "cleared"]

PRIOR: Final = 1e-4
_LEAST: Final = 1e-6
_BAND: Final = 3.0
_LIMITS: Final = {Rule.BELOW_LIMIT, Rule.ABOVE_LIMIT}
# The chance of each pattern in independent normal readings.
_CHANCES: Final = {
    Rule.WESTERN_ELECTRIC_2: 0.0030,
    Rule.WESTERN_ELECTRIC_3: 0.0054,
    Rule.WESTERN_ELECTRIC_4: 2 * 0.5**8,
    Rule.NELSON_2: 2 * 0.5**9,
    Rule.NELSON_3: 2 / 720,
    Rule.NELSON_4: 4 * (2 / math.pi) ** 15,
    Rule.NELSON_7: 0.6827**15,
    Rule.NELSON_8: 0.3173**8,
}


def sureness(chance: float) -> float:
    """How sure an anomaly is whose statistic comes with this chance in normal readings."""
    return 1 / (1 + chance / PRIOR)


def tell(judged: Judged, known: Records) -> list[list[Finding]]:
    """The findings of each sensor (in the order of the blocks) by time; `known` keeps since when rules are active."""
    blocks, start, silent = judged.blocks, judged.start, judged.silent
    findings: list[list[Finding]] = [[] for _ in range(blocks.first)]
    known["gap_told"] = NEVER
    within = np.arange(BLOCK)[:, None] < blocks.fill
    columns, places = np.nonzero((((judged.edges.changed > 0) | silent) & within).T)
    if not len(columns):
        return findings
    new = blocks.is_new()
    teller = _Teller(judged, blocks.led(blocks.times, start["past_times"]), start["since"].copy(), start["gap_told"])
    for column, place in zip(columns.tolist(), places.tolist(), strict=True):
        sensor = int(blocks.sensor[column])
        told = list(teller.of(column, place, is_silent=bool(silent[place, column])))
        if new[place, column]:
            findings[sensor] += told
        if blocks.fill[column] == BLOCK:
            known["since"][sensor] = teller.since[sensor]
    return findings


@dataclass(slots=True)
class _Teller:
    """Makes the findings, one reading after the other of each sensor; `since` (sensors, rules) moves along."""

    judged: Judged
    times: NDArray[np.int64]
    since: NDArray[np.int64]
    gap_told: NDArray[np.int64]

    def of(self, column: int, place: int, *, is_silent: bool) -> Iterator[Finding]:
        """The findings of one reading: a gap that it ends, what is over, what begins."""
        if is_silent:
            yield from self._gap(column, place)
        changed = int(self.judged.edges.changed[place, column])
        active = int(self.judged.edges.active[place, column])
        sensor = self.judged.blocks.sensor[column]
        for number, rule in enumerate(RULES):
            if changed & ~active & BITS[rule]:
                yield self._finding(rule, column, place, kind="cleared", since=int(self.since[sensor, number]))
        for number, rule in enumerate(RULES):
            if changed & active & BITS[rule]:
                self.since[sensor, number] = self._began(rule, column, place)
                yield self._finding(rule, column, place, kind="raised", since=int(self.since[sensor, number]))

    def _gap(self, column: int, place: int) -> Iterator[Finding]:
        blocks = self.judged.blocks
        sensor = blocks.sensor[column]
        at, since = int(blocks.times[place, column]), int(self.times[PAST + place - 1, column])
        gap = _given(self.judged.bounds.gap[sensor])
        seconds = float(self.judged.steps.seconds[place, column])
        kinds: tuple[Kind, ...] = ("cleared",) if self.gap_told[sensor] == since else ("raised", "cleared")
        for kind in kinds:
            yield Finding(Rule.GAP, kind, at, since, seconds, None, None, gap, 1.0)

    def _began(self, rule: Rule, column: int, place: int) -> int:
        """When what a rule shows began: the first reading of its pattern, or the last one at which a drift was zero."""
        drift = self.judged.drift
        if rule in WINDOWS:
            return int(self.times[PAST + place - WINDOWS[rule] + 1, column])
        if rule is Rule.STUCK:
            return int(self.judged.steps.same_since[place, column])
        began = int(self.judged.blocks.times[place, column])
        if rule is Rule.DRIFT_EWMA:
            began = drift.ewma_zero.at(place, column)
        elif rule is Rule.DRIFT_CUSUM:
            upwards = drift.up[place, column] >= drift.down[place, column]
            began = (drift.up_zero if upwards else drift.down_zero).at(place, column)
        return began if began != NEVER else int(self.judged.blocks.times[place, column])

    def _finding(self, rule: Rule, column: int, place: int, *, kind: Kind, since: int) -> Finding:
        judged = self.judged
        at, value = int(judged.blocks.times[place, column]), float(judged.blocks.values[place, column])
        if rule is Rule.RATE_OF_CHANGE:
            value = float(judged.steps.change[place, column] / max(judged.steps.seconds[place, column], _LEAST))
        expected, low, high = self._band(rule, column, place)
        certainty = self._certainty(rule, kind, column, place)
        return Finding(rule, kind, at, since, value, expected, low, high, certainty)

    def _band(self, rule: Rule, column: int, place: int) -> tuple[float | None, float | None, float | None]:
        """What was expected, and the band around it."""
        bounds, baseline, sensor = self.judged.bounds, self.judged.baseline, self.judged.blocks.sensor[column]
        level, spread = float(baseline.level[column]), float(baseline.spread[column])
        if rule in _LIMITS:
            return level if baseline.ready[column] else None, _given(bounds.low[sensor]), _given(bounds.high[sensor])
        if rule is Rule.RATE_OF_CHANGE:
            rate = _given(bounds.max_rate[sensor])
            return None, None if rate is None else -rate, rate
        if rule is Rule.STUCK:
            return None, None, None
        if rule is Rule.LEARNED:
            level = float(self.judged.learned.expected[place, column])
        return level, level - _BAND * spread, level + _BAND * spread

    def _certainty(self, rule: Rule, kind: Kind, column: int, place: int) -> float:
        if kind == "cleared":
            is_taken_as_normal = place == 0 and self.judged.baseline.fresh[column] and CHARTS & BITS[rule]
            return 0.0 if is_taken_as_normal else 1.0
        sure = self._sure(rule, column, place)
        return sure / 2 if self.judged.blocks.uncertain[place, column] else sure

    def _sure(self, rule: Rule, column: int, place: int) -> float:
        if rule in _LIMITS:
            return self._past_limit(rule, column, place)
        chance = _CHANCES[rule] if rule in _CHANCES else self._chance(rule, column, place)
        return sureness(chance)

    def _chance(self, rule: Rule, column: int, place: int) -> float:
        """The chance of a statistic this far out in normal readings; none where a rule states a fact."""
        judged = self.judged
        if rule is Rule.WESTERN_ELECTRIC_1:
            return math.erfc(abs(judged.z[place, column]) / math.sqrt(2))
        if rule is Rule.DRIFT_CUSUM:
            return math.exp(-2 * SLACK * max(judged.drift.up[place, column], judged.drift.down[place, column]))
        if rule is Rule.DRIFT_EWMA:
            sigmas = abs(judged.drift.ewma[place, column]) / math.sqrt(LAMBDA / (2 - LAMBDA))
            return math.erfc(sigmas / math.sqrt(2))
        if rule is Rule.LEARNED:
            return math.pow(10, -float(judged.learned.digits[place, column]))
        return 0.0

    def _past_limit(self, rule: Rule, column: int, place: int) -> float:
        """How sure it is that the true value lies outside: certain until something of the noise is known."""
        judged, sensor = self.judged, self.judged.blocks.sensor[column]
        if not judged.baseline.ready[column]:
            return 1.0
        value = judged.blocks.values[place, column]
        bounds = judged.bounds
        distance = bounds.low[sensor] - value if rule is Rule.BELOW_LIMIT else value - bounds.high[sensor]
        return 1 - math.erfc(float(distance / judged.baseline.sigma[column]) / math.sqrt(2)) / 2


def _given(number: float) -> float | None:
    return None if math.isnan(number) else float(number)
