"""Decisions about the states of an activity: the contract's two names of each, and where one may go."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, Malformed, NotFound


class ActivityState(StrEnum):
    """Where an activity stands, as it is stored; it has one state, which the contract sees twice."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ActivityStatus(StrEnum):
    """Where an activity stands, in the contract's older words (`status`)."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


STATUS_OF: Final[dict[ActivityState, ActivityStatus]] = {
    ActivityState.DRAFT: ActivityStatus.DRAFT,
    ActivityState.PUBLISHED: ActivityStatus.DRAFT,
    ActivityState.ACTIVE: ActivityStatus.ACTIVE,
    ActivityState.EXPIRED: ActivityStatus.COMPLETED,
    ActivityState.CANCELLED: ActivityStatus.CANCELLED,
}
"""What each state is called in the older words."""

STATE_OF: Final[dict[ActivityStatus, ActivityState]] = {
    ActivityStatus.DRAFT: ActivityState.DRAFT,
    ActivityStatus.ACTIVE: ActivityState.ACTIVE,
    ActivityStatus.COMPLETED: ActivityState.EXPIRED,
    ActivityStatus.CANCELLED: ActivityState.CANCELLED,
}
"""The state that an older word asks for."""

TRANSITIONS: Final[dict[ActivityState, tuple[ActivityState, ...]]] = {
    ActivityState.DRAFT: (ActivityState.PUBLISHED,),
    ActivityState.PUBLISHED: (ActivityState.ACTIVE, ActivityState.DRAFT),
    ActivityState.ACTIVE: (ActivityState.EXPIRED,),
    ActivityState.EXPIRED: (),
    ActivityState.CANCELLED: (),
}
"""Where each state leads by the contract's transitions."""


OPENABLE: Final = frozenset({ActivityState.DRAFT, ActivityState.PUBLISHED, ActivityState.EXPIRED})
"""From where a facilitator may open an activity; one that is over may be opened again."""
TO_COME: Final = frozenset({ActivityState.DRAFT, ActivityState.PUBLISHED})
"""Where activities stand that the session has not come to yet."""
MAX_TYPE: Final = 50


class ActivityNotFound(NotFound):
    """No such activity in this company."""

    code = "live.activity.not_found"


class TransitionRefused(Malformed):
    """The contract's transitions do not lead there, which it answers with 400."""

    code = "live.activity.transition_refused"


class ActivityNotThere(Conflict):
    """The activity does not stand where this deed begins."""

    code = "live.activity.not_there"


class ActivityUnknown(Malformed):
    """What the call would move is an activity that does not exist; the contract wants 400 here."""

    code = "live.activity.unknown"


class TypeTooLong(Malformed):
    """The name of an activity's type is longer than is kept; the contract wants 400 here."""

    code = "live.activity.type_too_long"


class ConfigurationRefused(Malformed):
    """The activity cannot be led with this configuration, which the contract answers with 400."""

    code = "live.activity.configuration_refused"


class ActivityNotOpen(Malformed):
    """The activity takes no answers now, which the contract answers with 400."""

    code = "live.activity.not_open"


def state_at(state: str, expires_at: datetime | None, now: datetime) -> ActivityState:
    """Where an activity stands at a moment: one whose time is over has expired, before anybody has closed it."""
    if state == ActivityState.ACTIVE and expires_at is not None and expires_at <= now:
        return ActivityState.EXPIRED
    return ActivityState(state)


def require_transition(state: ActivityState, target: ActivityState, *, force: bool) -> None:
    """Refuse what the contract's transitions do not allow, unless it is forced."""
    if not force and target not in TRANSITIONS[state]:
        allowed = ", ".join(TRANSITIONS[state]) or "nowhere"
        raise TransitionRefused(f"from {state} to {target} no transition leads; from {state} they lead to: {allowed}")


def require_openable(state: ActivityState) -> None:
    """An activity that is open already, or was cancelled, is not opened."""
    if state not in OPENABLE:
        raise ActivityNotThere(f"the activity is {state}, and cannot be opened from there")


def require_active(state: ActivityState) -> None:
    """What is done with an open activity needs one."""
    if state != ActivityState.ACTIVE:
        raise ActivityNotThere(f"the activity is {state}; open it first")


def require_type(type: str) -> None:  # noqa: A002 - the contract's name
    """A type is a kind that there is, or any other short word."""
    if len(type) > MAX_TYPE:
        raise TypeTooLong(f"a type has at most {MAX_TYPE} characters")
