"""Wire shapes of live sessions."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from foodflow.kernel.actor import Actor
from foodflow.kernel.wire import In, Instant, Out, Patch
from foodflow.live.rules.sessions import (
    CONTRACT_CAPACITY,
    DEFAULT_CAPACITY,
    MAX_CAPACITY,
    Admission,
    Progression,
    Purpose,
    SessionStatus,
)
from foodflow.live.schemas.activities import ActivityOut
from foodflow.live.schemas.contract import ContractIn, Description, SessionTitle
from foodflow.live.schemas.participants import ParticipantOut
from foodflow.live.tables.sessions import LiveSession

Capacity = Annotated[int, Field(ge=1, le=CONTRACT_CAPACITY)]
Site = Annotated[str, Field(max_length=255)]
PassMark = Annotated[int | None, Field(ge=0, le=100, description="Percent of questions answered rightly that passes")]


class SessionIn(ContractIn):
    """A new session; it is a draft."""

    title: SessionTitle
    description: Description | None = None
    max_participants: Capacity = DEFAULT_CAPACITY
    purpose: Purpose = Purpose.GENERAL
    site: Site = ""
    line_id: UUID | None = None
    admission: Admission = Admission.ANYONE
    progression: Progression = Progression.HAND
    allows_late_join: bool = True
    filters_nicknames: bool = True
    pass_mark: PassMark = None


class SessionPut(ContractIn):
    """Changes of a session; what is null or not given stays as it is."""

    title: SessionTitle | None = None
    description: Description | None = None
    max_participants: Capacity | None = None
    status: SessionStatus | None = None


class CapacityIn(In):
    """How many may take part."""

    max_participants: Annotated[int, Field(ge=1, le=MAX_CAPACITY)]


class SettingsPatch(Patch):
    """Changes of how a session goes."""

    purpose: Purpose = Purpose.GENERAL
    site: Site = ""
    line_id: UUID | None = None
    admission: Admission = Admission.ANYONE
    progression: Progression = Progression.HAND
    allows_late_join: bool = True
    filters_nicknames: bool = True
    pass_mark: PassMark = None


class ShownIn(In):
    """Whether everybody sees it."""

    shown: bool


class SessionOut(Out):
    """A session. Its codes are null to whoever only takes part."""

    id: int
    created_at: Instant
    updated_at: Instant
    title: str
    description: str | None
    status: SessionStatus
    qr_code: Annotated[str | None, Field(description="The join code")]
    admin_code: str | None
    max_participants: int
    started_at: Instant | None
    completed_at: Instant | None
    participant_count: int
    activity_count: int
    purpose: Purpose
    site: str
    line_id: UUID | None
    admission: Admission
    progression: Progression
    allows_late_join: bool
    filters_nicknames: bool
    shows_leaderboard: bool
    pass_mark: int | None

    @classmethod
    def of(cls, found: LiveSession, activity_count: int, actor: Actor, *, with_codes: bool = True) -> "SessionOut":
        """A session as an actor may see it."""
        return cls.model_validate(_fields(found, activity_count, actor, with_codes=with_codes))


class SessionDetailOut(SessionOut):
    """A session with its activities and participants (of those, the first thousand)."""

    activities: list[ActivityOut]
    participants: list[ParticipantOut]

    @classmethod
    def with_parts(
        cls, found: LiveSession, actor: Actor, activities: list[ActivityOut], participants: list[ParticipantOut]
    ) -> "SessionDetailOut":
        """A session and all that belongs to it, as an actor may see it."""
        fields = _fields(found, len(activities), actor, with_codes=True)
        return cls.model_validate({**fields, "activities": activities, "participants": participants})


class SessionsOut(Out):
    """A page of sessions, and how many there are in all."""

    sessions: list[SessionOut]
    total: int
    offset: int
    limit: int


class SessionStatusOut(Out):
    """Where a session stands."""

    session_id: int
    status: SessionStatus
    current_activity_id: UUID | None
    participant_count: int
    last_updated: Instant


CodeType = Annotated[str, Field(description="`qr` or `admin`")]
Codes = Literal["qr", "admin"]


def _fields(found: LiveSession, activity_count: int, actor: Actor, *, with_codes: bool) -> dict[str, object]:
    names = set(SessionOut.model_fields) - {"activity_count", "qr_code", "admin_code"}
    fields = {name: getattr(found, name) for name in names}
    shown = with_codes and (actor.may("live.read") or actor.may("live.facilitate"))
    codes = {"qr_code": found.qr_code, "admin_code": found.admin_code} if shown else {}
    return {**fields, "activity_count": activity_count, "qr_code": None, "admin_code": None, **codes}
