"""Wire shapes of what came of a batch."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import Number, Out
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.schemas.costs import BatchCostsOut
from foodflow.plant.schemas.parameters import ParameterOut
from foodflow.plant.schemas.shared import Query, Ratio
from foodflow.plant.usecases.batches import average_speed, planned_downtime, unplanned_downtime
from foodflow.plant.usecases.results import BatchYields, Side


class YieldsOut(Out):
    """What came of a batch (ISO 22400-2), until now while it is made; null where there is nothing to divide by.

    Rates are fractions. `giveaway` is what was filled beyond what the good items promise, in `weight_unit`.
    """

    batch_id: UUID
    batch_number: str
    status: BatchStatus
    target: Number
    produced: Number
    good: Number
    scrap: Number
    rework: Number
    unit: str
    yield_rate: Annotated[float | None, Field(description="GQ/PQ, quality ratio")]
    first_pass_yield: Annotated[float | None, Field(description="GQ/PQ: good counts what is right the first time")]
    scrap_rate: Annotated[float | None, Field(description="SQ/PQ, scrap ratio")]
    rework_rate: Annotated[float | None, Field(description="RQ/PQ, rework ratio")]
    fulfilment: Annotated[float | None, Field(description="Good items of those that were planned")]
    giveaway: Number | None
    giveaway_rate: float | None
    weight_unit: str
    in_progress_minutes: float
    on_hold_minutes: float
    planned_downtime_minutes: float
    unplanned_downtime_minutes: float
    average_speed: Annotated[float | None, Field(description="Items per minute of production time")]
    availability: Ratio
    performance: float | None
    quality: Ratio
    oee: Ratio

    @classmethod
    def of(cls, found: BatchYields) -> "YieldsOut":
        """The wire shape of what came of a batch."""
        batch, rates, ratios = found.batch, found.yields, found.ratios
        return cls(
            batch_id=batch.id,
            batch_number=batch.batch_number,
            status=BatchStatus(batch.status),
            target=batch.target_quantity,
            produced=rates.produced,
            good=batch.good_quantity,
            scrap=batch.scrap_quantity,
            rework=batch.rework_quantity,
            unit=batch.unit,
            yield_rate=rates.yield_rate,
            first_pass_yield=rates.first_pass_yield,
            scrap_rate=rates.scrap_rate,
            rework_rate=rates.rework_rate,
            fulfilment=rates.fulfilment,
            giveaway=found.giveaway.amount if found.giveaway else None,
            giveaway_rate=found.giveaway.rate if found.giveaway else None,
            weight_unit=batch.weight_unit,
            in_progress_minutes=found.in_progress.total_seconds() / 60,
            on_hold_minutes=found.on_hold.total_seconds() / 60,
            planned_downtime_minutes=planned_downtime(found.elements),
            unplanned_downtime_minutes=unplanned_downtime(found.elements),
            average_speed=average_speed(found.elements),
            availability=ratios.availability,
            performance=ratios.performance,
            quality=ratios.quality,
            oee=ratios.oee,
        )


class SideOut(Out):
    """One of two batches that are compared."""

    yields: YieldsOut
    costs: BatchCostsOut
    parameters: list[ParameterOut]

    @classmethod
    def of(cls, side: Side) -> "SideOut":
        """The wire shape of a batch that is compared."""
        return cls(
            yields=YieldsOut.of(side.results),
            costs=BatchCostsOut.of(side.costs),
            parameters=[ParameterOut.of(each) for each in side.parameters],
        )


class ComparisonWanted(Query):
    """With which batch (its id or number) one is compared; by default the golden batch of its product."""

    compared_with: Annotated[str | None, Field(alias="with", min_length=1, max_length=100)] = None


class ParameterPairOut(Out):
    """A parameter of the same code in two batches; null where one of them has none."""

    code: str
    batch: ParameterOut | None
    other: ParameterOut | None


class ComparisonOut(Out):
    """A batch beside another one (null: its product has no golden batch yet), and their parameters in pairs."""

    batch: SideOut
    other: SideOut | None
    parameters: list[ParameterPairOut]

    @classmethod
    def of(cls, batch: Side, other: Side | None) -> "ComparisonOut":
        """The wire shape of two batches beside each other."""
        one, two = SideOut.of(batch), SideOut.of(other) if other is not None else None
        mine = {each.code: each for each in one.parameters}
        theirs = {each.code: each for each in two.parameters} if two is not None else {}
        pairs = [
            ParameterPairOut(code=code, batch=mine.get(code), other=theirs.get(code))
            for code in sorted(mine.keys() | theirs.keys())
        ]
        return cls(batch=one, other=two, parameters=pairs)
