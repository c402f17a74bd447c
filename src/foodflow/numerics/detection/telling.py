"""From edges to findings: which rule, since when, what was expected, and how sure.

How sure: with p the chance of such a statistic in normal readings, and one reading in ten thousand the first of
something wrong, certainty = 1 / (1 + p / 0.0001): the share of such alarms that are real. A limit that was passed is as
sure as the reading is: Φ of the distance in sigmas of the noise. Readings marked uncertain count half.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.charts import LAMBDA, SLACK, WINDOWS
from foodflow.numerics.detection.edges import CHARTS
from foodflow.numerics.detection.findings import BITS, RULES, Finding, Rule
from foodflow.numerics.detection.judging import Judged
from foodflow.numerics.detection.state import BLOCK, NEVER, PAST, Records

Kind = Literal["raised", "cleared"]
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Asked = TypeVar("Asked")

PRIOR: Final = 1e-4
_LEAST: Final = 1e-6
_BAND: Final = 3.0
_RANKS: Final = 2 + 2 * len(RULES)
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


def sureness(chance: Numbers) -> Numbers:
    """How sure an anomaly is whose statistic comes with this chance in normal readings."""
    return 1 / (1 + chance / PRIOR)


def tell(judged: Judged, known: Records) -> list[list[Finding]]:
    """The findings of each sensor (in the order of the blocks) by time; `known` keeps since when rules are active."""
    blocks = judged.blocks
    findings: list[list[Finding]] = [[] for _ in range(blocks.first)]
    turns = _turns(judged)
    parts = [_gaps(judged, turns)] if turns.silent.any() else []
    changed = int(np.bitwise_or.reduce(turns.changed))
    for number, rule in enumerate(RULES):
        if changed & BITS[rule]:
            mine = turns.only((turns.changed & BITS[rule]) > 0)
            parts.append(_of_rule(judged, mine, known["since"][:, number], rule))
    known["gap_told"] = NEVER
    if not parts:
        return findings
    found = _joined(parts)
    order = np.argsort(found.order, kind="stable")
    order = order[found.turns.new[order]]
    sensors = blocks.sensor[found.turns.columns][order].tolist()
    for sensor, finding in zip(sensors, found.findings(order), strict=True):
        findings[sensor].append(finding)
    return findings


@dataclass(frozen=True, slots=True)
class _Turns:
    """The readings at which anything begins or is over, (n,), each sensor's by time: the place of each among all of
    them, where it stands, the bits of the rules that turn, those that are on afterwards, whether it ends a gap, and
    whether it is judged for the first time.
    """

    number: Ints
    columns: Ints
    places: Ints
    changed: NDArray[np.uint32]
    active: NDArray[np.uint32]
    silent: Flags
    new: Flags

    def only(self, chosen: Flags | Ints) -> "_Turns":
        """Some of them."""
        return _Turns(*[each[chosen] for each in _columns(self)])


def _turns(judged: Judged) -> _Turns:
    blocks, changed = judged.blocks, judged.edges.changed
    places, columns = np.nonzero((changed > 0) | judged.silent)
    is_turn = blocks.fill[columns] > places
    places, columns = places[is_turn], columns[is_turn]
    order = np.argsort(columns, kind="stable")
    at = (places[order], columns[order])
    bits, new = (changed[at], judged.edges.active[at]), blocks.old[at[1]] <= at[0]
    return _Turns(np.arange(len(order)), at[1], at[0], *bits, judged.silent[at], new)


@dataclass(frozen=True, slots=True)
class _Found:
    """Findings as columns (n,), NaN for None, with the turns that they belong to; `rank` orders those of one turn."""

    turns: _Turns
    rank: Ints
    rules: Ints
    raised: Flags
    at: Ints
    since: Ints
    value: Numbers
    expected: Numbers
    low: Numbers
    high: Numbers
    certainty: Numbers

    @property
    def order(self) -> Ints:
        """What the findings of a call are ordered by: by reading, and there first a gap, then what is over."""
        return self.turns.number * _RANKS + self.rank

    def findings(self, chosen: Ints) -> Iterator[Finding]:
        """Some of them, one by one."""
        kinds: list[Kind] = ["raised" if raised else "cleared" for raised in self.raised[chosen].tolist()]
        moments = (self.at[chosen].tolist(), self.since[chosen].tolist(), self.value[chosen].tolist())
        band = (_given(each[chosen]) for each in (self.expected, self.low, self.high))
        rules = [RULES[number] for number in self.rules[chosen].tolist()]
        return map(Finding, rules, kinds, *moments, *band, self.certainty[chosen].tolist())


def _joined(parts: Sequence[_Found]) -> _Found:
    turns = (np.concatenate(each) for each in zip(*(_columns(part.turns) for part in parts), strict=True))
    others = (np.concatenate(each) for each in zip(*(_columns(part)[1:] for part in parts), strict=True))
    return _Found(_Turns(*turns), *others)


def _columns(of: _Turns | _Found) -> list[Any]:
    return [getattr(of, field.name) for field in fields(of)]


def _gaps(judged: Judged, turns: _Turns) -> _Found:
    """The gaps that readings end; one that was not told while it lasted begins now as well."""
    silent, start = turns.only(turns.silent), judged.start
    sensor, places, columns = judged.blocks.sensor[silent.columns], silent.places, silent.columns
    since = _before(judged, places, columns, 1)
    told = start["gap_told"][sensor] == since
    both = np.repeat(np.arange(len(sensor)), np.where(told, 1, 2))
    is_last = np.append(np.diff(both) > 0, True)
    nothing = np.full(len(both), np.nan)
    return _Found(
        turns=silent.only(both),
        rank=is_last.astype(np.int64),
        rules=np.full(len(both), RULES.index(Rule.GAP)),
        raised=~is_last,
        at=judged.blocks.times[places, columns][both],
        since=since[both],
        value=judged.steps.seconds[places, columns][both],
        expected=nothing,
        low=nothing,
        high=judged.bounds.gap[sensor][both],
        certainty=np.ones(len(both)),
    )


def _of_rule(judged: Judged, turns: _Turns, known: Ints, rule: Rule) -> _Found:
    """What begins and is over of one rule; `known` (sensors,), since when it is active, is carried on in place."""
    blocks, places, columns, number = judged.blocks, turns.places, turns.columns, RULES.index(rule)
    raised, sensor = (turns.active & BITS[rule]) > 0, blocks.sensor[turns.columns]
    since = _since(sensor, raised, np.where(raised, _began(judged, rule, places, columns), NEVER), known)
    # Blocks that are not full are judged anew with the next call.
    kept = raised & (blocks.fill[columns] == BLOCK)
    known[sensor[kept]] = since[kept]
    value = blocks.values[places, columns]
    if rule is Rule.RATE_OF_CHANGE:
        value = judged.steps.change[places, columns] / np.maximum(judged.steps.seconds[places, columns], _LEAST)
    is_taken_as_normal = (places == 0) & judged.baseline.fresh[columns] & bool(CHARTS & BITS[rule])
    certainty = np.where(is_taken_as_normal, 0.0, 1.0)
    sure = _sure(judged, rule, places[raised], columns[raised])
    certainty[raised] = np.where(blocks.uncertain[places, columns][raised], sure / 2, sure)
    expected, low, high = _band(judged, rule, places, columns)
    return _Found(
        turns=turns,
        rank=np.where(raised, 2 + len(RULES), 2) + number,
        rules=np.full(len(places), number),
        raised=raised,
        at=blocks.times[places, columns],
        since=since,
        value=value,
        expected=expected,
        low=low,
        high=high,
        certainty=certainty,
    )


def _since(sensor: Ints, raised: Flags, began: Ints, known: Ints) -> Ints:
    """Since when what begins or is over at each turn is active: what is over began when it was raised last."""
    order = np.argsort(sensor, kind="stable")
    mine, begins = sensor[order], began[order]
    latest = np.maximum.accumulate(np.where(raised[order], np.arange(len(order)), -1))
    is_mine = (latest >= 0) & (mine[latest] == mine)
    since = np.empty(len(order), np.int64)
    since[order] = np.where(is_mine, begins[latest], known[mine])
    return since


def _before(judged: Judged, places: Ints, columns: Ints, back: int) -> Ints:
    """When the reading came that lies so far before each."""
    times: Ints = judged.blocks.led(judged.blocks.times, judged.start["past_times"])[PAST + places - back, columns]
    return times


def _began(judged: Judged, rule: Rule, places: Ints, columns: Ints) -> Ints:
    """When what a rule shows began: the first reading of its pattern, or the last one at which a drift was zero."""
    at = judged.blocks.times[places, columns]
    if rule in WINDOWS:
        return _before(judged, places, columns, WINDOWS[rule] - 1)
    if rule is Rule.STUCK:
        return judged.steps.same_since[places, columns]
    if rule not in {Rule.DRIFT_EWMA, Rule.DRIFT_CUSUM}:
        return at
    drift, own = _there(judged.charted.drift), judged.which[columns]
    if rule is Rule.DRIFT_EWMA:
        began = drift.ewma_zero().at(places, own)
    else:
        upwards = drift.up[places, own] >= drift.down[places, own]
        began = np.where(upwards, drift.up_zero().at(places, own), drift.down_zero().at(places, own))
    return np.where(began == NEVER, at, began)


def _there(asked_for: Asked | None) -> Asked:
    """What was asked for, because a rule turned that goes by it."""
    assert asked_for is not None  # noqa: S101 - `Eventful.rules` names the rules that may turn
    return asked_for


def _band(judged: Judged, rule: Rule, places: Ints, columns: Ints) -> tuple[Numbers, Numbers, Numbers]:
    """What was expected, and the band around it."""
    bounds, baseline, sensor = judged.bounds, judged.baseline, judged.blocks.sensor[columns]
    nothing, level = np.full(len(places), np.nan), baseline.level[columns]
    if rule in _LIMITS:
        return np.where(baseline.ready[columns], level, np.nan), bounds.low[sensor], bounds.high[sensor]
    if rule is Rule.RATE_OF_CHANGE:
        return nothing, -bounds.max_rate[sensor], bounds.max_rate[sensor]
    if rule is Rule.STUCK:
        return nothing, nothing, nothing
    if rule is Rule.LEARNED:
        level = _there(judged.charted.learned).expected[places, judged.which[columns]]
    width = _BAND * baseline.spread[columns]
    return level, level - width, level + width


def _sure(judged: Judged, rule: Rule, places: Ints, columns: Ints) -> Numbers:
    if rule in _LIMITS:
        return _past_limit(judged, rule, places, columns)
    return sureness(_chance(judged, rule, places, columns))


def _chance(judged: Judged, rule: Rule, places: Ints, columns: Ints) -> Numbers:
    """The chance of a statistic this far out in normal readings; none where a rule states a fact."""
    charted, at = judged.charted, (places, judged.which[columns])
    if rule is Rule.WESTERN_ELECTRIC_1:
        return _beyond(np.abs(charted.z[at]))
    if rule is Rule.DRIFT_CUSUM:
        drift = _there(charted.drift)
        furthest = np.maximum(drift.up[at], drift.down[at])
        return np.exp(-2 * SLACK * furthest)
    if rule is Rule.DRIFT_EWMA:
        return _beyond(np.abs(_there(charted.drift).ewma[at]) / math.sqrt(LAMBDA / (2 - LAMBDA)))
    if rule is Rule.LEARNED:
        return np.power(10.0, -_there(charted.learned).digits[at])
    return np.full(len(places), _CHANCES.get(rule, 0.0))


def _past_limit(judged: Judged, rule: Rule, places: Ints, columns: Ints) -> Numbers:
    """How sure it is that the true value lies outside: certain until something of the noise is known."""
    bounds, baseline, sensor = judged.bounds, judged.baseline, judged.blocks.sensor[columns]
    value = judged.blocks.values[places, columns]
    distance = bounds.low[sensor] - value if rule is Rule.BELOW_LIMIT else value - bounds.high[sensor]
    return np.where(baseline.ready[columns], 1 - _beyond(distance / baseline.sigma[columns]) / 2, 1.0)


def _beyond(sigmas: Numbers) -> Numbers:
    """The chance that a normal number lies further out than so many sigmas, on either side."""
    return np.array([math.erfc(each) for each in (sigmas / math.sqrt(2)).tolist()])


def _given(numbers: Numbers) -> list[float | None]:
    """Numbers with None for NaN."""
    given: list[float | None] = numbers.astype(object).tolist()
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        given[place] = None
    return given
