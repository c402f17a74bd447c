"""Wire shapes of webhooks."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from foodflow.kernel.event_log.patterns import TypePattern
from foodflow.kernel.webhooks.rules import Reason, Status
from foodflow.kernel.wire import In, Instant, Line, Out, Patch, Versioned

_Url = Annotated[str, Field(min_length=1, max_length=2000)]
_Types = Annotated[list[TypePattern], Field(min_length=1, max_length=50)]
_Sites = Annotated[list[Line], Field(max_length=100)]
_Description = Annotated[str, Field(max_length=1000)]
_InFlight = Annotated[int, Field(ge=1, le=20)]


class WebhookIn(In):
    """A webhook: its address, the types of events (`plant.batch.*` for all below), and the sites (none: all)."""

    url: _Url
    types: _Types = Field(default_factory=lambda: ["*"])
    sites: _Sites = Field(default_factory=list)
    description: _Description = ""
    max_in_flight: _InFlight = 4


class WebhookPatch(Patch):
    """A change of a webhook."""

    url: _Url = ""
    types: _Types = Field(default_factory=list)
    sites: _Sites = Field(default_factory=list)
    description: _Description = ""
    max_in_flight: _InFlight = 4
    is_active: bool = True


class WebhookOut(Versioned):
    """A webhook; `failing_since` is when it began to fail, if nothing has succeeded since."""

    id: UUID
    url: str
    types: list[str]
    sites: list[str]
    description: str
    max_in_flight: int
    is_active: bool
    disabled_reason: Reason | None
    failing_since: Instant | None
    created_at: Instant


class WebhookWithSecret(WebhookOut):
    """A webhook and its secret, which is shown this once."""

    secret: str


class DeliveryOut(Out):
    """An event on its way to a webhook, with the status and the beginning of its last answer."""

    id: UUID
    event_id: UUID
    event_time: Instant
    type: str
    subject: str
    position: int
    status: Status
    attempts: int
    due_at: Instant
    last_status: int | None
    last_answer: str
    created_at: Instant
    ended_at: Instant | None


class ReplayIn(In):
    """The span of time whose events are sent again; its start belongs to it, its end (now, if not given) does not."""

    since: Instant
    until: Instant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "ReplayIn":
        if self.until is not None and self.until <= self.since:
            message = "until must be after since"
            raise ValueError(message)
        return self


class CountOut(BaseModel):
    """How many deliveries it was done to."""

    count: int


class PingOut(Out):
    """What the receiver answered to a ping: its status and the beginning of its answer, or why there is none."""

    delivered: bool
    status: int | None
    answer: str
    seconds: float
