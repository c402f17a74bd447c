"""A line as its page shows it: what it does now, its shifts, its losses, and why it stood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.money import DECIMALS
from foodflow.numerics.losses import Loss, in_money
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import calendars as calendar_queries
from foodflow.plant.queries import downtimes as downtime_queries
from foodflow.plant.queries import lines as queries
from foodflow.plant.queries import reasons as reason_queries
from foodflow.plant.rules.downtimes import ReasonGiven
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.losses import GroupBy
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.reasons import StopReason
from foodflow.plant.usecases import downtimes, lifecycle, states
from foodflow.plant.usecases.alarm_views import OpenAlarms, open_alarms
from foodflow.plant.usecases.board import line_card
from foodflow.plant.usecases.cards import LineCard
from foodflow.plant.usecases.effectiveness import LineEffectiveness, measured
from foodflow.plant.usecases.losses import Answer, Group, Question, answer
from foodflow.plant.usecases.reliability import line_reliability
from foodflow.plant.usecases.selection import Choice

SHIFTS_BACK = timedelta(days=7)
MOST_SHIFTS, MOST_STOPS, MOST_PLANNED = 12, 40, 10
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line in service by its number and name."""

    id: UUID
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class ShiftShown:
    """A shift (or, without a calendar, a day) with its effectiveness; `name` is None outside of shifts."""

    name: str | None
    day: date | None
    effectiveness: LineEffectiveness


@dataclass(frozen=True, slots=True)
class LossShown:
    """One of the six big losses: its seconds (None where they cannot be known), and its cost where that is known."""

    name: str
    seconds: float | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ReasonTime:
    """How many seconds a line stood for a reason; `name` is None where nobody has said why."""

    name: str | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LossesShown:
    """Where the planned busy time went, in seconds and money; `uncosted_…` is what nobody knows the cost of."""

    effectiveness: LineEffectiveness
    busy: float
    valuable: float
    losses: tuple[LossShown, ...]
    reasons: tuple[ReasonTime, ...]
    currency: str | None
    uncosted_seconds: float
    uncosted_items: Decimal


@dataclass(frozen=True, slots=True)
class ReliabilityShown:
    """Mean seconds between failures and to restore (None: nothing failed), and stops that nobody has explained."""

    mtbf: float | None
    mttr: float | None
    failures: int
    unexplained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopShown:
    """A stop of a line; `is_missing`: somebody has to say why it was."""

    id: UUID
    state: str
    start: datetime
    end: datetime | None
    reason: str
    detail: str
    is_micro: bool
    is_missing: bool


@dataclass(frozen=True, slots=True)
class ReasonShown:
    """A reason in use, with how deep it hangs in the tree."""

    id: UUID
    name: str
    depth: int
    is_leaf: bool
    is_planned: bool


@dataclass(frozen=True, slots=True)
class BatchShown:
    """A batch of a line that is not over."""

    id: UUID
    number: str
    product: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """Everything on the page of a line; `has_calendar` says whether its site has shifts at all."""

    card: LineCard
    has_calendar: bool
    shift: ShiftShown | None
    shifts: tuple[ShiftShown, ...]
    losses: LossesShown
    reliability: ReliabilityShown
    stops: tuple[StopShown, ...]
    reasons: tuple[ReasonShown, ...]
    batches: tuple[BatchShown, ...]
    alarms: OpenAlarms


async def named_lines(session: AsyncSession, actor: Actor) -> Sequence[NamedLine]:
    """The lines in service, by number."""
    return [NamedLine(line.id, line.line_number, line.name) for line in await queries.all_lines(session, actor)]


async def numbered_line(session: AsyncSession, actor: Actor, number: str) -> UUID:
    """The line of a number, or a refusal."""
    return (await queries.line_numbered(session, actor, number)).id


async def line_view(session: AsyncSession, actor: Actor, line_id: UUID, *, window: timedelta) -> LineView:
    """A line in service: now, its last shifts, and its losses and stops over a window up to now."""
    line = await queries.line(session, actor, line_id)
    end = clock.now()
    start = end - window
    tree = {reason.id: reason for reason in await reason_queries.reasons(session)}
    found = await line_reliability(session, actor, line_id, start=start, end=end)
    stops = await downtime_queries.stops_since(session, line_id, start, most=MOST_STOPS)
    shift = await _present_shift(session, line, end)
    return LineView(
        card=await line_card(session, actor, Choice(line=line.line_number), line_id),
        has_calendar=bool(await calendar_queries.calendars_of(session, [line.plant_name])),
        shift=shift,
        shifts=await _shifts(session, actor, line, end),
        losses=_losses(await answer(session, actor, Question(start=start, end=end, lines=(line_id,))), tree),
        reliability=ReliabilityShown(
            found.all.figures.mtbf, found.all.figures.mttr, found.all.elements.failures, found.unexplained
        ),
        stops=tuple(_stop(stop, tree) for stop in stops),
        reasons=tuple(_in_use(tree)),
        batches=tuple(_batch(batch) for batch in await batch_queries.open_of_line(session, line, most=MOST_PLANNED)),
        alarms=await open_alarms(session, actor, line_id=line_id),
    )


