"""Deeds on counts: recording what a line makes, and taking back what was recorded wrongly."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, jobs, live
from foodflow.kernel.actor import Actor
from foodflow.plant.events.shared import READ
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import counts as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import scrap as scrap_queries
from foodflow.plant.rules.batches import (
    FINAL,
    BatchNotInProgress,
    BatchStatus,
    require_after_start,
    require_countable,
    require_on_line,
    said,
)
from foodflow.plant.rules.counts import (
    CountContradicted,
    may_correct,
    require_may_correct,
    require_not_reversed,
    require_unit,
)
from foodflow.plant.rules.shared import require_recordable
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.usecases import costs
from foodflow.plant.usecases.remeasuring import MEASURE_BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrapped:
    """What is known of scrapped items beside how many they are and why."""

    scrap_type: str
    severity: str | None = None
    root_cause: str = ""
    corrective_action: str = ""
    estimated_cost: Decimal | None = None
    detected_by: str = ""
    operator_name: str = ""
    image_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a line made up to `at` (now) since the last report: good items, scrap, and items to be reworked.

    ISO 22400-2 calls them GQ, SQ and RQ; together they are PQ, what was produced. Each item is reported once, as what
    it was when it left the line: one that is to be reworked is neither good nor scrap, and is not reported again when
    it has been made right.
    """

    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    rework: Decimal = Decimal(0)
    unit: str = ""
    at: datetime | None = None
    batch_id: UUID | None = None
    scrap_reason: str = ""
    source_id: str | None = None
    details: Scrapped | None = None

    @property
    def amounts(self) -> tuple[Decimal, Decimal, Decimal]:
        """Good, scrap and rework."""
        return self.good, self.scrap, self.rework


async def record_count(  # noqa: PLR0913 - what was made, when, of which batch, and why some was scrapped
    session: AsyncSession,
    actor: Actor,
    line_id: UUID,
    *,
    good: Decimal = Decimal(0),
    scrap: Decimal = Decimal(0),
    rework: Decimal = Decimal(0),
    at: datetime | None = None,
    batch_id: UUID | None = None,
    scrap_reason: str = "",
) -> ProductionCount:
    """Record what a line made; it belongs to the batch that had the line then, if one had."""
    report = Report(good=good, scrap=scrap, rework=rework, at=at, batch_id=batch_id, scrap_reason=scrap_reason)
    return await record_report(session, actor, line_id, report)


async def record_report(session: AsyncSession, actor: Actor, line_id: UUID, report: Report) -> ProductionCount:
    """Record what a line made; it belongs to the batch that had the line then, if one had.

    The same report again (of the same `source_id`, or else of the same person, line, moment and amounts) is one. What
    a batch that is over has made is final, unless it is named by somebody who may correct it; then it is measured anew.
    """
    line = await line_queries.line_for_update(session, actor, line_id)
    count, _ = await record_on(session, actor, line, report)
    return count


async def record_on(
    session: AsyncSession, actor: Actor, line: ProductionLine, report: Report
) -> tuple[ProductionCount, bool]:
    """Record what a line, which the caller has locked, has made; False: it was reported before."""
    now = clock.now()
    require_recordable(report.at or now, now)
    known = await _known(session, actor, line, report)
    if known is not None:
        return known, False
    batch = await _batch_of(session, actor, line, report, now=now)
    moment = _moment(report, batch, now)
    count = ProductionCount(id=clock.new_id(), line_id=line.id, at=moment, recorded_by=actor.id)
    count.good, count.scrap, count.rework = report.amounts
    count.unit, count.source_id, count.scrap_reason = report.unit, report.source_id, report.scrap_reason
    count.ideal_speed = line.design_speed
    await _describe_scrap(session, count, report)
    if batch is not None:
        count.batch_id, count.unit = batch.id, batch.unit
        count.ideal_speed = batch.target_speed or line.design_speed
    session.add(count)
    await _take_account(session, batch, count)
    made = {"good": count.good, "scrap": count.scrap, "at": moment.isoformat(), "batch": count.batch_id}
    more = {"rework": count.rework} if count.rework else {}
    audit.record(session, actor, "line.counted", line.id, **made, **more)
    _publish(session, line)
    return count, True


async def reverse_count(session: AsyncSession, actor: Actor, id: UUID, *, reason: str) -> ProductionCount:
    """Take back a count: what it said is said again with the opposite sign, of the same moment, so that nothing is
    edited and every sum is right, whatever window it is over.
    """
    count = await queries.count(session, actor, id)
    line = await line_queries.line_for_update(session, actor, count.line_id)
    reversal = await queries.reversal_of(session, id)
    require_not_reversed(is_reversed=reversal is not None, is_reversal=count.reverses_id is not None)
    batch = None
    if count.batch_id is not None:
        batch = await batch_queries.batch_for_update(session, actor, count.batch_id)
        if batch.status in FINAL:
            require_may_correct(actor, number=batch.batch_number)
    opposite = ProductionCount(id=clock.new_id(), line_id=line.id, batch_id=count.batch_id, at=count.at)
    opposite.good, opposite.scrap, opposite.rework = -count.good, -count.scrap, -count.rework
    opposite.unit, opposite.scrap_reason, opposite.ideal_speed = count.unit, count.scrap_reason, count.ideal_speed
    opposite.scrap_type, opposite.scrap_unit_cost = count.scrap_type, count.scrap_unit_cost
    opposite.currency = count.currency
    opposite.estimated_cost = None if count.estimated_cost is None else -count.estimated_cost
    opposite.reverses_id, opposite.note, opposite.recorded_by = count.id, reason, actor.id
    session.add(opposite)
    await session.flush()
    await _take_account(session, batch, opposite)
    taken = {"count": count.id, "good": count.good, "scrap": count.scrap, "rework": count.rework}
    audit.record(session, actor, "count.reversed", line.id, **taken, reason=reason)
    _publish(session, line)
    return opposite


