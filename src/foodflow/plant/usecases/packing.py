"""Packing: a sensor's many small blocks of a day become few full ones, so that a sensor that reports each second stays
cheap to read and small on disk.

Which sensors need it is counted in their own rows as readings are stored. Each day of a sensor is packed in one
transaction, under the sensor's lock: whoever reads sees the blocks from before or those from after.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import zip_longest

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import bulk, clock, partitions
from foodflow.plant.queries import packing as queries
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries.packing import Extent
from foodflow.plant.usecases import blocks
from foodflow.plant.usecases.blocks import FULL, TABLE
from foodflow.plant.usecases.noting import Rows

PACK = "plant.pack_readings"
MAKE_MONTHS = "plant.make_months"
LOOSE = 256
"""So many small blocks of a sensor are packed; fewer wait for more, or for the night."""
MONTHS_AHEAD = 3

_AT_ONCE = 1 << 18
"""Readings that one transaction packs, which bounds memory and how long the sensor's lock is held."""


async def make_months_ahead(session: AsyncSession) -> None:
    """Make the partitions of this month and the next ones, so that no call waits for one."""
    await partitions.ensure_months(session, TABLE, partitions.months_from(clock.now(), MONTHS_AHEAD))


async def pack_some(session: AsyncSession, key: int) -> bool:
    """Pack some blocks of a sensor's earliest day that needs it; false when none does (any more)."""
    since = await queries.loose_since_for_update(session, key)
    if since is None:
        return False
    day = await queries.first_day_to_pack(session, key, since, full=FULL)
    while day is not None:
        runs = runs_of(await queries.extents(session, key, day), at_once=_AT_ONCE)
        if runs:
            await _pack(session, key, runs[0])
            await _remember(session, key, loose_since=day)
            return True
        day = await queries.first_day_to_pack(session, key, day + timedelta(days=1), full=FULL)
    await _remember(session, key, loose_blocks=0, loose_since=None)
    return False


def runs_of(extents: Sequence[Extent], *, at_once: int) -> list[list[Extent]]:
    """Which blocks of a day, given in the order of their beginnings, to merge with each other: runs of at least two
    between full blocks that overlap no other, each of about `at_once` readings at most.
    """
    runs: list[list[Extent]] = [[]]
    reach = None
    for extent, following in zip_longest(extents, extents[1:]):
        overlaps = (reach is not None and extent.first < reach) or (
            following is not None and following.first < extent.last
        )
        reach = extent.last if reach is None else max(reach, extent.last)
        if extent.count >= FULL and not overlaps:
            runs.append([])
        elif sum(each.count for each in runs[-1]) >= at_once:
            runs.append([extent])
        else:
            runs[-1].append(extent)
    return [run for run in runs if len(run) > 1]


async def _pack(session: AsyncSession, key: int, run: Sequence[Extent]) -> None:
    """Write the readings of some blocks anew, in order of time, instead of those."""
    kept = await reading_queries.kept_between(session, key, run[0].first, run[-1].first)
    kept = kept.only(np.argsort(kept.series.times, kind="stable"))
    whole, count = kept.series, len(kept.received)
    rows = Rows(
        np.full(count, key, np.int32),
        whole.times,
        whole.values,
        whole.breaches,
        whole.statuses,
        kept.late,
        np.arange(count),
    )
    await bulk.delete_rows(session, TABLE, ("sensor_key", key), between=("first", run[0].first, run[-1].first))
    await blocks.write(session, rows, kept.received)


async def _remember(session: AsyncSession, key: int, **state: object) -> None:
    kinds = {"loose_blocks": "integer", "loose_since": "timestamptz"}
    await bulk.update_rows(
        session, "sensors", ("key", "integer", [key]), {name: (kinds[name], [value]) for name, value in state.items()}
    )
