"""Effectiveness and the six big losses over any window, told apart by line, site, product, shift and day.

Everything is summed as elements and divided last. Time belongs to the slice and the batch that it lies in, a count to
the slice that it ends in and to its own batch; so the groups of a question always add up to its total.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics import losses as numerics
from foodflow.numerics import oee
from foodflow.numerics.calendars import Calendar, occurrences
from foodflow.numerics.intervals import Interval
from foodflow.numerics.losses import Loss, Losses, StateTime, cost_of_time, exact_seconds, loss_of
from foodflow.numerics.slices import Made, Slice, by_day, by_product, by_shift, within
from foodflow.plant.queries import calendars as calendar_queries
from foodflow.plant.queries import costs as cost_queries
from foodflow.plant.queries import losses as queries
from foodflow.plant.queries.losses import MadeIn, StopFacts
from foodflow.plant.rules.losses import GroupBy, require_once, require_slices
from foodflow.plant.rules.shared import window
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.usecases.states import line_intervals

_UTC = ZoneInfo("UTC")
_NOTHING = Fraction(0)
_NO_FACTS = StopFacts(False, None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A window (None: the last 24 hours), what of it counts (empty: everything), and what to tell apart."""

    start: datetime | None = None
    end: datetime | None = None
    lines: tuple[UUID, ...] = ()
    sites: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()
    group_by: tuple[GroupBy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a group is of; None where the question does not tell apart, or where time is of none."""

    line: UUID | None = None
    line_number: str | None = None
    site: str | None = None
    product: str | None = None
    shift: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What losses cost in money, exactly; and seconds and scrapped items of which nobody knows what they cost."""

    amounts: Mapping[Loss, Fraction] = field(default_factory=dict)
    uncosted_seconds: Fraction = _NOTHING
    uncosted_items: Decimal = Decimal(0)

    def __add__(self, other: "Cost") -> "Cost":
        both = self.amounts.keys() | other.amounts.keys()
        added = {each: self.amounts.get(each, _NOTHING) + other.amounts.get(each, _NOTHING) for each in both}
        return Cost(added, self.uncosted_seconds + other.uncosted_seconds, self.uncosted_items + other.uncosted_items)


@dataclass(frozen=True, slots=True)
class Group:
    """One row of an answer."""

    key: Key
    elements: oee.Elements
    losses: Losses
    cost: Cost
    reasons: Mapping[str | None, Fraction] = field(default_factory=dict)

    @property
    def ratios(self) -> oee.Effectiveness:
        """Availability, performance, quality and OEE of the summed elements."""
        return oee.oee(self.elements)

    def __add__(self, other: "Group") -> "Group":
        both = self.reasons.keys() | other.reasons.keys()
        reasons = {each: self.reasons.get(each, Fraction(0)) + other.reasons.get(each, Fraction(0)) for each in both}
        return Group(
            self.key, self.elements + other.elements, self.losses + other.losses, self.cost + other.cost, reasons
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The groups of a question, and their total; `currency` is None where the company has named none."""

    start: datetime
    end: datetime
    groups: Sequence[Group]
    total: Group
    currency: str | None


@dataclass(slots=True)
class _Pot:
    """What comes together of one line for one key."""

    line: ProductionLine
    parts: list[Interval] = field(default_factory=list)
    made: list[MadeIn] = field(default_factory=list)


async def answer(session: AsyncSession, actor: Actor, question: Question) -> Answer:
    """Effectiveness and losses of the actor's lines; as many statements for a hundred lines as for one."""
    require_once(question.group_by)
    start, end = window(question.start, question.end, clock.now())
    lines = await queries.lines(session, actor, ids=question.lines, sites=question.sites)
    calendars = await calendar_queries.calendars_of(session, {line.plant_name for line in lines} - {""})
    slices = {line.id: _slices(question, calendars.get(line.plant_name), start, end) for line in lines}
    require_slices(sum(map(len, slices.values())))
    parts = await line_intervals(session, lines, start, end)
    given = (
        await queries.given_to(session, [line.id for line in lines], start, end) if _needs_products(question) else {}
    )
    flat = [(line.id, each) for line in lines for each in slices[line.id]]
    made = await queries.made_in(session, [(id, each.start, each.end) for id, each in flat])
    facts = await queries.stop_facts(session, _stops_in(parts.values()))
    settings = await cost_queries.settings(session)
    # Off the event loop, because a year of shifts of many lines is hundreds of thousands of intervals.
    groups = await asyncio.to_thread(_grouped, question, lines, slices, _Recorded(parts, given, flat, made, facts))
    return Answer(start, end, groups, _sum(groups), settings.currency if settings else None)


@dataclass(frozen=True, slots=True)
class _Recorded:
    parts: Mapping[UUID, Sequence[Interval]]
    given: Mapping[UUID, Sequence[Made]]
    flat: Sequence[tuple[UUID, Slice]]
    made: Sequence[MadeIn]
    facts: Mapping[UUID, StopFacts]


def _slices(question: Question, calendar: Calendar | None, start: datetime, end: datetime) -> list[Slice]:
    """The window cut as far as the question needs it."""
    found = [Slice(start, end)]
    if GroupBy.SHIFT in question.group_by or question.shifts:
        found = by_shift(occurrences(calendar, start, end) if calendar is not None else [], start, end)
    if GroupBy.DAY in question.group_by:
        found = by_day(found, calendar.zone if calendar is not None else _UTC)
    return [each for each in found if not question.shifts or each.shift in question.shifts]


def _needs_products(question: Question) -> bool:
    return GroupBy.PRODUCT in question.group_by or bool(question.products)


def _stops_in(found: Iterable[Sequence[Interval]]) -> Collection[UUID]:
    return {part.stop_id for parts in found for part in parts if part.stop_id is not None}


def _grouped(
    question: Question,
    lines: Sequence[ProductionLine],
    slices: Mapping[UUID, Sequence[Slice]],
    recorded: _Recorded,
) -> list[Group]:
    pots = _Pots(question)
    by_id = {line.id: line for line in lines}
    for line in lines:
        given = recorded.given.get(line.id, ())
        for each in slices[line.id]:
            for part in within(recorded.parts[line.id], each.start, each.end):
                for piece, product in by_product(part, given):
                    pots.take(line, each, product).parts.append(piece)
    for row in recorded.made:
        line_id, each = recorded.flat[row.place]
        pots.take(by_id[line_id], each, row.product).made.append(row)
    found: dict[Key, Group] = {}
    for (key, _), pot in pots.filled.items():
        group = _group_of(key, pot, recorded.facts)
        found[key] = found[key] + group if key in found else group
    return sorted(found.values(), key=lambda group: _place(group.key))


class _Pots:
    """A pot for each key and line; what the question is not about goes into one that nobody looks at."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.filled: dict[tuple[Key, UUID], _Pot] = {}

    def take(self, line: ProductionLine, each: Slice, product: str | None) -> _Pot:
        if self.question.products and product not in self.question.products:
            return _Pot(line)
        return self.filled.setdefault((_key(self.question, line, each, product), line.id), _Pot(line))


def _key(question: Question, line: ProductionLine, each: Slice, product: str | None) -> Key:
    apart = frozenset(question.group_by)
    return Key(
        line=line.id if GroupBy.LINE in apart else None,
        line_number=line.line_number if GroupBy.LINE in apart else None,
        site=line.plant_name if GroupBy.SITE in apart else None,
        product=product if GroupBy.PRODUCT in apart else None,
        shift=each.shift if GroupBy.SHIFT in apart else None,
        day=each.day if GroupBy.DAY in apart else None,
    )


def _place(key: Key) -> tuple[str, ...]:
    return tuple(str(value or "") for value in (key.site, key.line_number, key.day, key.shift, key.product))


def _group_of(key: Key, pot: _Pot, facts: Mapping[UUID, StopFacts]) -> Group:
    amounts = [oee.Amount(good=m.good, scrap=m.scrap, rework=m.rework, ideal_rate=m.ideal_speed) for m in pot.made]
    elements = oee.elements_of(oee.time_of(pot.parts), amounts)
    known = [(part, facts.get(part.stop_id, _NO_FACTS) if part.stop_id else _NO_FACTS) for part in pot.parts]
    times = [
        StateTime(state=part.state, duration=part.duration, is_micro=fact.is_micro, loss=fact.loss)
        for part, fact in known
    ]
    startup = sum(
        (
            Fraction(row.scrap) * oee.SECONDS_PER_MINUTE / Fraction(row.ideal_speed)
            for row in pot.made
            if row.startup and row.ideal_speed
        ),
        Fraction(0),
    )
    found = numerics.six_big_losses(times, elements, startup=startup)
    reasons: defaultdict[str | None, Fraction] = defaultdict(Fraction)
    for time, (_, fact) in zip(times, known, strict=True):
        if loss_of(time) is not None:
            reasons[fact.reason] += exact_seconds(time.duration)
    return Group(key, elements, found, _cost_of(pot, times, known, found), dict(reasons))


def _cost_of(pot: _Pot, times: Sequence[StateTime], known: Sequence[tuple[Interval, StopFacts]], found: Losses) -> Cost:
    """Stops cost what an hour of the line cost when they began, slow running what it costs now, scrap what it cost."""
    amounts: defaultdict[Loss, Fraction] = defaultdict(Fraction)
    uncosted = Fraction(0)
    priced = [
        (loss_of(time), exact_seconds(time.duration), fact.hourly_cost)
        for time, (_, fact) in zip(times, known, strict=True)
    ]
    priced.append((Loss.REDUCED_SPEED, found.of(Loss.REDUCED_SPEED) or Fraction(0), None))
    for loss, seconds, hourly in priced:
        rate = hourly if hourly is not None else pot.line.hourly_cost
        if loss is None:
            continue
        if rate is None:
            uncosted += seconds
        else:
            amounts[loss] += cost_of_time(seconds, rate)
    for row in pot.made:
        if row.scrap_cost is not None:
            amounts[Loss.STARTUP_REJECTS if row.startup else Loss.PROCESS_DEFECTS] += Fraction(row.scrap_cost)
    return Cost(dict(amounts), uncosted, sum((row.uncosted for row in pot.made), Decimal(0)))


def _sum(groups: Sequence[Group]) -> Group:
    return sum(groups, Group(Key(), oee.Elements(), Losses(), Cost()))
