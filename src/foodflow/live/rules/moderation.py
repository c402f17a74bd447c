"""Decisions about which answers are shown: what waits, what a moderator let through, what not."""

from enum import StrEnum

from foodflow.kernel.errors import NotFound


class ResponseStatus(StrEnum):
    """Whether an answer is shown and counted."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class ResponseNotFound(NotFound):
    """No such response in this company."""

    code = "live.response.not_found"
