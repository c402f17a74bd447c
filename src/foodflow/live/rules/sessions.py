"""Decisions about live sessions: where one may go from where it stands, who may come in; and their refusals."""

from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, Forbidden, Malformed, NotFound

DEFAULT_CAPACITY, CONTRACT_CAPACITY, MAX_CAPACITY = 100, 1000, 50_000
"""Participants of a session: unless said otherwise, at most where it is created, at most at all."""
LARGEST_ID: Final = 2**31 - 1


class SessionStatus(StrEnum):
    """Where a live session stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"


class Purpose(StrEnum):
    """What a live session is for."""

    GENERAL = "general"
    SHIFT_HANDOVER = "shift_handover"
    TOOLBOX_TALK = "toolbox_talk"
    HACCP_QUIZ = "haccp_quiz"
    TRAINING = "training"


class Admission(StrEnum):
    """Who may take part: anybody who has the link or the code, or people of the company who are signed in."""

    ANYONE = "anyone"
    MEMBERS = "members"


class Progression(StrEnum):
    """What leads from one activity to the next: the facilitator's hand, or the clock."""

    HAND = "hand"
    CLOCK = "clock"


class SessionDeed(StrEnum):
    """What moves a session from one status to the next."""

    START = "start"
    COMPLETE = "complete"
    REOPEN = "reopen"


ARROWS: Final[dict[SessionDeed, tuple[SessionStatus, SessionStatus]]] = {
    SessionDeed.START: (SessionStatus.DRAFT, SessionStatus.ACTIVE),
    SessionDeed.COMPLETE: (SessionStatus.ACTIVE, SessionStatus.COMPLETED),
    SessionDeed.REOPEN: (SessionStatus.COMPLETED, SessionStatus.ACTIVE),
}
"""From which status each deed leads, and to which."""


class SessionNotFound(NotFound):
    """No such live session in this company."""

    code = "live.session.not_found"


class SessionNotThere(Conflict):
    """The session does not stand where this deed begins."""

    code = "live.session.not_there"


class SessionUnknown(Malformed):
    """What the call would change belongs to a session that does not exist; the contract wants 400 here."""

    code = "live.session.unknown"


class MembersOnly(Forbidden):
    """This session is for people of the company who are signed in."""

    code = "live.session.members_only"


class SessionClosed(Malformed):
    """Nobody comes in any more."""

    code = "live.session.closed"


class SessionFull(Malformed):
    """As many take part as may; the contract wants 400 here."""

    code = "live.session.full"


def move(deed: SessionDeed, status: str) -> SessionStatus:
    """Where a deed leads a session from where it stands; refused where no arrow leads."""
    source, target = ARROWS[deed]
    if status != source:
        raise SessionNotThere(f"the session is {status}; only one that is {source} can {deed}")
    return target
