"""How often lines fail and how long they take to be restored, after ISO 22400-2 and IEC 60050-192.

| figure | formula | unit |
|---|---|---|
| MTBF, mean operating time between failures | operating time / failures | seconds |
| MTTF, mean operating time to failure | operating time that ended in a failure / failures | seconds |
| MTTR, mean time to restore | time from failure to restoration / failures | seconds |
| failure rate | failures / operating time | 1 / hour |
| availability (inherent) | MTBF / (MTBF + MTTR) | 0 to 1 |

Operating time is the time in which a line is running. A failure belongs to the window that it begins in, the time to
restore to the window in which it passes, so that windows and lines may be summed before anything is divided. (ISO
22400-2 divides by the pieces of time that failures cut a window into, one more than there are failures; such means
cannot be summed, and say something even where nothing failed.) Where nothing failed there is no mean: None.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from foodflow.numerics.intervals import Interval

ZERO: Final = timedelta()
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """What reliability is made of; `to_failure` is the part of `operating` that ended in a failure."""

    operating: timedelta = ZERO
    to_failure: timedelta = ZERO
    restoring: timedelta = ZERO
    failures: int = 0

    def __add__(self, other: "Elements") -> "Elements":
        return Elements(
            operating=self.operating + other.operating,
            to_failure=self.to_failure + other.to_failure,
            restoring=self.restoring + other.restoring,
            failures=self.failures + other.failures,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Means in seconds, and the failure rate in 1/h; None where nothing failed, or there was nothing to fail."""

    mtbf: float | None
    mttf: float | None
    mttr: float | None
    failure_rate: float | None
    availability: float | None


def elements_of(parts: Sequence[Interval], *, is_failure: Callable[[Interval], bool]) -> Elements:
    """The elements of one line over the window that its ordered intervals cover.

    Intervals of one stop (`stop_id`), between which time may be planned otherwise, are one failure. A failure that goes
    on from before the window (its first interval begins the window) was counted where it began, unless the window is
    the first that is known of it.
    """
    operating = to_failure = restoring = ZERO
    failed: set[object] = set()
    for part in parts:
        if part.state == "running":
            operating += part.duration
        elif is_failure(part):
            restoring += part.duration
            stop = part.stop_id or part.start
            if stop not in failed:
                failed.add(stop)
                to_failure = operating
    return Elements(operating=operating, to_failure=to_failure, restoring=restoring, failures=len(failed))


def combine(elements: Iterable[Elements]) -> Elements:
    """The elements of several lines or windows together."""
    return sum(elements, Elements())


def reliability(elements: Elements) -> Reliability:
    """The figures that elements come to."""
    failures, hours = elements.failures, elements.operating / _HOUR
    if not failures:
        return Reliability(mtbf=None, mttf=None, mttr=None, failure_rate=0.0 if hours else None, availability=None)
    whole = elements.operating + elements.restoring
    return Reliability(
        mtbf=elements.operating.total_seconds() / failures,
        mttf=elements.to_failure.total_seconds() / failures,
        mttr=elements.restoring.total_seconds() / failures,
        failure_rate=failures / hours if hours else None,
        availability=elements.operating / whole if whole else None,
    )
