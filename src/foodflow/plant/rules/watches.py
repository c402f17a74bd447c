"""How sensors are watched: what FoodFlow chooses for each type, what a company and a sensor say instead."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from foodflow.kernel.errors import Forbidden, NotFound
from foodflow.numerics.detection.findings import USUAL_RULES, Rule, Settings
from foodflow.plant.rules.alarms import CALIBRATION_OVERDUE, Priority
from foodflow.plant.rules.lines import LineState

GAP_STEPS: Final = 10
"""A sensor that has a rhythm is silent when so many of its steps are missing (a choice)."""
SHORTEST_GAP: Final = 60.0
"""No silence is shorter than so many seconds unless somebody says so: a gateway may send once a minute (a choice)."""
KNOWN_AFTER: Final = 30
"""A sensor's rhythm is known after so many steps (a choice)."""
RATE_OFF_DELAY: Final = 60.0
"""A change that was too fast is over after so many seconds without another one, unless somebody says otherwise: a rate
magnifies noise, so without a delay its alarm would come and go all the time (ISA-18.2: a chattering alarm). A minute is
the longest of the delays that EEMUA 191 suggests to begin with: 15 s for flow and pressure, 60 s for level and
temperature.
"""
MOST_SEEN: Final = 1_000_000
"""Steps beyond so many are not counted: by then each new one weighs the same, and a count must not grow for ever."""
NOT_EXPECTED: Final = frozenset({LineState.NOT_SCHEDULED, LineState.MAINTENANCE})
"""States in which nobody expects a line to report."""
STANDING_STILL: Final = frozenset({LineState.IDLE, LineState.DOWNTIME, LineState.CHANGEOVER})
BY_SITUATION: Final = frozenset({Rule.GAP, Rule.STUCK})
STUCK_ALONE: Final = frozenset({Rule.STUCK})
NO_RULES: Final[frozenset[Rule]] = frozenset()

ValueT = TypeVar("ValueT")
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TypeDefault:
    """FoodFlow's choice for a type of sensors.

    `rates`: by UCUM code, the change in a second that nothing in the process explains. `stuck`: how many seconds the
    very same value may be repeated. `is_still`: it is at rest while its line does not run, so it is not stuck then.
    """

    rates: Mapping[str, float]
    stuck: float | None
    is_still: bool = False


_KELVINS = {"Cel": 1.0, "K": 1.0, "°C": 1.0, "[degF]": 1.8, "°F": 1.8}
_BARS = {"bar": 1.0, "mbar": 1e3, "Pa": 1e5, "kPa": 1e2, "MPa": 0.1, "[psi]": 14.503_773_8}
_PERCENT = {"%": 1.0, "1": 0.01}


def _times(rate: float, units: Mapping[str, float]) -> dict[str, float]:
    return {unit: rate * factor for unit, factor in units.items()}


BY_TYPE: Final[Mapping[str, TypeDefault]] = {
    # A sheathed Pt100 in flowing water follows a step with a time constant of some 5 s (IEC 60751 has makers state the
    # response time; 3 to 8 s is usual): 5 K/s is the beginning of a step of 25 K. The least digit of 0.1 K may stand
    # for an hour in a cold store, hence two.
    "temperature": TypeDefault(_times(5.0, _KELVINS), 7200.0),
    # A choice: pumps and valves change the pressure of a line by some bar within a second.
    "pressure": TypeDefault(_times(5.0, _BARS), 3600.0, is_still=True),
    # Flow, speed, power, current and weight jump whenever something is switched or put down, so no rate says anything.
    "flow": TypeDefault({}, 3600.0, is_still=True),
    "speed": TypeDefault({}, None, is_still=True),
    "power": TypeDefault({}, 3600.0, is_still=True),
    "current": TypeDefault({}, 3600.0, is_still=True),
    "weight": TypeDefault({}, None),
    # A choice: no tank of a food plant fills by a twentieth in a second. A tank may stand still for days.
    "level": TypeDefault(_times(5.0, _PERCENT), None),
    # Vibration is noise, which never repeats itself while a machine runs (a choice of ten minutes).
    "vibration": TypeDefault({}, 600.0, is_still=True),
    # Capacitive sensors follow a step with a time constant of some 8 s (makers' sheets): 10 %/s is a step of 80 %.
    "humidity": TypeDefault(_times(10.0, _PERCENT), 7200.0),
    # Glass electrodes need several seconds for 95 % of a step (makers' sheets); in a second pH moves by 1 at most.
    "ph": TypeDefault({"[pH]": 1.0, "pH": 1.0, "1": 1.0}, 7200.0),
    # Choices, after the response times of usual probes.
    "conductivity": TypeDefault({}, 7200.0),
    "oxygen": TypeDefault(_times(10.0, _PERCENT), 7200.0),
    "co2": TypeDefault({}, 7200.0),
}
"""What is chosen by type; of a type that is not here, nothing is stuck within two hours and no rate is too fast."""
OTHER: Final = TypeDefault({}, 7200.0)

PRIORITIES: Final[Mapping[str, Priority]] = {
    Rule.BELOW_LIMIT: Priority.HIGH,
    Rule.ABOVE_LIMIT: Priority.HIGH,
    Rule.GAP: Priority.MEDIUM,
    Rule.STUCK: Priority.MEDIUM,
    Rule.RATE_OF_CHANGE: Priority.MEDIUM,
    CALIBRATION_OVERDUE: Priority.MEDIUM,
}
"""A limit is what somebody has to act on, what is missing may hide that, and all else is a hint (EEMUA 191 advises
about 5 % high, 15 % medium and 80 % low)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said of how to watch; None leaves it to what is less particular."""

    rules: tuple[str, ...] | None = None
    hysteresis: float | None = None
    max_rate: float | None = None
    off_delay_seconds: float | None = None
    stuck_seconds: float | None = None
    gap_seconds: float | None = None
    sensitivity: float | None = None
    priority: str | None = None


