"""Wire shapes of costs, and of what the company reckons with."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from foodflow.kernel.wire import In, Instant, Line, Number, Out, Versioned
from foodflow.plant.rules.costs import CostKind
from foodflow.plant.schemas.shared import Price, Short, Unit
from foodflow.plant.usecases.costs import BatchCosts

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="A code of ISO 4217", examples=["EUR"])]
_People = Annotated[Number, Field(gt=0, max_digits=8, decimal_places=2)]
_Minutes = Annotated[Number, Field(ge=0, max_digits=12, decimal_places=4)]


class SettingsIn(In):
    """What the company's plants reckon with; `labour_rate` is what an hour of one person costs."""

    currency: Currency
    labour_rate: Price | None = None


class SettingsOut(Versioned):
    """What the company's plants reckon with; nothing but version 0 before anybody has said."""

    currency: str | None
    labour_rate: Number | None
    updated_at: Instant | None


class LabourIn(In):
    """What people cost: minutes × people × rate of an hour (by default that of the settings), or a typed amount."""

    description: Short = ""
    minutes: _Minutes | None = None
    people: _People = Decimal(1)
    rate: Price | None = None
    amount: Price | None = None

    @model_validator(mode="after")
    def _of_something(self) -> "LabourIn":
        if self.minutes is None and self.amount is None:
            message = "say minutes or an amount"
            raise ValueError(message)
        if self.amount is not None and self.rate is not None:
            message = "say a rate or an amount, not both"
            raise ValueError(message)
        return self


class MaterialIn(In):
    """What material cost: quantity × unit cost."""

    description: Line
    quantity: Annotated[Number, Field(gt=0, max_digits=16, decimal_places=4)]
    unit: Unit = ""
    unit_cost: Price


class CostOut(Out):
    """Money that a batch took."""

    id: UUID
    kind: CostKind
    description: str
    quantity: Number | None
    unit: str
    unit_cost: Number | None
    people: Number | None
    amount: Number
    recorded_by: str
    recorded_at: Instant


class BatchCostsOut(Out):
    """What a batch cost by kind, in all, and for each good item; null where nothing is known.

    The total is labour and material. Scrap is the part of it that was lost: it was paid for as labour and material
    already, so it is not added.
    """

    batch_id: UUID
    currency: str | None
    labour: Number | None
    material: Number | None
    scrap: Number | None
    scrap_uncosted: Annotated[Number, Field(description="Scrapped items of unknown cost")]
    total: Number | None
    per_good_item: Number | None
    costs: list[CostOut]

    @classmethod
    def of(cls, found: BatchCosts) -> "BatchCostsOut":
        """The wire shape of what a batch cost."""
        return cls(
            batch_id=found.batch.id,
            currency=found.currency,
            labour=found.costs.labour,
            material=found.costs.material,
            scrap=found.costs.scrap,
            scrap_uncosted=found.scrap_uncosted,
            total=found.costs.total,
            per_good_item=found.per_good_item,
            costs=[CostOut.model_validate(cost) for cost in found.lines],
        )
