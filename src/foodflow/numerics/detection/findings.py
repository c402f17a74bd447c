"""What is watched for, with which settings, and what is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Rule(StrEnum):
    """What an anomaly is recognised by; Nelson's rules 1, 5 and 6 are Western Electric's 1, 2 and 3."""

    BELOW_LIMIT = "below_limit"
    ABOVE_LIMIT = "above_limit"
    RATE_OF_CHANGE = "rate_of_change"
    STUCK = "stuck"
    GAP = "gap"
    DRIFT_EWMA = "drift_ewma"
    DRIFT_CUSUM = "drift_cusum"
    WESTERN_ELECTRIC_1 = "western_electric_1"
    WESTERN_ELECTRIC_2 = "western_electric_2"
    WESTERN_ELECTRIC_3 = "western_electric_3"
    WESTERN_ELECTRIC_4 = "western_electric_4"
    NELSON_2 = "nelson_2"
    NELSON_3 = "nelson_3"
    NELSON_4 = "nelson_4"
    NELSON_7 = "nelson_7"
    NELSON_8 = "nelson_8"
    LEARNED = "learned"


RULES: Final = tuple(Rule)
BITS: Final = {rule: 1 << place for place, rule in enumerate(RULES)}
USUAL_RULES: Final = frozenset(
    {
        Rule.BELOW_LIMIT,
        Rule.ABOVE_LIMIT,
        Rule.RATE_OF_CHANGE,
        Rule.STUCK,
        Rule.GAP,
        Rule.DRIFT_EWMA,
        Rule.DRIFT_CUSUM,
        Rule.LEARNED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one sensor is watched; None switches off what it stands for, 0 is a value like any other.

    `low`, `high`: limits in the sensor's unit; a value on a limit is within. `hysteresis`: how far within a limit a
    value must come back for the alarm to clear, in the sensor's unit; None takes two learned sigmas of the noise, at
    most a quarter of the way from limit to limit, for 32 usual steps after the limit was passed last. `max_rate`: units
    per second, either way. `limit_off_delay`, `rate_off_delay`: how many seconds after a limit or a rate was passed
    last what it shows is over (OffDelay, OPC UA Part 9). `stuck_seconds`: how long a value may repeat itself.
    `gap_seconds`: how long a sensor may be silent. `rules`: those that are looked at; the run rules of Western Electric
    and Nelson only where somebody keeps a control chart, because by their definition they fire every hundred readings
    of pure noise. `sensitivity`: divides the thresholds of EWMA, CUSUM and the learned detector; 1 gives about one
    false alarm in a hundred thousand readings of pure noise.
    """

    low: float | None = None
    high: float | None = None
    hysteresis: float | None = None
    max_rate: float | None = None
    limit_off_delay: float | None = None
    rate_off_delay: float | None = None
    stuck_seconds: float | None = None
    gap_seconds: float | None = None
    rules: frozenset[Rule] = USUAL_RULES
    sensitivity: float = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings of many sensors as columns, (sensors,); NaN stands for None, and `rules` are the `BITS` of each."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    hysteresis: NDArray[np.float64]
    max_rate: NDArray[np.float64]
    limit_off_delay: NDArray[np.float64]
    rate_off_delay: NDArray[np.float64]
    stuck: NDArray[np.float64]
    gap: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    rules: NDArray[np.uint32]

    def of(self, sensors: NDArray[np.intp]) -> "Bounds":
        """Of some sensors alone, or of each block's sensor."""
        return Bounds(*[each[sensors] for each in _COLUMNS(self)])

    def wants(self, rules: int) -> NDArray[np.bool_]:
        """Where any of these rules is looked at."""
        wanted: NDArray[np.bool_] = (self.rules & np.uint32(rules)) > 0
        return wanted


_COLUMNS: Final = attrgetter(*(field.name for field in fields(Bounds)))


def bounds_of(settings: Sequence[Settings]) -> Bounds:
    """The settings of some sensors as columns."""
    columns = zip(fields(Bounds), np.array([_numbers(one) for one in settings], np.float64).T, strict=False)
    rules = np.array([sum(BITS[rule] for rule in one.rules) for one in settings], np.uint32)
    return Bounds(**{field.name: column for field, column in columns}, rules=rules)


def _numbers(one: Settings) -> tuple[float | None, ...]:
    limits, delays = (one.low, one.high, one.hysteresis), (one.limit_off_delay, one.rate_off_delay)
    return (*limits, one.max_rate, *delays, one.stuck_seconds, one.gap_seconds, one.sensitivity)


@dataclass(frozen=True, slots=True)
class Run:
    """New readings of one sensor, and what is known of it.

    `state` is what the last call gave, None for a sensor never seen. `times` (n, int64): microseconds since 1970,
    strictly increasing and later than all that the state has seen. `values` (n, float64): finite, Bad ones left out.
    `uncertain` (n, bool): readings of doubtful quality; what they show is half as sure.
    """

    settings: Settings
    state: bytes | None
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    uncertain: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of many sensors one after the other: `bounds` of each, `states` (sensors, bytes) as `stacked` gives them,
    `counts` (sensors,) of its readings, and `times`, `values` and `uncertain` of all of them in one row.
    """

    bounds: Bounds
    states: NDArray[np.uint8]
    counts: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    uncertain: NDArray[np.bool_]


class Finding(NamedTuple):
    """An anomaly that began or is over.

    `at`: when it was decided, `since`: when it began (microseconds). `value`: the reading; for `rate_of_change` the
    units per second, for `gap` the seconds of silence, for `stuck` the value that repeats. `expected`: the level that
    is normal. `low`, `high`: the band that was left, in the unit of `value`. `certainty`: how sure, 0 to 1; a finding
    that is cleared with certainty 0 did not go back to normal: what it showed for long is taken as normal from now on.
    """

    rule: Rule
    kind: Literal["raised", "cleared"]
    at: int
    since: int
    value: float
    expected: float | None
    low: float | None
    high: float | None
    certainty: float


@dataclass(frozen=True, slots=True)
class AllWatched:
    """What many runs gave: the states to keep as rows of bytes, and what was found of each run of which anything was,
    in order of time, by its place.
    """

    states: NDArray[np.uint8]
    findings: Mapping[int, Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Watched:
    """What one run gave: the state to keep for the next one, and what was found, in order of time."""

    state: bytes
    findings: Sequence[Finding]
