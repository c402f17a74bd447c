"""Decisions about live sessions: where one may go from where it stands, who may come in; and their refusals."""

from enum import StrEnum
from typing import Final

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, Malformed, NotFound
from foodflow.live.rules.participants import participation_of

DEFAULT_CAPACITY, CONTRACT_CAPACITY, MAX_CAPACITY = 100, 1000, 50_000
"""Participants of a session: unless said otherwise, at most where it is created, at most at all."""
LARGEST_ID: Final = 2**31 - 1
LARGEST_PAGE: Final = 1000
"""Rows of one answer, however many are asked for."""
CODE_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
JOIN_CODE, ADMIN_CODE = 8, 6
"""How many letters and digits a session's two codes have."""


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


class BadPage(Malformed):
    """A page cannot begin before the first row, nor have fewer rows than none; the contract wants 400 here."""

    code = "live.session.bad_page"


class CodeTypeUnknown(Malformed):
    """A session has a join code (`qr`) and one for its facilitator (`admin`), and no other."""

    code = "live.session.code_type_unknown"


class NoCodeFree(Conflict):
    """Every code that was drawn is taken."""

    code = "live.session.no_code_free"


def move(deed: SessionDeed, status: str) -> SessionStatus:
    """Where a deed leads a session from where it stands; refused where no arrow leads."""
    source, target = ARROWS[deed]
    if status != source:
        raise SessionNotThere(f"the session is {status}; only one that is {source} can {deed}")
    return target


def require_going_on(status: str) -> None:
    """What is opened in a session needs one that goes on."""
    if status != SessionStatus.ACTIVE:
        raise SessionNotThere(f"the session is {status}; start it first, or reopen it")


def require_admitted(actor: Actor, id: int, admission: str) -> None:
    """A session for people of the company lets in nobody from outside, but whoever has a place in it."""
    if admission != Admission.MEMBERS or not actor.is_visitor:
        return
    place = participation_of(actor)
    if place is None or place.session_id != id:
        raise MembersOnly("this session is for people of the company; sign in first")


def require_own_site(actor: Actor, site: str) -> None:
    """Nobody puts a session where they could not see it."""
    if site and not actor.is_for(site):
        message = f"{site!r} is not among your sites: {', '.join(sorted(actor.sites or ())) or 'none'}"
        raise Invalid.because(FieldError("site", message, "live.session.other_site"))


def require_page(offset: int, limit: int) -> None:
    """A page begins at a row, and has a number of rows."""
    if offset < 0 or limit < 0:
        raise BadPage("offset and limit are 0 or more")


def may_come_in(status: str, *, allows_late_join: bool) -> bool:
    """Whether somebody new may come in: before the start, while it goes on where that is allowed, never after."""
    return status == SessionStatus.DRAFT or (status == SessionStatus.ACTIVE and allows_late_join)


def require_room(participants: int, most: int) -> None:
    """Where as many take part as may, nobody else does."""
    if participants >= most:
        raise SessionFull("Session is full")
