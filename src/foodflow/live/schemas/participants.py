"""Wire shapes of participants, and of coming into a session."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, JsonValue

from foodflow.kernel.actor import Actor
from foodflow.kernel.wire import Instant, Out
from foodflow.live.rules.participants import Presence, presence
from foodflow.live.rules.sessions import SessionStatus
from foodflow.live.schemas.activities import shown_configuration, status_of
from foodflow.live.schemas.contract import ContractIn, Nickname
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.usecases.joining import Joined
from foodflow.live.usecases.participants import Beat


class JoinIn(ContractIn):
    """Under which nickname somebody comes in. With `resumes`, who is signed in gets the place that they have
    already.
    """

    nickname: Nickname
    resumes: bool = False


class JoinByCodeIn(JoinIn):
    """The same with the join code of the session."""

    code: Annotated[str, Field(min_length=1, max_length=50)]


class HeartbeatIn(ContractIn):
    """That a participant is there; `activity_context` is kept where it says something."""

    activity_context: Annotated[dict[str, JsonValue] | None, Field(max_length=100)] = None


class ParticipantOut(Out):
    """Somebody's place, and whether they are there."""

    participant_id: str
    nickname: str
    status: Presence
    joined_at: Instant
    last_seen: Instant

    @classmethod
    def of(cls, found: LiveParticipant, now: datetime) -> "ParticipantOut":
        """A participant at a moment."""
        return cls(
            participant_id=str(found.id),
            nickname=found.nickname,
            status=presence(found.last_seen, now),
            joined_at=found.joined_at,
            last_seen=found.last_seen,
        )


class ParticipantsOut(Out):
    """Participants in the order in which they came, and how many there are in all."""

    participants: list[ParticipantOut]
    total_count: int


class RemovedOut(Out):
    """A participant who was sent out, and when; `by_themselves` is one who left."""

    participant_id: str
    nickname: str
    removed_at: Instant
    by_themselves: bool

    @classmethod
    def of(cls, found: LiveParticipant) -> "RemovedOut":
        """A participant who has no place any more."""
        own = f"participant:{found.id}"
        return cls(
            participant_id=str(found.id),
            nickname=found.nickname,
            removed_at=found.removed_at or found.last_seen,
            by_themselves=found.removed_by == own,
        )


class RemovedListOut(Out):
    """Those who have no place any more, the latest first."""

    participants: list[RemovedOut]


class MessageOut(Out):
    """That it was done."""

    message: str


class CurrentActivityOut(Out):
    """What is open in a session, as participants see it."""

    id: UUID
    type: str
    config: dict[str, JsonValue]

    @classmethod
    def of(cls, found: LiveActivity | None, actor: Actor) -> "CurrentActivityOut | None":
        """An open activity as an actor may see it."""
        if found is None:
            return None
        return cls(id=found.id, type=found.type, config=shown_configuration(found, actor))


class SessionStateOut(Out):
    """A session as it is for whoever has just come in."""

    session_id: int
    session_title: str
    session_status: SessionStatus
    current_activity: CurrentActivityOut | None
    participant_count: int


class JoinedOut(Out):
    """A place in a session: under which nickname, and the token that keeps it."""

    participant_id: str
    nickname: str
    participant_token: str
    session_state: SessionStateOut

    @classmethod
    def of(cls, joined: Joined, actor: Actor, token: str) -> "JoinedOut":
        """What somebody is told who has come in."""
        found = joined.live_session
        state = SessionStateOut(
            session_id=found.id,
            session_title=found.title,
            session_status=SessionStatus(found.status),
            current_activity=CurrentActivityOut.of(joined.current, actor),
            participant_count=found.participant_count,
        )
        place = joined.participant
        return cls(participant_id=str(place.id), nickname=place.nickname, participant_token=token, session_state=state)


class SuggestionOut(Out):
    """Whether a nickname can be had; another one where it cannot."""

    available: bool
    suggested_nickname: str | None


class BeatOut(Out):
    """That a participant is there, and what is open in their session."""

    status: Presence
    activity_context: dict[str, Any]
    updated_at: Instant

    @classmethod
    def of(cls, beat: Beat, actor: Actor) -> "BeatOut":
        """What a participant is told who says that they are there."""
        return cls(status=Presence.ONLINE, activity_context=_context(beat, actor), updated_at=beat.at)


def _context(beat: Beat, actor: Actor) -> dict[str, Any]:
    current = beat.current
    if current is None:
        return {"message": "No active activity"}
    config = shown_configuration(current, actor)
    return {
        "activity_id": str(current.id),
        "activity_type": current.type,
        "config": config,
        "instructions": config.get("instructions") or "",
        "status": status_of(current, beat.at),
    }
