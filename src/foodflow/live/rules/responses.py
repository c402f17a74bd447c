"""Decisions about responses: what can be kept, what one is while it is kept, and the refusals."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from foodflow.kernel.errors import Conflict, Forbidden, Malformed, Refusal, TooLarge
from foodflow.live.rules.activities.kind import Answer, Json
from foodflow.live.rules.moderation import ResponseStatus

MAX_BYTES: Final = 65_536
"""Bytes of an answer as JSON; as many as a message of a socket may have."""
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class AlreadyAnswered(Conflict):
    """The participant has answered this, and answers to it are not changed."""

    code = "live.response.already_answered"


class IdTaken(Conflict):
    """Another response bears this id."""

    code = "live.response.id_taken"


class Unstorable(Malformed):
    """The answer holds what cannot be kept as JSON."""

    code = "live.response.unstorable"


class ResponseTooLarge(TooLarge):
    """The answer is longer than answers may be."""

    code = "live.response.too_large"


class TooManyAnswers(Conflict):
    """The participant has given as many answers to this activity as are taken of one."""

    code = "live.response.too_many"


class NotYours(Forbidden):
    """Somebody else's place: a participant answers for themselves, and a facilitator for everybody."""

    code = "live.response.not_yours"


class ParticipantUnknown(Malformed):
    """Who would answer has no place in this session; the contract wants 400 here."""

    code = "live.participant.unknown"


class ActivityUnknown(Malformed):
    """What would be answered does not exist in this session; the contract wants 400 here."""

    code = "live.activity.unknown"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a participant sent: the id is the sender's own, by which a second sending of the same is known."""

    response_id: UUID
    participant_id: int
    data: Json
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer is kept, and counted unless it waits for a moderator. Whether it was right is known at once; whoever
    tells it keeps that for the moment at which the solution is shown.
    """

    response_id: UUID
    status: ResponseStatus
    points: int
    is_correct: bool | None
    data: Json


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is kept of the answer."""

    response_id: UUID
    refusal: Refusal


Outcome = Stored | Refused


@dataclass(frozen=True, slots=True)
class Kept:
    """A response as it is kept. One that is counted stands in its participant's slot; it has effect on results and
    scores while it is approved as well.
    """

    id: UUID
    activity_id: UUID
    participant_id: int
    data: Json
    slot: str
    status: ResponseStatus
    is_counted: bool
    is_listed: bool
    is_correct: bool | None
    points: int
    at: datetime

    @property
    def has_effect(self) -> bool:
        """Whether results and scores are made of it too."""
        return self.is_counted and self.status == ResponseStatus.APPROVED

    @property
    def is_scored(self) -> bool:
        """Whether it is one of those that scores are made of."""
        return self.is_correct is not None or self.points != 0

    @property
    def outcome(self) -> Stored:
        """What its sender is told."""
        return Stored(self.id, self.status, self.points, self.is_correct, self.data)


def kept(submission: Submission, answer: Answer, *, activity_id: UUID, at: datetime) -> Kept:
    """A submission as the activity's kind keeps it."""
    return Kept(
        submission.response_id,
        activity_id,
        submission.participant_id,
        answer.data,
        answer.slot,
        ResponseStatus.PENDING if answer.is_pending else ResponseStatus.APPROVED,
        is_counted=True,
        is_listed=answer.is_listed,
        is_correct=answer.is_correct,
        points=answer.points,
        at=at,
    )


def kept_only(submission: Submission, *, activity_id: UUID, at: datetime) -> Kept:
    """A submission that no kind reads, as it was sent; it never counts."""
    return Kept(
        submission.response_id,
        activity_id,
        submission.participant_id,
        submission.data,
        "",
        ResponseStatus.APPROVED,
        is_counted=False,
        is_listed=False,
        is_correct=None,
        points=0,
        at=at,
    )


def require_storable(data: Json) -> None:
    """Refuse an answer that is too long, and what JSON or PostgreSQL cannot hold: infinite numbers, halves of
    characters, NUL.
    """
    try:
        said = json.dumps(data, allow_nan=False, ensure_ascii=False)
        size = len(said.encode())
    except (ValueError, RecursionError):
        raise Unstorable("the answer holds a number or a text that cannot be kept, or is nested too deep") from None
    if size > MAX_BYTES:
        raise ResponseTooLarge(f"the answer has {size} bytes as JSON; at most {MAX_BYTES} are kept")
    if _NUL.search(said):
        raise Unstorable("the answer must not hold a NUL character")


def require_own(own: int | None, named: int | None, *, may_for_others: bool) -> int:
    """The participant who answers: the one who is named or, where nobody is, the caller's own place."""
    if named is not None and (named == own or may_for_others):
        return named
    if named is None and own is not None:
        return own
    if named is None and may_for_others:
        raise ParticipantUnknown("name the participant that you answer for")
    raise NotYours("answer with the token of your own place; join the session to get one")


def id_of(text: str) -> UUID | None:
    """The id that a text is, written as ids are; None where it is none."""
    try:
        id = UUID(text)
    except ValueError:
        return None
    return id if str(id) == text else None
