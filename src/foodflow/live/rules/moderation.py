"""Decisions about which answers are shown: what waits, what a moderator let through, what not."""

from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, NotFound
from foodflow.live.rules.activities.kind import Json


class ResponseStatus(StrEnum):
    """Whether an answer is shown and counted."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """What a moderator does with an answer."""

    APPROVE = "approve"
    REJECT = "reject"
    ANSWERED = "answered"


SAID: Final = {Verdict.APPROVE: "approved", Verdict.REJECT: "rejected", Verdict.ANSWERED: "answered"}
"""What has been done, as the audit trail and the turn name it."""
_STATUS: Final = {Verdict.APPROVE: ResponseStatus.APPROVED, Verdict.REJECT: ResponseStatus.REJECTED}


class ResponseNotFound(NotFound):
    """No such response in this company."""

    code = "live.response.not_found"


class NotModerated(Conflict):
    """The response does not count: another one has taken its place, or no kind reads it."""

    code = "live.response.not_counted"


class NotListed(Conflict):
    """Only what is shown by itself, such as a question, can be marked as answered."""

    code = "live.response.not_listed"


def after(verdict: Verdict, status: ResponseStatus, data: Json) -> tuple[ResponseStatus, Json]:
    """The status and the answer as they are after a verdict; the same as before where it is no news. An answer in which
    its kind has noted a status says the new one.
    """
    if verdict == Verdict.ANSWERED:
        return status, {**data, "answered": True}
    said = _STATUS[verdict]
    return said, {**data, "status": said.value} if "status" in data else data


def require_moderated(verdict: Verdict, *, is_counted: bool, is_listed: bool) -> None:
    """Refuse a verdict on what is not shown anyway."""
    if not is_counted:
        raise NotModerated("this response does not count, so there is nothing to decide on")
    if verdict == Verdict.ANSWERED and not is_listed:
        raise NotListed("only what is shown by itself, such as a question, can be marked as answered")