async def note_state(session: AsyncSession, actor: Actor, line_id: UUID, *, state: str, reason: str) -> None:
    """Record what a line is doing from now on."""
    await states.record_state(session, actor, line_id, state=LineState(state), reason=reason)


async def explain_stop(session: AsyncSession, actor: Actor, stop_id: UUID, *, reason_id: UUID) -> None:
    """Say why a line stopped."""
    await downtimes.assign_reason(session, actor, [stop_id], reason_id=reason_id, detail="")


async def number_of_line(session: AsyncSession, actor: Actor, line_id: UUID) -> str:
    """The number of a line, or a refusal."""
    return (await queries.line(session, actor, line_id)).line_number


async def line_of_stop(session: AsyncSession, actor: Actor, stop_id: UUID) -> str:
    """The number of the line that a stop is of."""
    stop = await downtime_queries.downtime(session, actor, stop_id)
    return await number_of_line(session, actor, stop.line_id)


async def line_of_batch(session: AsyncSession, actor: Actor, batch_id: UUID) -> str:
    """The number of the line that a batch is planned on."""
    batch = await batch_queries.batch(session, actor, batch_id)
    return await number_of_line(session, actor, batch.line_id)


async def begin_batch(session: AsyncSession, actor: Actor, id: UUID, *, reason: str) -> None:
    """Start a batch now."""
    await lifecycle.start_batch(session, actor, id, reason=reason)


async def pause_batch(session: AsyncSession, actor: Actor, id: UUID, *, reason: str) -> None:
    """Hold a batch now; it keeps its line."""
    await lifecycle.hold_batch(session, actor, id, reason=reason)


async def continue_batch(session: AsyncSession, actor: Actor, id: UUID, *, reason: str) -> None:
    """Go on with a batch now."""
    await lifecycle.resume_batch(session, actor, id, reason=reason)


async def finish_batch(session: AsyncSession, actor: Actor, id: UUID, *, reason: str) -> None:
    """Complete a batch now."""
    await lifecycle.complete_batch(session, actor, id, reason=reason)


async def _present_shift(session: AsyncSession, line: ProductionLine, now: datetime) -> ShiftShown | None:
    """The shift that the line's site is in."""
    found = await calendar_queries.shifts_of(session, line.plant_name, now, now + _INSTANT)
    if not found or found[-1].start >= now:
        return None
    shift = found[-1]
    return ShiftShown(shift.name, shift.date, await measured(session, line.id, shift.start, now))


async def _shifts(session: AsyncSession, actor: Actor, line: ProductionLine, now: datetime) -> tuple[ShiftShown, ...]:
    """The latest shifts in which anything was planned or made, latest first; days where there are no shifts."""
    question = Question(start=now - SHIFTS_BACK, end=now, lines=(line.id,), group_by=(GroupBy.DAY, GroupBy.SHIFT))
    found = await answer(session, actor, question)
    told = [
        ShiftShown(group.key.shift, group.key.day, _effectiveness(group, found.start, found.end))
        for group in found.groups
        if group.elements.pbt or group.elements.produced
    ]
    return tuple(told[: -MOST_SHIFTS - 1 : -1])


def _losses(found: Answer, tree: Mapping[UUID, StopReason]) -> LossesShown:
    group, names = found.total, {reason.code: reason.name for reason in tree.values()}
    amounts, decimals = group.cost.amounts, DECIMALS[found.currency] if found.currency else 2
    reasons = sorted(group.reasons.items(), key=lambda one: (-one[1], one[0] or ""))
    return LossesShown(
        effectiveness=_effectiveness(group, found.start, found.end),
        busy=group.elements.pbt,
        valuable=float(group.losses.valuable),
        losses=tuple(
            LossShown(
                str(loss),
                _float(group.losses.of(loss)),
                in_money(amounts[loss], decimals) if loss in amounts and found.currency else None,
            )
            for loss in Loss
        ),
        reasons=tuple(
            ReasonTime(names.get(code, code) if code else None, float(time)) for code, time in reasons if time
        ),
        currency=found.currency,
        uncosted_seconds=float(group.cost.uncosted_seconds),
        uncosted_items=group.cost.uncosted_items,
    )


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _effectiveness(group: Group, start: datetime, end: datetime) -> LineEffectiveness:
    return LineEffectiveness(start, end, group.elements, group.ratios)


def _stop(stop: Downtime, tree: Mapping[UUID, StopReason]) -> StopShown:
    return StopShown(
        id=stop.id,
        state=stop.state,
        start=stop.start_time,
        end=stop.end_time,
        reason=tree[stop.reason_id].name if stop.reason_id is not None else "",
        detail=stop.reason_detail,
        is_micro=stop.is_micro,
        is_missing=stop.reason_given == ReasonGiven.MISSING,
    )


def _in_use(tree: Mapping[UUID, StopReason], below: UUID | None = None, depth: int = 0) -> list[ReasonShown]:
    """The reasons in use as they hang in the tree."""
    found = []
    for reason in tree.values():
        if reason.parent_id == below and reason.is_active:
            under = _in_use(tree, reason.id, depth + 1)
            found += [ReasonShown(reason.id, reason.name, depth, not under, reason.is_planned), *under]
    return found


def _batch(batch: ProductionBatch) -> BatchShown:
    return BatchShown(batch.id, batch.batch_number, batch.product_name or batch.product_code, batch.status)
