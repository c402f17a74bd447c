"""Overviews: the roll-ups of many sensors over long spans, in few statements however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.rollup import HOUR, MINUTE, Rollups, concatenate
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import rollups as queries
from foodflow.plant.queries.readings import Window
from foodflow.plant.queries.rollups import Unrolled
from foodflow.plant.usecases.rolled import Span, runs
from foodflow.plant.usecases.rollups import rolled

LONG: Final = timedelta(days=2)
"""Shorter spans are drawn from readings."""
MANY: Final = 20_000
"""Sensors with no more readings are drawn from them, too."""
MOST_MARKED: Final = 48
"""Sensors with more hours that are not rolled up are drawn from readings as well, the newest of them."""
MINUTES_UP_TO: Final = 440
"""Hours of a span that is drawn by minutes; longer ones are drawn by hours."""
_MOST: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Overview:
    """A sensor's buckets of `width`, of whole hours."""

    rollups: Rollups
    width: int


async def overviews_of(session: AsyncSession, windows: Sequence[Window]) -> dict[int, Overview]:
    """By their keys, those sensors that are better drawn from roll-ups than from readings, over whole hours."""
    spans = {key: _whole(to_micros(start), to_micros(end)) for key, start, end in windows if end - start > LONG}
    if not spans:
        return {}
    wanted = [(key, *span) for key, span in spans.items()]
    apart = await queries.unrolled(session, wanted)
    hours = {key: _kept(each, apart[key]) for key, each in (await queries.rolled_hours(session, wanted)).items()}
    many = [key for key, each in hours.items() if each.counts.sum() > MANY and len(apart[key].hours) <= MOST_MARKED]
    fine = [(key, *spans[key]) for key in many if len(hours[key]) <= MINUTES_UP_TO]
    minutes = await queries.rolled_minutes(session, fine) if fine else {}
    finer = {key for key, each in minutes.items() if _covers(each, hours[key])}
    widths = {key: MINUTE if key in finer else HOUR for key in many}
    parts = {key: [_kept(minutes[key], apart[key]) if key in finer else hours[key]] for key in many}
    await _add_marked(session, {key: runs(apart[key].hours) for key in many}, parts=parts, widths=widths)
    return {key: Overview(concatenate(each), widths[key]) for key, each in parts.items()}


async def _add_marked(
    session: AsyncSession,
    marked: Mapping[int, Sequence[Span]],
    *,
    parts: Mapping[int, list[Rollups]],
    widths: Mapping[int, int],
) -> None:
    """What is not rolled up, from readings: one run of hours of each sensor at a time, and mostly there is but one."""
    for turn in range(max((len(each) for each in marked.values()), default=0)):
        these = {key: each[turn] for key, each in marked.items() if turn < len(each)}
        windows = [(key, from_micros(first), from_micros(last - 1)) for key, (first, last) in these.items()]
        found = await reading_queries.series_of(session, windows, most=_MOST)
        for key, series in found.items():
            parts[key].append(rolled(series, widths[key]))


def _whole(start: int, end: int) -> Span:
    return start // HOUR * HOUR, (end // HOUR + 1) * HOUR


def _kept(found: Rollups, apart: Unrolled) -> Rollups:
    return found.only(~np.isin(found.starts // HOUR * HOUR, apart.hours))


def _covers(minutes: Rollups, hours: Rollups) -> bool:
    """Whether the minutes of all hours are there still."""
    return bool(np.isin(hours.starts, minutes.starts // HOUR * HOUR).all())
