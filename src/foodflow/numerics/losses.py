"""The six big losses: where the planned busy time of a line went, in exact seconds and in money.

Nakajima's six (TPM, 1988), on the elements of ISO 22400-2. With PRI the ideal seconds of an item, PQ all and GQ the
items that are right the first time:

| loss | is | lowers |
|---|---|---|
| breakdowns | downtime of at least the line's threshold, unless its reason says another loss | availability |
| setup and adjustment | changeover | availability |
| minor stops | idle time, and downtime shorter than the threshold ("idling and minor stops") | availability |
| reduced speed | APT − Σ PRI·PQ, time in which the line ran slower than its ideal | performance |
| process defects | Σ PRI·(PQ − GQ) of items that were not lost while starting up | quality |
| startup rejects | Σ PRI·(PQ − GQ) of items that were lost while starting up | quality |

What is left is valuable time, Σ PRI·GQ, so valuable time and the six losses add up to the planned busy time, exactly,
over any window, line, shift or product, and over any sum of them; OEE is valuable time over planned busy time.
(Nakajima counts minor stops against performance; ISO 22400-2 has them outside the actual production time, and so they
lower availability here. The minutes are the same.)
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from foodflow.numerics.oee import Elements

VERSION: Final = 1
"""Stands beside each stored result."""
SECONDS_PER_HOUR: Final = 3600
_NO: Final = Fraction(0)
_BUSY: Final = frozenset({"idle", "changeover", "downtime"})
"""States of the planned busy time in which nothing is produced."""


class Loss(StrEnum):
    """One of the six big losses."""

    BREAKDOWNS = "breakdowns"
    SETUP_AND_ADJUSTMENT = "setup_and_adjustment"
    MINOR_STOPS = "minor_stops"
    REDUCED_SPEED = "reduced_speed"
    PROCESS_DEFECTS = "process_defects"
    STARTUP_REJECTS = "startup_rejects"


OF_TIME: Final = (Loss.BREAKDOWNS, Loss.SETUP_AND_ADJUSTMENT, Loss.MINOR_STOPS)
"""The losses that a stop can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTime:
    """Time of one state within a window. `is_micro`: it belongs to a stop that was altogether, also outside of the
    window, shorter than the line's threshold; `loss` is what the reason of the stop says, if it says any.
    """

    state: str
    duration: timedelta
    is_micro: bool = False
    loss: Loss | None = None


@dataclass(frozen=True, slots=True)
class Losses:
    """Exact seconds of each loss and of valuable time.

    Those of speed and quality are unknown where items were made whose ideal speed nobody knows. A reduced speed below 0
    says that the ideal speed is wrong, and is shown as what it is.
    """

    valuable: Fraction = Fraction(0)
    seconds: Mapping[Loss, Fraction] = field(default_factory=dict)
    is_speed_known: bool = True

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(
            self.valuable + other.valuable,
            {loss: self.seconds.get(loss, _NO) + other.seconds.get(loss, _NO) for loss in Loss},
            self.is_speed_known and other.is_speed_known,
        )

    def of(self, loss: Loss) -> Fraction | None:
        """The seconds of a loss; None where they cannot be known."""
        if not self.is_speed_known and loss not in OF_TIME:
            return None
        return self.seconds.get(loss, Fraction(0))


def loss_of(part: StateTime) -> Loss | None:
    """Which loss some time is; None for time that is no loss of the planned busy time (running, maintenance, …)."""
    if part.state not in _BUSY:
        return None
    if part.loss is not None:
        return part.loss
    if part.state == "changeover":
        return Loss.SETUP_AND_ADJUSTMENT
    return Loss.BREAKDOWNS if part.state == "downtime" and not part.is_micro else Loss.MINOR_STOPS


def six_big_losses(parts: Iterable[StateTime], elements: Elements, *, startup: Fraction = Fraction(0)) -> Losses:
    """The losses of one line over one window: its time by state, its elements, and `startup`, the ideal seconds of the
    items that were lost while starting up (a part of the elements' items that were not good).

    Raises ValueError where `startup` is more than all that was lost to quality, and for a negative duration.
    """
    seconds: defaultdict[Loss, Fraction] = defaultdict(Fraction)
    for part in parts:
        if part.duration < timedelta():
            message = f"no state can last {part.duration}"
            raise ValueError(message)
        loss = loss_of(part)
        if loss is not None:
            seconds[loss] += exact_seconds(part.duration)
    lost = elements.ideal_seconds_produced - elements.ideal_seconds_good
    if not 0 <= startup <= lost:
        message = f"{float(startup)} s of startup rejects are not within the {float(lost)} s lost to quality"
        raise ValueError(message)
    seconds[Loss.REDUCED_SPEED] += exact_seconds(elements.time.apt) - elements.ideal_seconds_produced
    seconds[Loss.PROCESS_DEFECTS] += lost - startup
    seconds[Loss.STARTUP_REJECTS] += startup
    return Losses(elements.ideal_seconds_good, dict(seconds), elements.unrated == 0)


def combine(parts: Iterable[Losses]) -> Losses:
    """The sum of the losses of several windows or lines."""
    return sum(parts, Losses())


def cost_of_time(seconds: Fraction, hourly_cost: Decimal) -> Fraction:
    """What seconds of a line cost at so much an hour, exactly; sums are rounded, never their parts."""
    return seconds / SECONDS_PER_HOUR * Fraction(hourly_cost)


def in_money(exact: Fraction, decimals: int) -> Decimal:
    """An exact amount as money, half to the even last coin."""
    scaled = round(exact * 10**decimals)
    return Decimal(scaled).scaleb(-decimals)


def exact_seconds(time: timedelta) -> Fraction:
    """A duration in seconds, exact to the microsecond."""
    return Fraction(time // timedelta(microseconds=1), 10**6)
