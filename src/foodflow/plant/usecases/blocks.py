"""Blocks of readings: told from what is stored, cut by sensor and day, and written with one COPY."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import bulk, partitions
from foodflow.kernel.bulk import Column, postgres_times
from foodflow.numerics.blocks import Stretches, cut
from foodflow.numerics.epoch import from_micros
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.readings import Window
from foodflow.plant.usecases.noting import Rows

TABLE = "reading_blocks"
MOST = 4096
"""Readings of a block: as many as are read at once where one is wanted."""
FULL = MOST // 2
"""A block of so many readings stays as it is."""

_NAMES = (
    "sensor_key",
    "first",
    "last",
    "received",
    "step",
    "count",
    "times",
    "values",
    "statuses",
    "breaches",
    "receipts",
    "late",
)
_DAYS_AT_ONCE = 16
"""Days of sensors that are held against what is stored at once, which bounds memory."""
_PLACE = 1 << 53
"""More than there are microseconds until the year 2255: the place of a day in a list, and a time, as one number."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for readings that were offered: whether one was there already, and the values and statuses that hold
    now, all of shape (n,).
    """

    known: NDArray[np.bool_]
    values: NDArray[np.float64]
    statuses: NDArray[np.uint32]


async def standing_for(session: AsyncSession, rows: Rows, *, unseen: NDArray[np.bool_]) -> Standing:
    """Hold readings against what is stored of their sensors and days; `unseen` ones cannot be there yet."""
    standing = Standing(np.zeros(len(rows.keys), np.bool_), rows.values.copy(), rows.statuses.copy())
    asked = np.flatnonzero(~unseen)
    if len(asked):
        stretches = cut(rows.keys[asked], rows.times[asked], most=len(asked))
        for begin in range(0, len(stretches.starts), _DAYS_AT_ONCE):
            part = slice(begin, begin + _DAYS_AT_ONCE)
            await _compare(session, rows, asked, standing=standing, days=_part(stretches, part))
    return standing


def _part(stretches: Stretches, part: slice) -> Stretches:
    return Stretches(stretches.starts[part], stretches.counts[part], stretches.steps[part])


async def _compare(
    session: AsyncSession, rows: Rows, asked: NDArray[np.int64], *, standing: Standing, days: Stretches
) -> None:
    """Mark those readings of some days of sensors that are stored."""
    mine = asked[days.starts[0] : days.ends[-1] + 1]
    firsts, lasts = rows.times[asked[days.starts]].tolist(), rows.times[asked[days.ends]].tolist()
    windows: list[Window] = [
        (key, from_micros(first), from_micros(last))
        for key, first, last in zip(rows.keys[asked[days.starts]].tolist(), firsts, lasts, strict=True)
    ]
    places, stored = await queries.stored_of(session, windows)
    there = places * _PLACE + stored.times
    order = np.argsort(there, kind="stable")
    wanted = days.each(np.arange(len(windows))) * _PLACE + rows.times[mine]
    at = np.searchsorted(there[order], wanted)
    is_there = at < len(there)
    is_there[is_there] = there[order[at[is_there]]] == wanted[is_there]
    found = order[at[is_there]]
    known = mine[is_there]
    standing.known[known] = True
    standing.values[known], standing.statuses[known] = stored.values[found], stored.statuses[found]


async def write(session: AsyncSession, rows: Rows, received: NDArray[np.int64]) -> Stretches:
    """Write readings, at least one, none of which is stored yet, in order of sensor and time, with their server times
    (microseconds, of shape (n,)); tells how they were cut.
    """
    stretches = cut(rows.keys, rows.times, most=MOST)
    await partitions.ensure_months(session, TABLE, partitions.months_of(rows.times[stretches.starts]))
    await bulk.copy_in(session, TABLE, _NAMES, *_parts(rows, received, stretches))
    return stretches


def _parts(rows: Rows, received: NDArray[np.int64], cuts: Stretches) -> Iterator[Sequence[Column]]:
    """Blocks of one length that lack the same columns are laid out together, however many there are."""
    has_times = cuts.steps < 0
    has_own_receipts = cuts.any(received != cuts.each(received[cuts.starts]))
    flags: list[NDArray[np.bool_]] = [
        has_times,
        cuts.any(rows.statuses != 0),
        cuts.any(rows.breaches != 0),
        has_own_receipts,
        cuts.any(rows.late),
    ]
    kinds = cuts.counts
    for flag in flags:
        kinds = kinds * 2 + flag
    order = np.argsort(kinds, kind="stable")
    for blocks in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1):
        starts, count, one = cuts.starts[blocks], int(cuts.counts[blocks[0]]), blocks[0]
        inside = starts[:, None] + np.arange(count)

        def packed(values: NDArray[Any], flag: NDArray[np.bool_], places: NDArray[np.int64] = inside) -> Column:
            return values[places] if flag[one] else None  # noqa: B023 - used before the next turn

        yield [
            rows.keys[starts],
            postgres_times(rows.times[starts]),
            postgres_times(rows.times[starts + count - 1]),
            postgres_times(received[starts]),
            None if has_times[one] else cuts.steps[blocks],
            np.full(len(blocks), count, np.int32),
            packed(postgres_times(rows.times), flags[0]),
            rows.values[inside],
            packed(rows.statuses, flags[1]),
            packed(rows.breaches.astype(np.int8), flags[2]),
            packed(postgres_times(received), flags[3]),
            packed(rows.late.astype(np.int8), flags[4]),
        ]
