"""Wire shapes of money leaks."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.money import DECIMALS
from foodflow.kernel.wire import In, Instant, Number, Out, Patch, Versioned
from foodflow.numerics.losses import in_money
from foodflow.plant.rules.money_leaks import CalculationMethod, LeakCategory, LeakSource
from foodflow.plant.rules.shared import EARLIEST
from foodflow.plant.schemas.shared import Price, Query, Short, Text
from foodflow.plant.usecases.money_leaks import Leaks, LeaksOf

_MANY = 500
_DECIMALS_UNKNOWN = 2
_Name = Annotated[str, Field(max_length=100)]


class MoneyLeakIn(In):
    """What a loss cost over a period, of a line (or the line of a batch), or else of a site.

    The amount is typed, or is quantity_lost × unit_cost, or time_lost_minutes × hourly_cost, which is the line's own
    where it is left out.
    """

    period_start: Instant
    period_end: Instant
    line_id: UUID | None = None
    plant_name: Short | None = None
    batch_id: UUID | None = None
    category: LeakCategory
    subcategory: _Name = ""
    amount: Price | None = None
    amount_usd: Annotated[Price | None, Field(description="The same, where the company's currency is USD")] = None
    quantity_lost: Price | None = None
    unit_cost: Price | None = None
    time_lost_minutes: Price | None = None
    hourly_cost: Price | None = None
    description: Text = ""
    root_cause: Text = ""
    is_avoidable: bool = True
    action_taken: Text = ""


class MoneyLeakPatch(Patch):
    """Changes of an entered leak; where it belongs to stays. What is said anew of its amount takes the place of what
    said it before.
    """

    period_start: Instant = EARLIEST
    period_end: Instant = EARLIEST
    category: LeakCategory = LeakCategory.QUALITY_LOSS
    subcategory: _Name = ""
    amount: Price | None = None
    quantity_lost: Price | None = None
    unit_cost: Price | None = None
    time_lost_minutes: Price | None = None
    hourly_cost: Price | None = None
    description: Text = ""
    root_cause: Text = ""
    is_avoidable: bool = True
    action_taken: Text = ""


class MoneyLeakOut(Versioned):
    """A leak that somebody entered; `calculation_method` says how its amount came to be."""

    id: UUID
    period_start: Instant
    period_end: Instant
    line_id: UUID | None
    plant_name: str
    batch_id: UUID | None
    category: LeakCategory
    subcategory: str
    amount: Number
    currency: str
    calculation_method: CalculationMethod
    quantity_lost: Number | None
    unit_cost: Number | None
    time_lost_minutes: Number | None
    hourly_cost: Number | None
    description: str
    root_cause: str
    is_avoidable: bool
    action_taken: str
    recorded_by: str
    created_at: Instant
    updated_at: Instant


class LeaksWanted(Query):
    """Which window and sites, and whether what was entered of computed categories is added."""

    start_time: Instant
    end_time: Instant
    plant_name: Annotated[tuple[str, ...], Field(max_length=_MANY)] = ()
    include_entered: Annotated[
        bool, Field(description="Add also what was entered of a category that is computed: it is other money")
    ] = False


class LeaksOfOut(Out):
    """What leaked by a category: as the losses have it, or as it was entered.

    `is_added` is false where it was entered of a category that is computed as well: it is shown, and not in any total.
    """

    category: LeakCategory
    source: LeakSource
    is_added: bool
    amount: Annotated[Number | None, Field(description="Null: nobody knows what it costs")]
    currency: str | None
    minutes: Annotated[float | None, Field(description="Lost, where it is computed and known")]
    count: Annotated[int, Field(description="Leaks that were entered, or lines that lose by it")]
    average: Annotated[Number | None, Field(description="The amount for each of those counted")]
    percentage_of_total: Annotated[float | None, Field(description="0 to 100; null where it is not added")]

    @classmethod
    def of(cls, row: LeaksOf, leaks: Leaks) -> "LeaksOfOut":
        """The wire shape of what leaked by a category."""
        total = leaks.total()
        has_part = row.is_added and row.amount is not None and total
        return cls(
            category=row.category,
            source=row.source,
            is_added=row.is_added,
            amount=_money(row.amount, leaks.currency) if row.amount is not None else None,
            currency=leaks.currency,
            minutes=float(row.seconds) / 60 if row.seconds is not None else None,
            count=row.count,
            average=_money(row.average, leaks.currency) if row.average is not None else None,
            percentage_of_total=float((row.amount or 0) / total * 100) if has_part else None,
        )


class LeakingLineOut(Out):
    """What a line loses; what was entered is in it as far as it is added."""

    line_id: UUID
    line_number: str
    amount: Number
    computed: Number
    entered: Number


class LeaksOut(Out):
    """What leaked in a window, and what of it nobody knows the cost of.

    The total is what is computed and what was entered of other categories (yield, quality). Each figure is exact until
    it is rounded, once.
    """

    start_time: Instant
    end_time: Instant
    currency: str | None
    total: Number
    computed_total: Annotated[Number, Field(description="As `/losses` has it")]
    entered_total: Annotated[Number, Field(description="Of what was entered, as far as it is added")]
    uncosted_minutes: Annotated[float, Field(description="Lost on lines of which nobody knows what an hour costs")]
    uncosted_items: Annotated[Number, Field(description="Scrapped items of unknown cost")]
    by_category: list[LeaksOfOut]
    top_lines: list[LeakingLineOut]

    @classmethod
    def of(cls, leaks: Leaks) -> "LeaksOut":
        """The wire shape of all leaks of a window."""
        currency = leaks.currency
        return cls(
            start_time=leaks.start,
            end_time=leaks.end,
            currency=currency,
            total=_money(leaks.total(), currency),
            computed_total=_money(leaks.total(LeakSource.COMPUTED), currency),
            entered_total=_money(leaks.total(LeakSource.ENTERED), currency),
            uncosted_minutes=float(leaks.uncosted_seconds) / 60,
            uncosted_items=leaks.uncosted_items,
            by_category=[LeaksOfOut.of(row, leaks) for row in leaks.rows],
            top_lines=[
                LeakingLineOut(
                    line_id=line.id,
                    line_number=line.number,
                    amount=_money(line.amount, currency),
                    computed=_money(line.by_source[LeakSource.COMPUTED], currency),
                    entered=_money(line.by_source[LeakSource.ENTERED], currency),
                )
                for line in leaks.lines
            ],
        )


def _money(exact: Fraction, currency: str | None) -> Decimal:
    return in_money(exact, DECIMALS[currency] if currency else _DECIMALS_UNKNOWN)
