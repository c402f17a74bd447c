"""When alarms of a line are a flood: grouped as one, named after the first of them."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

SPAN: Final = timedelta(minutes=10)
FLOOD: Final = 10
"""More alarms than this within the span are a flood (ISA-18.2, EEMUA 191: ten in ten minutes for one operator)."""
OVER: Final = 5
"""A flood is over once fewer than this were raised within the span (ISA-18.2)."""


class Raised(NamedTuple):
    """An alarm of a line by when it was raised, and whether it belongs to a flood already."""

    at: datetime
    alarm_id: UUID
    sensor_code: str
    rule: str
    is_flooded: bool = False


@dataclass(slots=True, kw_only=True)
class Flood:
    """Alarms of one line that came too fast to be told one by one: named after the first of them, `members` are those
    that were found to belong to it just now, `latest` when the last few alarms of the line were raised before, and
    `ended_at` is None while it lasts.
    """

    began_at: datetime
    origin: Raised | None = None
    members: list[Raised] = field(default_factory=list)
    latest: Sequence[datetime] = ()
    ended_at: datetime | None = None


def grouped(before: Iterable[Raised], fresh: Iterable[Raised], standing: Flood | None) -> list[Flood]:
    """The floods that fresh alarms of a line begin, join or find over, in their order.

    `before` are the others, which are known already, from a span before the first fresh one on; `standing` is the flood
    that lasts, if any. Fresh ones from before it are not grouped.
    """
    floods = [] if standing is None else [standing]
    earliest, current = (standing.began_at if standing else None), standing
    everything = sorted((each.at, each.alarm_id.int, each, some is fresh) for some in (before, fresh) for each in some)
    times = [at for at in (standing.latest if standing else ()) if at < everything[0][0]]
    recent: deque[Raised] = deque()
    for _, _, each, is_fresh in everything:
        counts = is_fresh and (earliest is None or each.at >= earliest)
        if current is not None and counts:
            current.ended_at = over_at(times, each.at)
            current = current if current.ended_at is None else None
        times.append(each.at)
        recent.append(each)
        while recent[0].at <= each.at - SPAN:
            recent.popleft()
        if not counts:
            continue
        if current is not None:
            current.members.append(each)
        elif len(recent) > FLOOD:
            current = Flood(
                began_at=recent[0].at, origin=recent[0], members=[one for one in recent if not one.is_flooded]
            )
            floods.append(current)
    return floods


def over_at(times: Sequence[datetime], at: datetime) -> datetime | None:
    """When fewer than `OVER` alarms were left within the span, if that was so before a moment.

    `times` are the last of a line in their order, at least so many as it takes.
    """
    if len(times) < OVER:
        return at
    end = times[-OVER] + SPAN
    return end if end <= at else None
