"""Money leaks: entering them, and what all leaks of a window come to, computed and entered ones told apart."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.losses import Loss, exact_seconds
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import money_leaks as queries
from foodflow.plant.queries.money_leaks import Entered
from foodflow.plant.rules.losses import GroupBy
from foodflow.plant.rules.money_leaks import (
    CATEGORIES,
    COMPUTED,
    Basis,
    LeakCategory,
    LeakSource,
    reckoned,
    require_dollars,
    require_period,
    require_place,
    require_same_line,
    require_same_site,
)
from foodflow.plant.rules.shared import require_own_site
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.money_leaks import MoneyLeak
from foodflow.plant.usecases import costs, losses
from foodflow.plant.usecases.losses import Answer, Group, Question

TOP_LINES: Final = 5
_COSTS: Final = frozenset({"unit_cost", "hourly_cost"})
_BASIS: Final = _COSTS | {"amount", "quantity_lost", "time_lost_minutes"}
_NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class LeaksOf:
    """What leaks by a category, exactly. `amount` is None where nobody knows what any of it costs; `count` are leaks
    that were entered, or lines that lose by it; `is_added`: it is in the total.
    """

    category: LeakCategory
    source: LeakSource
    amount: Fraction | None
    seconds: Fraction | None
    count: int
    is_added: bool

    @property
    def average(self) -> Fraction | None:
        """What each of those that are counted costs."""
        return self.amount / self.count if self.amount is not None and self.count else None


@dataclass(slots=True)
class LeakingLine:
    """What a line loses, exactly."""

    id: UUID
    number: str
    by_source: dict[LeakSource, Fraction] = field(default_factory=lambda: dict.fromkeys(LeakSource, _NOTHING))

    @property
    def amount(self) -> Fraction:
        """Computed and entered together."""
        return sum(self.by_source.values(), _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """All leaks of a window: by category and source, and the lines that lose most."""

    start: datetime
    end: datetime
    currency: str | None
    rows: Sequence[LeaksOf]
    lines: Sequence[LeakingLine]
    uncosted_seconds: Fraction
    uncosted_items: Decimal

    def total(self, source: LeakSource | None = None) -> Fraction:
        """What is added, of one source or of both."""
        added = [row.amount for row in self.rows if row.is_added and source in {None, row.source}]
        return sum((amount for amount in added if amount is not None), _NOTHING)


async def enter_leak(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> MoneyLeak:
    """Enter what a loss cost; minutes of a line cost what an hour of it costs, unless something else is said."""
    now = clock.now()
    require_period(fields["period_start"], fields["period_end"], now)
    line = await _place(session, actor, fields)
    currency = await costs.currency(session)
    if (dollars := fields.pop("amount_usd")) is not None:
        require_dollars(currency)
        fields["amount"] = dollars
    if line is not None and _lacks_rate(fields):
        fields["hourly_cost"] = line.hourly_cost
    leak = MoneyLeak(id=clock.new_id(), recorded_by=actor.id, created_at=now, updated_at=now, **fields)
    leak.currency = currency
    leak.amount, leak.calculation_method = reckoned(_basis(fields), currency)
    session.add(leak)
    told = {"category": leak.category, "amount": leak.amount, "calculation_method": leak.calculation_method}
    audit.record(session, actor, "money_leak.entered", leak.id, **told)
    return leak


async def change_leak(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> MoneyLeak:
    """Change an entered leak; its amount follows from whatever is said anew of it."""
    leak = await queries.money_leak_for_update(session, actor, id)
    require_match(session, leak)
    if not _BASIS.isdisjoint(changes):
        changes |= _reckoned_anew(leak, changes)
    for name, value in changes.items():
        setattr(leak, name, value)
    require_period(leak.period_start, leak.period_end, clock.now())
    leak.updated_at = clock.now()
    audit.record(session, actor, "money_leak.changed", leak.id, **changes)
    return leak


async def delete_leak(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Take out a leak that was entered wrongly; the audit trail keeps what it was."""
    leak = await queries.money_leak_for_update(session, actor, id)
    require_match(session, leak)
    was = {"category": leak.category, "amount": leak.amount, "period_start": leak.period_start}
    audit.record(session, actor, "money_leak.deleted", leak.id, **was, period_end=leak.period_end)
    await session.delete(leak)


async def leaks(
    session: AsyncSession,
    actor: Actor,
    *,
    start: datetime,
    end: datetime,
    sites: tuple[str, ...] = (),
    include_entered: bool = False,
) -> Leaks:
    """What leaked in a window, at some sites or at all; see `leaks_in` for what is added."""
    question = Question(start=start, end=end, sites=sites, group_by=(GroupBy.LINE,))
    answer = await losses.answer(session, actor, question)
    return await leaks_in(session, actor, answer, sites=sites, include_entered=include_entered)


