"""Wire shapes of records of training."""

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from foodflow.kernel.wire import In, Instant, Out
from foodflow.live.rules.sessions import LARGEST_ID, Purpose
from foodflow.live.rules.training import number_of
from foodflow.live.usecases.training import Assigned


class PersonIn(In):
    """Which person of the company has a place."""

    user_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class TrainingRecordOut(Out):
    """That somebody attended a live session. `score`, `correct` and `questions` are null where no quiz was asked, and
    `passed` where the session has no pass mark either; `person_name` is empty where the person was erased, and
    `session_id` is null where the session was removed.
    """

    id: UUID
    user_id: Annotated[int, BeforeValidator(number_of), Field(validation_alias="actor")]
    person_name: str
    session_id: int | None
    title: str
    purpose: Purpose
    site: str
    facilitator: str
    attended_from: Instant
    attended_until: Instant
    score: int | None
    correct: int | None
    questions: int | None
    passed: bool | None
    recorded_at: Instant


class AssignedOut(Out):
    """Whose place it is now; `training_record` is what is recorded of them, once the session is over."""

    participant_id: str
    nickname: str
    user_id: int
    person_name: str
    training_record: TrainingRecordOut | None

    @classmethod
    def of(cls, assigned: Assigned) -> "AssignedOut":
        """What was assigned."""
        record = assigned.record
        return cls(
            participant_id=str(assigned.participant.id),
            nickname=assigned.participant.nickname,
            user_id=assigned.user_id,
            person_name=assigned.person_name,
            training_record=None if record is None else TrainingRecordOut.model_validate(record),
        )
