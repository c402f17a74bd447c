"""Wire shapes of scrap and its reasons."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Line, Number, Out, Patch, Versioned
from foodflow.plant.rules.scrap import ScrapLoss, Severity
from foodflow.plant.schemas.counts import SourceId
from foodflow.plant.schemas.shared import Code, Price, Query, Short, Target, Text
from foodflow.plant.usecases.counts import Scrapped
from foodflow.plant.usecases.scrap import ScrapShare

ImageUrl = Annotated[
    str, Field(max_length=500, pattern=r"^(https://[!-~]+)?$", description="Of a picture, kept elsewhere")
]


class ScrapIn(In):
    """Items of a batch that are scrap. It is a count: what is reported here is not counted again."""

    quantity: Target
    scrap_type: Code
    event_time: Instant | None = None
    scrap_reason: Annotated[str, Field(max_length=255, description="A code of the scrap reasons, or a text")] = ""
    severity: Severity | None = None
    root_cause: Text = ""
    corrective_action: Text = ""
    estimated_cost: Price | None = None
    detected_by: Annotated[str, Field(max_length=100)] = ""
    operator_name: Short = ""
    image_url: ImageUrl = ""
    source_id: SourceId | None = None

    @property
    def details(self) -> Scrapped:
        """What is known of it beside how many and why."""
        return Scrapped(
            scrap_type=self.scrap_type,
            severity=self.severity,
            root_cause=self.root_cause,
            corrective_action=self.corrective_action,
            estimated_cost=self.estimated_cost,
            detected_by=self.detected_by,
            operator_name=self.operator_name,
            image_url=self.image_url,
        )


class ScrapEventOut(Out):
    """Scrapped items: a count of scrap, with what is known of it."""

    id: UUID
    line_id: UUID
    batch_id: UUID | None
    event_time: Annotated[Instant, Field(validation_alias="at")]
    quantity: Annotated[Number, Field(validation_alias="scrap")]
    unit: str
    scrap_type: str
    scrap_reason: str
    severity: Severity | None
    root_cause: str
    corrective_action: str
    estimated_cost: Number | None
    currency: str | None
    detected_by: str
    operator_name: str
    image_url: str
    recorded_by: str


class ScrapReasonIn(In):
    """A reason for scrap, the same at all sites; `loss` is the big loss that it belongs to."""

    code: Code
    name: Line
    loss: ScrapLoss = ScrapLoss.PROCESS_DEFECTS
    unit_cost: Price | None = None


class ScrapReasonPatch(Patch):
    """Changes of a scrap reason; its code stands in counts and stays."""

    name: Line = ""
    loss: ScrapLoss = ScrapLoss.PROCESS_DEFECTS
    unit_cost: Price | None = None
    is_active: bool = True


class ScrapReasonOut(Versioned):
    """A reason for scrap."""

    id: UUID
    code: str
    name: str
    loss: ScrapLoss
    unit_cost: Number | None
    currency: str | None
    is_active: bool
    created_at: Instant
    updated_at: Instant


class ScrapWanted(Query):
    """Which scrap: of a line, of a product, and from when to when (by default the last 24 hours)."""

    line_id: UUID | None = None
    product_code: Code | None = None
    start_time: Instant | None = None
    end_time: Instant | None = None


class ScrapShareOut(Out):
    """What was scrapped for a reason; the shares are fractions of all that was scrapped, `uncosted` items of unknown
    cost.
    """

    reason: str
    name: str | None
    loss: ScrapLoss | None
    quantity: Number
    share: float
    cumulative_share: float
    cost: Number | None
    uncosted: Number

    @classmethod
    def of(cls, part: ScrapShare) -> "ScrapShareOut":
        """The wire shape of what was scrapped for a reason."""
        scrap = part.scrap
        return cls(
            reason=scrap.reason,
            name=scrap.name,
            loss=ScrapLoss(scrap.loss) if scrap.loss else None,
            quantity=scrap.quantity,
            share=part.share,
            cumulative_share=part.cumulative_share,
            cost=scrap.cost,
            uncosted=scrap.uncosted,
        )


class ScrapByReasonOut(Out):
    """Scrap by reason, most of it first."""

    quantity: Number
    currency: str | None
    reasons: list[ScrapShareOut]

    @classmethod
    def of(cls, parts: list[ScrapShare], currency: str | None) -> "ScrapByReasonOut":
        """The wire shape of scrap by reason."""
        quantity = sum((part.scrap.quantity for part in parts), Decimal(0))
        return cls(quantity=quantity, currency=currency, reasons=[ScrapShareOut.of(part) for part in parts])
