"""Wire shapes of effectiveness and losses over many lines."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.money import DECIMALS
from foodflow.kernel.wire import Instant, Number, Out
from foodflow.numerics import losses, oee
from foodflow.numerics.losses import Loss, in_money
from foodflow.plant.rules.losses import GroupBy
from foodflow.plant.schemas.effectiveness import EffectivenessOut
from foodflow.plant.schemas.shared import Query, Ratio
from foodflow.plant.usecases.losses import Answer, Group, Question

_MANY = 500
_DECIMALS_UNKNOWN = 2


class LossesWanted(Query):
    """What is asked: a window (the last 24 hours), which lines, sites, products and shifts, and what to tell apart."""

    start_time: Instant | None = None
    end_time: Instant | None = None
    line_id: Annotated[tuple[UUID, ...], Field(max_length=_MANY)] = ()
    plant_name: Annotated[tuple[str, ...], Field(max_length=_MANY)] = ()
    product_code: Annotated[tuple[str, ...], Field(max_length=_MANY)] = ()
    shift: Annotated[tuple[str, ...], Field(max_length=_MANY)] = ()
    group_by: Annotated[tuple[GroupBy, ...], Field(max_length=len(GroupBy))] = ()

    def question(self) -> Question:
        """The same as the use case takes it."""
        return Question(
            start=self.start_time,
            end=self.end_time,
            lines=self.line_id,
            sites=self.plant_name,
            products=self.product_code,
            shifts=self.shift,
            group_by=self.group_by,
        )


class GroupOut(Out):
    """What a row is of; null where the question does not tell it apart, or where time is of none."""

    line_id: UUID | None
    line_number: str | None
    plant_name: str | None
    product_code: str | None
    shift: str | None
    day: Annotated[date | None, Field(description="The local day on which the shift, or the day itself, began")]


class EffectivenessRow(EffectivenessOut):
    """The effectiveness of a group."""

    group: GroupOut


class EffectivenessAnswer(Out):
    """Groups in order, and their total, which is the effectiveness of their summed elements."""

    start_time: Instant
    end_time: Instant
    version: int
    groups: list[EffectivenessRow]
    total: EffectivenessOut

    @classmethod
    def of(cls, answer: Answer) -> "EffectivenessAnswer":
        """The wire shape of an answer."""
        rows = [{"group": _group(each), **EffectivenessOut.figures(each.elements)} for each in answer.groups]
        return cls.model_validate(
            {
                "start_time": answer.start,
                "end_time": answer.end,
                "version": oee.VERSION,
                "groups": rows,
                "total": EffectivenessOut.figures(answer.total.elements),
            }
        )


class LossOut(Out):
    """One of the six big losses."""

    loss: Loss
    minutes: Annotated[float | None, Field(description="Null: the ideal speed is unknown; below 0: it is too low")]
    share: Annotated[float | None, Field(description="Of the planned busy time")]
    cost: Number | None


class ReasonOut(Out):
    """Time lost for a reason of the company's tree; null: nobody gave one."""

    reason_code: str | None
    minutes: float


class LossFigures(Out):
    """Where planned busy time went: valuable time and the six losses add up to it."""

    planned_busy_minutes: float
    valuable_minutes: float
    oee: Ratio
    losses: list[LossOut]
    cost: Annotated[Number | None, Field(description="Of all losses whose cost is known")]
    uncosted_minutes: Annotated[float, Field(description="Lost on lines of which nobody knows what an hour costs")]
    uncosted_items: Annotated[Number, Field(description="Scrapped items of unknown cost")]
    reasons: list[ReasonOut]

    @classmethod
    def figures(cls, group: Group, currency: str | None) -> dict[str, object]:
        """The fields of a group's losses."""
        busy = group.elements.pbt
        decimals = DECIMALS[currency] if currency else _DECIMALS_UNKNOWN
        amounts = group.cost.amounts
        rows = []
        for loss in Loss:
            seconds = group.losses.of(loss)
            rows.append(
                {
                    "loss": loss,
                    "minutes": float(seconds) / 60 if seconds is not None else None,
                    "share": float(seconds) / busy if seconds is not None and busy else None,
                    "cost": in_money(amounts[loss], decimals) if loss in amounts else None,
                }
            )
        reasons = sorted(group.reasons.items(), key=lambda one: (-one[1], one[0] or ""))
        return {
            "planned_busy_minutes": busy / 60,
            "valuable_minutes": float(group.losses.valuable) / 60,
            "oee": group.ratios.oee,
            "losses": rows,
            "cost": in_money(sum(amounts.values()), decimals) if amounts else None,  # type: ignore[arg-type] # Fractions
            "uncosted_minutes": float(group.cost.uncosted_seconds) / 60,
            "uncosted_items": group.cost.uncosted_items,
            "reasons": [{"reason_code": code, "minutes": float(seconds) / 60} for code, seconds in reasons],
        }


class LossRow(LossFigures):
    """The losses of a group."""

    group: GroupOut


class LossAnswer(Out):
    """Groups in order, and their total."""

    start_time: Instant
    end_time: Instant
    currency: str | None
    version: int
    groups: list[LossRow]
    total: LossFigures

    @classmethod
    def of(cls, answer: Answer) -> "LossAnswer":
        """The wire shape of an answer."""
        currency = answer.currency
        rows = [{"group": _group(each), **LossFigures.figures(each, currency)} for each in answer.groups]
        return cls.model_validate(
            {
                "start_time": answer.start,
                "end_time": answer.end,
                "currency": currency,
                "version": losses.VERSION,
                "groups": rows,
                "total": LossFigures.figures(answer.total, currency),
            }
        )


def _group(group: Group) -> dict[str, object]:
    key = group.key
    return {
        "line_id": key.line,
        "line_number": key.line_number,
        "plant_name": key.site,
        "product_code": key.product,
        "shift": key.shift,
        "day": key.day,
    }
