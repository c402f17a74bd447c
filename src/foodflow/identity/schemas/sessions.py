"""Wire shapes of stays."""

from typing import Literal
from uuid import UUID

from foodflow.kernel.wire import Instant, Out


class SessionOut(Out):
    """A stay: where it was last begun or kept on from, and whether it is the one that asks."""

    id: UUID
    kind: Literal["browser", "app"]
    company: str
    created_at: Instant
    last_used_at: Instant
    address: str
    agent: str
    current: bool


class EndedOut(Out):
    """How many stays were ended."""

    ended: int
