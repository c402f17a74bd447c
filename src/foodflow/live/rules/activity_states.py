"""Decisions about the states of an activity: the contract's two names of each, and where one may go."""

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


class ActivityNotFound(NotFound):
    """No such activity in this company."""

    code = "live.activity.not_found"


class TransitionRefused(Malformed):
    """The contract's transitions do not lead there, which it answers with 400."""

    code = "live.activity.transition_refused"


class ActivityNotThere(Conflict):
    """The activity does not stand where this deed begins."""

    code = "live.activity.not_there"


class ActivityNotOpen(Malformed):
    """The activity takes no answers now, which the contract answers with 400."""

    code = "live.activity.not_open"
