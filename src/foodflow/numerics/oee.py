"""Overall equipment effectiveness from recorded states and counts, after ISO 22400-2.

| here | ISO 22400-2 | SEMI E10 |
|---|---|---|
| `running` | APT, actual production time | productive |
| `idle` | in PBT | standby |
| `changeover` | in PBT (unit setup time) | scheduled down |
| `downtime` | in PBT (unit down time) | unscheduled down |
| `maintenance` | planned down time, outside PBT | scheduled down |
| `not_scheduled` | outside the planned operation time | non-scheduled |
| `unrecorded` | outside PBT, shown apart | none: nobody knows |

PBT, planned busy time, is running + idle + changeover + downtime. PRI, planned run time per item,
is 60 / (ideal items per minute) seconds. PQ, produced quantity, is GQ (good) + SQ (scrap) + RQ
(rework). Only what is right the first time is good: an item that has to be reworked lowers the
quality like scrap, once, and is not counted again as good when it has been made right.

Everything is summed before anything is divided: the effectiveness of two lines, or of two shifts,
is that of their summed elements and never a mean of ratios.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from foodflow.numerics.intervals import Interval, StateChange, durations, intervals, utc

VERSION: Final = 2
"""To be stored with each stored result; goes up when the same elements give another result. 2: PQ counts rework."""

ZERO: Final = timedelta()
SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Good, scrapped and to be reworked items made at one ideal rate (items per minute; None if unknown)."""

    good: Decimal | int
    scrap: Decimal | int = 0
    rework: Decimal | int = 0
    ideal_rate: Decimal | int | None

    def __post_init__(self) -> None:
        for name, value in (("good", self.good), ("scrap", self.scrap), ("rework", self.rework)):
            if not (Decimal(value).is_finite() and value >= 0):
                raise ValueError(f"{name} has to be a number of at least 0, not {value}")
        rate = self.ideal_rate
        if rate is not None and not (Decimal(rate).is_finite() and rate > 0):
            raise ValueError(f"ideal_rate has to be above 0 items per minute or unknown, not {rate}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Amount):
    """An amount reported at an instant: what was made up to `at` since the report before it."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTime:
    """Time of a line in each state; the field names are the names of the states."""

    running: timedelta = ZERO
    idle: timedelta = ZERO
    changeover: timedelta = ZERO
    downtime: timedelta = ZERO
    maintenance: timedelta = ZERO
    not_scheduled: timedelta = ZERO
    unrecorded: timedelta = ZERO

    @property
    def apt(self) -> timedelta:
        """APT, actual production time."""
        return self.running

    @property
    def pbt(self) -> timedelta:
        """PBT, planned busy time."""
        return self.running + self.idle + self.changeover + self.downtime

    def __add__(self, other: "LineTime") -> "LineTime":
        return LineTime(**{name: getattr(self, name) + getattr(other, name) for name in STATES})


STATES: Final = tuple(field.name for field in fields(LineTime))


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """What effectiveness is made of, in exact numbers, so that any sum of elements is exact.

    `ideal_seconds_produced` is Σ PRI·PQ and `ideal_seconds_good` Σ PRI·GQ over the items whose
    ideal rate is known; `unrated` is how many of the produced items have none.
    """

    time: LineTime = LineTime()
    ideal_seconds_produced: Fraction = Fraction(0)
    ideal_seconds_good: Fraction = Fraction(0)
    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    rework: Decimal = Decimal(0)
    unrated: Decimal = Decimal(0)

    @property
    def produced(self) -> Decimal:
        """PQ, produced quantity: good, scrap and rework."""
        return self.good + self.scrap + self.rework

    @property
    def apt(self) -> float:
        """APT, actual production time, in seconds."""
        return self.time.apt.total_seconds()

    @property
    def pbt(self) -> float:
        """PBT, planned busy time, in seconds."""
        return self.time.pbt.total_seconds()

    @property
    def planned_downtime(self) -> float:
        """Planned maintenance, outside the planned busy time, in seconds."""
        return self.time.maintenance.total_seconds()

    @property
    def unrecorded(self) -> float:
        """Seconds of the window about which nothing is recorded."""
        return self.time.unrecorded.total_seconds()

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds in every state, those of no time included."""
        return {name: getattr(self.time, name).total_seconds() for name in STATES}

    def __add__(self, other: "Elements") -> "Elements":
        names = (field.name for field in fields(self))
        return Elements(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effectiveness:
    """Ratios from 0 to 1 (performance may exceed 1); None where there is nothing to divide by.

    `ideal_rate_exceeded`: performance is above 1. Nakajima's rule: a line cannot be faster than
    its ideal, so the ideal rate is wrong; it is shown and not capped.
    `ideal_rate_unknown`: items were made for which no ideal rate is known; then performance and
    OEE are None, and quality is GQ/PQ by count instead of weighted by ideal time.
    `counted_without_running`: items were made, but the line is not recorded as running at all;
    states and counts contradict each other, so performance and OEE are None.
    """

    availability: float | None
    performance: float | None
    quality: float | None
    oee: float | None
    ideal_rate_exceeded: bool
    ideal_rate_unknown: bool
    counted_without_running: bool


def line_time(changes: Iterable[StateChange], *, start: datetime, end: datetime) -> LineTime:
    """Add up the time of each state within [start, end); see `intervals` for the rules.

    Raises ValueError for a state that is not a field of `LineTime`, so that no second is lost.
    """
    return time_of(intervals(changes, start=start, end=end))


def time_of(parts: Iterable[Interval]) -> LineTime:
    """Add up the time of each state that intervals of one line are in; raises ValueError as `line_time` does."""
    total = durations(parts)
    unknown = sorted(total.keys() - set(STATES))
    if unknown:
        raise ValueError(f"not a line state: {', '.join(unknown)}")
    return LineTime(**total)


def elements_of(time: LineTime, amounts: Iterable[Amount]) -> Elements:
    """Join the time of a window with everything made in it.

    Amounts may be single counts or sums per ideal rate that a database made: the result is the
    same, exactly.
    """
    good: defaultdict[Decimal | int | None, Decimal] = defaultdict(Decimal)
    scrap: defaultdict[Decimal | int | None, Decimal] = defaultdict(Decimal)
    rework: defaultdict[Decimal | int | None, Decimal] = defaultdict(Decimal)
    for amount in amounts:
        good[amount.ideal_rate] += amount.good
        scrap[amount.ideal_rate] += amount.scrap
        rework[amount.ideal_rate] += amount.rework
    ideal_good = _ideal_seconds(good)
    return Elements(
        time=time,
        ideal_seconds_produced=ideal_good + _ideal_seconds(scrap) + _ideal_seconds(rework),
        ideal_seconds_good=ideal_good,
        good=sum(good.values(), Decimal()),
        scrap=sum(scrap.values(), Decimal()),
        rework=sum(rework.values(), Decimal()),
        unrated=sum((made.get(None, Decimal()) for made in (good, scrap, rework)), Decimal()),
    )


def elements(changes: Iterable[StateChange], counts: Iterable[Count], *, start: datetime, end: datetime) -> Elements:
    """Gather the elements of one line over a window.

    Time is taken from [start, end). A count tells what was made up to its instant, so it belongs
    to the window if start < at <= end: the report at the end of a shift is of that shift. Both
    leave nothing out and nothing twice when a window is split. Changes and counts may reach
    beyond the window; the change that holds at `start` has to be among them.
    """
    first, last = utc(start), utc(end)
    within = (count for count in counts if first < utc(count.at) <= last)
    return elements_of(line_time(changes, start=first, end=last), within)


def combine(parts: Iterable[Elements]) -> Elements:
    """Sum the elements of several windows or lines; none give elements of nothing."""
    return sum(parts, Elements())


def oee(total: Elements) -> Effectiveness:
    """Divide the elements into availability, performance, quality and their product.

    Availability APT/PBT; performance (effectiveness) Σ PRI·PQ / APT; quality Σ PRI·GQ / Σ PRI·PQ,
    which is GQ/PQ for one ideal rate; OEE Σ PRI·GQ / PBT. A line that is down all the time has an
    availability and an OEE of 0; a line that was not planned to be busy has neither.
    """
    apt, pbt = _seconds(total.time.apt), _seconds(total.time.pbt)
    unknown = total.unrated > 0
    contradiction = total.produced > 0 and not apt
    telling = not unknown and not contradiction
    performance = _ratio(total.ideal_seconds_produced, apt) if telling else None
    return Effectiveness(
        availability=_shown(_ratio(apt, pbt)),
        performance=_shown(performance),
        quality=_shown(_quality(total)),
        oee=_shown(_ratio(total.ideal_seconds_good, pbt) if telling else None),
        ideal_rate_exceeded=performance is not None and performance > 1,
        ideal_rate_unknown=unknown,
        counted_without_running=contradiction,
    )


def _quality(total: Elements) -> Fraction | None:
    if total.unrated > 0:
        return _ratio(Fraction(total.good), Fraction(total.produced))
    return _ratio(total.ideal_seconds_good, total.ideal_seconds_produced)


def _ideal_seconds(quantities: dict[Decimal | int | None, Decimal]) -> Fraction:
    """Σ PRI·quantity over the known rates; exact, as 60 / rate has no end in decimals."""
    parts = (
        Fraction(quantity) * SECONDS_PER_MINUTE / Fraction(rate)
        for rate, quantity in quantities.items()
        if rate is not None
    )
    return sum(parts, Fraction())


def _seconds(time: timedelta) -> Fraction:
    return Fraction(time // timedelta(microseconds=1), 10**6)


def _ratio(part: Fraction, whole: Fraction) -> Fraction | None:
    return part / whole if whole else None


def _shown(ratio: Fraction | None) -> float | None:
    return None if ratio is None else float(ratio)