async def _known(session: AsyncSession, actor: Actor, line: ProductionLine, report: Report) -> ProductionCount | None:
    """The count that this report has led to before."""
    if report.source_id is not None:
        count = await queries.from_source(session, line.id, report.source_id)
        if count is None or _same(count, report):
            return count
        raise CountContradicted(
            f"{report.source_id!r} was reported before with good {count.good}, scrap {count.scrap}, rework"
            f" {count.rework} at {count.at.isoformat()}"
        )
    if report.at is None:
        return None
    reported = await queries.reported_at(session, line.id, report.at, actor.id)
    return next((count for count in reported if _same(count, report)), None)


def _same(count: ProductionCount, report: Report) -> bool:
    """Whether a count says what a report says; what the report leaves open may be anything."""
    of_batch = report.batch_id is None or count.batch_id == report.batch_id
    then = report.at is None or count.at == report.at
    why = count.scrap_reason == report.scrap_reason
    kind = count.scrap_type == (report.details.scrap_type if report.details else "")
    return (count.good, count.scrap, count.rework) == report.amounts and of_batch and then and why and kind


def _moment(report: Report, batch: ProductionBatch | None, now: datetime) -> datetime:
    """When it was made: by a clock that is a little fast, now, as nothing is made in the future; of a batch that is
    over or held, by its end.
    """
    if report.at is None and batch is not None and batch.status != BatchStatus.IN_PROGRESS:
        return batch.held_since or batch.actual_end_time or now
    return min(report.at or now, now)


async def _batch_of(
    session: AsyncSession, actor: Actor, line: ProductionLine, report: Report, *, now: datetime
) -> ProductionBatch | None:
    if report.batch_id is not None:
        return await _named_batch(session, actor, line, report, id=report.batch_id, now=now)
    moment = min(report.at or now, now)
    id = await batch_queries.batch_on_line_at(session, line.id, moment)
    if id is None:
        return None
    batch = await batch_queries.batch_for_update(session, actor, id)
    if batch.status in FINAL:
        raise BatchNotInProgress(
            f"at {moment.isoformat()} line {line.line_number} made batch {batch.batch_number}, which is"
            f" {said(batch.status)}"
        )
    if batch.held_since is not None and moment > batch.held_since:
        return None
    require_unit(report.unit, batch.unit, number=batch.batch_number)
    return batch


async def _named_batch(
    session: AsyncSession, actor: Actor, line: ProductionLine, report: Report, *, id: UUID, now: datetime
) -> ProductionBatch:
    """The batch that a report names: it has to have had this line then, and to be made then."""
    batch = await batch_queries.batch_for_update(session, actor, id)
    number = batch.batch_number
    if batch.line_id != line.id:
        raise BatchNotInProgress(f"batch {number} is not made on line {line.line_number}")
    require_countable(batch.status, number=number, may_correct=may_correct(actor))
    require_unit(report.unit, batch.unit, number=number)
    moment = _moment(report, batch, now)
    require_after_start(moment, batch.actual_start_time, number=number)
    if batch.held_since is not None and moment > batch.held_since:
        raise BatchNotInProgress(f"batch {number} is on hold since {batch.held_since.isoformat()}, not in progress")
    holder = await batch_queries.batch_on_line_at(session, line.id, moment)
    require_on_line(moment, has_line=holder == batch.id, number=number)
    return batch


async def _describe_scrap(session: AsyncSession, count: ProductionCount, report: Report) -> None:
    if report.scrap and report.scrap_reason:
        reason = await scrap_queries.reason_coded(session, report.scrap_reason)
        if reason is not None:
            count.scrap_unit_cost, count.currency = reason.unit_cost, reason.currency
    details = report.details
    if details is not None:
        count.scrap_type, count.severity, count.root_cause = details.scrap_type, details.severity, details.root_cause
        count.corrective_action, count.estimated_cost = details.corrective_action, details.estimated_cost
        count.detected_by, count.operator_name = details.detected_by, details.operator_name
        count.image_url = details.image_url
        if details.estimated_cost is not None:
            count.currency = await costs.currency(session)


async def _take_account(session: AsyncSession, batch: ProductionBatch | None, count: ProductionCount) -> None:
    """Add a count to what its batch made; a batch that is completed is measured anew."""
    if batch is None:
        return
    batch.good_quantity += count.good
    batch.scrap_quantity += count.scrap
    batch.rework_quantity += count.rework
    if count.scrap:
        await costs.add_up_scrap(session, batch)
    if batch.status == BatchStatus.COMPLETED:
        await jobs.enqueue(session, MEASURE_BATCH, event={"batch_id": str(batch.id)})


def _publish(session: AsyncSession, line: ProductionLine) -> None:
    topic, site = f"plant.line/{line.id}", line.plant_name
    live.publish(session, topic=topic, type="plant.line.counted", needs=READ, data={}, site=site)