async def leaks_in(
    session: AsyncSession,
    actor: Actor,
    answer: Answer,
    *,
    sites: tuple[str, ...] = (),
    include_entered: bool = False,
) -> Leaks:
    """What the losses of an answer by line cost, and what was entered for its window beside.

    Of a leak whose period lies partly in the window as much is taken as of its period. What was entered of a category
    that is computed is the same money again, and only added where somebody says that it is not.
    """
    window = {"start": answer.start, "end": answer.end}
    entered = await queries.entered_in(session, actor, sites=sites, **window)
    rows = [*_computed(answer), *_entered(entered, include_entered=include_entered, **window)]
    lines = {
        group.key.line: LeakingLine(group.key.line, group.key.line_number or "")
        for group in answer.groups
        if group.key.line is not None
    }
    for group in answer.groups:
        if group.key.line is not None:
            lines[group.key.line].by_source[LeakSource.COMPUTED] += sum(group.cost.amounts.values(), _NOTHING)
    for each in entered:
        if each.line_id in lines and _is_added(each.category, include_entered=include_entered):
            lines[each.line_id].by_source[LeakSource.ENTERED] += _share(each, **window)
    most = sorted((each for each in lines.values() if each.amount > 0), key=lambda each: (-each.amount, each.number))
    return Leaks(
        **window,
        currency=answer.currency,
        rows=sorted(rows, key=lambda row: (list(LeakCategory).index(row.category), row.source)),
        lines=most[:TOP_LINES],
        uncosted_seconds=answer.total.cost.uncosted_seconds,
        uncosted_items=answer.total.cost.uncosted_items,
    )


def _computed(answer: Answer) -> list[LeaksOf]:
    """The categories that anything was lost by, as the losses have it."""
    rows = []
    for category in LeakCategory:
        of = [loss for loss, each in CATEGORIES.items() if each is category]
        amount, seconds = _amount(answer.total, of), _seconds(answer.total, of)
        count = sum(1 for group in answer.groups if _amount(group, of) or _seconds(group, of))
        if of and (amount or count):
            rows.append(LeaksOf(category, LeakSource.COMPUTED, amount, seconds, count, is_added=True))
    return rows


def _amount(group: Group, of: Sequence[Loss]) -> Fraction | None:
    known = [group.cost.amounts[loss] for loss in of if loss in group.cost.amounts]
    return sum(known, _NOTHING) if known else None


def _seconds(group: Group, of: Sequence[Loss]) -> Fraction | None:
    """The time of some losses; None where any of it cannot be known."""
    found = [group.losses.of(loss) for loss in of]
    known = [seconds for seconds in found if seconds is not None]
    return sum(known, _NOTHING) if len(known) == len(found) else None


def _entered(entered: Sequence[Entered], *, include_entered: bool, start: datetime, end: datetime) -> list[LeaksOf]:
    amounts: defaultdict[LeakCategory, list[Fraction]] = defaultdict(list)
    for each in entered:
        amounts[each.category].append(_share(each, start=start, end=end))
    return [
        LeaksOf(
            category,
            LeakSource.ENTERED,
            sum(each, _NOTHING),
            None,
            len(each),
            is_added=_is_added(category, include_entered=include_entered),
        )
        for category, each in amounts.items()
    ]


def _is_added(category: LeakCategory, *, include_entered: bool) -> bool:
    return include_entered or category not in COMPUTED


def _share(leak: Entered, *, start: datetime, end: datetime) -> Fraction:
    """As much of a leak's amount as of its period lies in [start, end)."""
    within = min(leak.period_end, end) - max(leak.period_start, start)
    return Fraction(leak.amount) * exact_seconds(within) / exact_seconds(leak.period_end - leak.period_start)


async def _place(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> ProductionLine | None:
    """Say where a leak belongs to: to a line and the site where that stands, or to a site alone."""
    site: str | None = fields["plant_name"]
    if fields["batch_id"] is not None:
        batch = await batch_queries.batch(session, actor, fields["batch_id"])
        require_same_line(batch.line_id, fields["line_id"])
        fields["line_id"] = batch.line_id
    if fields["line_id"] is None:
        require_own_site(actor, require_place(site))
        return None
    line = await line_queries.line_for_reference(session, actor, fields["line_id"])
    require_same_site(line.plant_name, site)
    fields["plant_name"] = line.plant_name
    return line


def _lacks_rate(fields: Mapping[str, Any]) -> bool:
    """Whether minutes alone are said."""
    told = {name for name in _BASIS if fields[name] is not None}
    return told == {"time_lost_minutes"}


def _basis(fields: Mapping[str, Any]) -> Basis:
    return Basis(**{name: fields[name] for name in _BASIS})


def _reckoned_anew(leak: MoneyLeak, changes: Mapping[str, Any]) -> dict[str, Any]:
    """All that an amount follows from: what is said anew takes the place of what said it before."""
    told = {name: getattr(leak, name) for name in _BASIS - {"amount"}} | {"amount": None}
    anew = [name for name in (*_COSTS, "amount") if changes.get(name) is not None]
    if anew:
        told |= dict.fromkeys(_COSTS)
    elif told["unit_cost"] is None and told["hourly_cost"] is None:
        told["amount"] = leak.amount
    told |= changes
    basis = _basis(told)
    amount, method = reckoned(basis, leak.currency)
    rest = {name: told[name] for name in _BASIS - {"amount"}}
    return rest | {"amount": amount, "calculation_method": method}
