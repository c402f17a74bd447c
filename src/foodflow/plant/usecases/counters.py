"""Recording what a line makes from a machine's running counter."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.numerics.counters import Totals, made_between
from foodflow.plant.queries import counts as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.rules.counts import CountContradicted
from foodflow.plant.rules.shared import require_recordable
from foodflow.plant.tables.batches import ProductionCount
from foodflow.plant.tables.counts import LineCounter
from foodflow.plant.usecases.counts import Report, record_on

MAIN: Final = "main"
"""The counter of a line that names none."""


class NothingNew(StrEnum):
    """Why a report of a counter led to no count."""

    FIRST = "first"
    REPEATED = "repeated"
    UNCHANGED = "unchanged"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a counter shows from now on, and why nothing was recorded."""

    counter: LineCounter
    because: NothingNew


async def record_totals(
    session: AsyncSession, actor: Actor, line_id: UUID, totals: Totals, *, counter: str, report: Report
) -> ProductionCount | Shown:
    """Record what a line made since its counter was looked at last: the difference, or all that the counter shows where
    it was reset in between.

    The first look tells nothing yet. A look at the same moment with the same totals is a repetition; one from before
    the latest look tells nothing that is not counted already. `report` says all but the amounts.
    """
    line = await line_queries.line_for_update(session, actor, line_id)
    now = clock.now()
    require_recordable(report.at or now, now)
    moment = min(report.at or now, now)
    last = await queries.counter(session, line.id, counter)
    if last is None:
        first = LineCounter(line_id=line.id, counter=counter)
        _show(first, totals, moment)
        session.add(first)
        audit.record(session, actor, "line.counter_seen", line.id, counter=counter, at=moment.isoformat())
        return Shown(first, NothingNew.FIRST)
    before = Totals(good=last.total_good, scrap=last.total_scrap, rework=last.total_rework)
    if moment < last.at:
        return Shown(last, NothingNew.LATE)
    if moment == last.at:
        return await _repeated(session, actor, last, before=before, totals=totals)
    made = made_between(before, totals)
    _show(last, totals, moment)
    if made.was_reset:
        audit.record(session, actor, "line.counter_reset", line.id, counter=counter, at=moment.isoformat())
    if not made.amounts.together:
        return Shown(last, NothingNew.UNCHANGED)
    count, _ = await record_on(
        session,
        actor,
        line,
        replace(
            report,
            good=made.amounts.good,
            scrap=made.amounts.scrap,
            rework=made.amounts.rework,
            at=moment,
            source_id=f"counter:{counter}:{moment.isoformat()}",
        ),
    )
    last.count_id = count.id
    return count


async def _repeated(
    session: AsyncSession, actor: Actor, last: LineCounter, *, before: Totals, totals: Totals
) -> ProductionCount | Shown:
    if totals != before:
        shown = f"good {before.good}, scrap {before.scrap}, rework {before.rework}"
        raise CountContradicted(f"counter {last.counter} was reported to show {shown} at {last.at.isoformat()}")
    if last.count_id is None:
        return Shown(last, NothingNew.REPEATED)
    return await queries.count(session, actor, last.count_id)


def _show(counter: LineCounter, totals: Totals, at: datetime) -> None:
    counter.at, counter.count_id = at, None
    counter.total_good, counter.total_scrap, counter.total_rework = totals.good, totals.scrap, totals.rework