NOTHING: Final = Said()
SAID: Final = tuple(field.name for field in fields(Said))
"""The names of what may be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """How a sensor is watched in the end. `off_delay_seconds` None: `RATE_OFF_DELAY` for a rate, none for limits;
    `gap_seconds` None: by its own rhythm; `priority` None: that of each rule.
    """

    rules: frozenset[Rule]
    hysteresis: float | None
    max_rate: float | None
    off_delay_seconds: float | None
    stuck_seconds: float | None
    gap_seconds: float | None
    sensitivity: float
    priority: Priority | None
    is_still: bool

    def priority_of(self, rule: str) -> Priority:
        """The priority of what a rule finds."""
        return self.priority or PRIORITIES.get(rule, Priority.LOW)


def settings_of(how: Effective, line_state: str | None) -> Settings:
    """What the detectors are to look for on a line in a state, but for what each sensor has of its own: limits and how
    long it may be silent.
    """
    return Settings(
        hysteresis=how.hysteresis,
        max_rate=how.max_rate,
        limit_off_delay=how.off_delay_seconds,
        rate_off_delay=RATE_OFF_DELAY if how.off_delay_seconds is None else how.off_delay_seconds,
        stuck_seconds=how.stuck_seconds,
        rules=how.rules - suppressed(line_state, is_still=how.is_still),
        sensitivity=how.sensitivity,
    )


class UnknownType(NotFound):
    """No sensor is of this type, and nobody has said how to watch such sensors."""

    code = "plant.watch.unknown_type"


class OfOtherSites(Forbidden):
    """How a type is watched holds at all sites."""

    code = "plant.watch.of_other_sites"


def require_known_type(sensor_type: str, *, is_known: bool) -> None:
    """There is something to say of the types of one's sensors, and of those that FoodFlow knows."""
    if not is_known and sensor_type.lower() not in BY_TYPE:
        raise UnknownType(f"there are no sensors of the type {sensor_type}")


def require_own_sites(own: frozenset[str] | None, sites: Collection[str], *, sensor_type: str) -> None:
    """Whoever is for some sites alone changes nothing at the others."""
    if own is not None and not own.issuperset(sites):
        raise OfOtherSites(f"there are {sensor_type} sensors at other sites too; say it of each sensor instead")


def type_default(sensor_type: str) -> TypeDefault:
    """FoodFlow's choice for a type, however it is written; `core temperature` and `temperature_2` are temperatures."""
    words = sensor_type.lower().replace("_", " ").replace("-", " ").split()
    return next((BY_TYPE[word] for word in reversed(words) if word in BY_TYPE), OTHER)


@lru_cache(maxsize=10_000)
def effective(sensor_type: str, unit: str, own: Said = NOTHING, company: Said = NOTHING) -> Effective:
    """How a sensor of a type and unit is watched: as was said of itself, else of its type, else as FoodFlow chooses."""
    chosen = type_default(sensor_type)
    said = own.rules if own.rules is not None else company.rules
    priority = _first(own.priority, company.priority)
    return Effective(
        rules=USUAL_RULES if said is None else frozenset(Rule(each) for each in said),
        hysteresis=_first(own.hysteresis, company.hysteresis),
        max_rate=_first(own.max_rate, company.max_rate, chosen.rates.get(unit)),
        off_delay_seconds=_first(own.off_delay_seconds, company.off_delay_seconds),
        stuck_seconds=_first(own.stuck_seconds, company.stuck_seconds, chosen.stuck),
        gap_seconds=_first(own.gap_seconds, company.gap_seconds),
        sensitivity=_first(own.sensitivity, company.sensitivity, 1.0) or 1.0,
        priority=None if priority is None else Priority(priority),
        is_still=chosen.is_still,
    )


def _first(*said: ValueT | None) -> ValueT | None:
    return next((each for each in said if each is not None), None)


def suppressed(line_state: str | None, *, is_still: bool) -> frozenset[Rule]:
    """The rules that say nothing while a line is in a state: nothing is missing or stuck where nobody expects it to
    run, and what is at rest while the line is has a reason to repeat itself.
    """
    if line_state in NOT_EXPECTED:
        return BY_SITUATION
    return STUCK_ALONE if is_still and line_state in STANDING_STILL else NO_RULES


def gaps_of(said: Numbers, *, rhythms: Numbers, seen: Counts) -> Numbers:
    """How many seconds each sensor may be silent: as somebody said, else by its own rhythm once that is known; NaN
    stands for None.
    """
    own = np.where(seen >= KNOWN_AFTER, np.maximum(SHORTEST_GAP, np.rint(GAP_STEPS * rhythms)), np.nan)
    return np.where(np.isnan(said), own, said)


def rhythms_after(rhythms: Numbers, seen: Counts, *, middles: Numbers, steps: Counts) -> tuple[Numbers, Counts]:
    """Each sensor's usual step (seconds) after some more `steps`, of which the one in the middle took `middles` seconds
    (0 of none), and how many were seen: the mean of the first ones, then one that forgets. A step that is much longer
    than usual is an interruption, and counts as no more than four.
    """
    total = seen + steps
    weight = np.maximum(steps / np.maximum(total, 1), 1 - 0.99**steps)
    moved = rhythms + weight * (np.minimum(middles, 4 * rhythms) - rhythms)
    return np.where(seen == 0, middles, moved), np.minimum(total, MOST_SEEN)
