"""What is told of live sessions."""

from dataclasses import dataclass
from typing import ClassVar

from foodflow.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class OfSession(Event):
    needs: ClassVar[str] = "live.read"

    session_id: int
    title: str
    purpose: str
    site_name: str
    line_id: str | None

    @property
    def subject(self) -> str:
        return f"live.session/{self.session_id}"

    @property
    def site(self) -> str | None:
        return self.site_name or None


@dataclass(frozen=True, kw_only=True)
class SessionStarted(OfSession):
    """A live session has begun."""

    type: ClassVar[str] = "live.session.started"


@dataclass(frozen=True, kw_only=True)
class SessionCompleted(OfSession):
    """A live session is over; how many took part."""

    type: ClassVar[str] = "live.session.completed"

    participants: int
