"""Questions and answers: participants ask and vote for questions, and the facilitator answers them aloud."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from foodflow.live.rules.activities.kind import (
    AT_FIRST,
    MOST_SHOWN,
    ActivityKind,
    Answer,
    AnswerRefused,
    Asked,
    Configuration,
    Json,
    Listed,
    Metadata,
    Seen,
    Shape,
    Step,
    Tally,
    kept,
    last_updated,
    read_answer,
    signed,
    utc,
)
from foodflow.live.rules.activities.texts import Readable, Title
from foodflow.live.rules.moderation import ResponseStatus

_QUESTIONS, _VOTES = "questions", "votes"


class QnaConfiguration(Configuration):
    """What is asked about, and how."""

    topic: Title
    allow_anonymous: bool = True
    enable_voting: bool = True
    moderate_questions: bool = False
    allow_multiple_votes: bool = False
    show_vote_counts: bool = True
    max_question_length: Annotated[int, Field(ge=10, le=1000)] = 500


class _Said(Shape):
    type: Literal["question", "vote"]


class _Question(Shape):
    question_text: Annotated[str, Readable]
    anonymous: bool = False


class _Vote(Shape):
    question_id: Annotated[str, Field(min_length=1, max_length=100)]


class Qna(ActivityKind[QnaConfiguration]):
    """Questions that are listed by votes. A question is known by the id of its response, and data of it that says
    `answered` was marked so by a facilitator.
    """

    id = "qna"
    name = "Q&A Session"
    description = "Participants ask questions and vote for those of others; the facilitator answers."
    metadata = Metadata(duration_seconds=900, allow_multiple_responses=True, requires_moderation=True)
    configuration = QnaConfiguration

    def about(self, data: Mapping[str, JsonValue]) -> str | None:
        """The question that a vote is for."""
        question = data.get("question_id") if data.get("type") == "vote" else None
        return question if isinstance(question, str) else None

    def validate(self, configuration: QnaConfiguration, data: Json, asked: Asked) -> Answer:
        """A question, or a vote for somebody else's that is shown."""
        if read_answer(_Said, data).type == "question":
            return _question(configuration, read_answer(_Question, data), asked)
        return _vote(configuration, read_answer(_Vote, data), asked)

    def reduce(self, configuration: QnaConfiguration, answer: Json) -> Tally:
        """One for a question; one for a vote, and one for what it is for."""
        del configuration
        if answer.get("type") == "question":
            return {_QUESTIONS: 1}
        return {_VOTES: 1, f"{_VOTES}:{answer.get('question_id')}": 1}

    def result(self, configuration: QnaConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """The questions that are listed, most votes first; totals are of all. Pending ones are left out where questions
        are moderated, and voters are the latest hundred, where the contract had no bound. Who wants to be anonymous has
        no name here; without vote counts, there are none and no voters.
        """
        del step
        approved: list[JsonValue] = [_item(configuration, each) for each in seen.listed]
        pending = () if configuration.moderate_questions else seen.pending
        return {
            "type": "qna_results",
            "topic": configuration.topic,
            "total_questions": seen.tally.get(_QUESTIONS, 0),
            "total_votes": seen.tally.get(_VOTES, 0) if configuration.show_vote_counts else None,
            "approved_questions": approved,
            "pending_questions": [_item(configuration, each) for each in pending],
            "most_popular_question": approved[0] if seen.listed and seen.listed[0].votes else None,
            "allow_anonymous": configuration.allow_anonymous,
            "enable_voting": configuration.enable_voting,
            "show_vote_counts": configuration.show_vote_counts,
            "moderate_questions": configuration.moderate_questions,
            "last_updated": last_updated(seen),
        }


def _question(configuration: QnaConfiguration, question: _Question, asked: Asked) -> Answer:
    text = question.question_text.strip()
    if len(text) > configuration.max_question_length:
        raise AnswerRefused(f"a question has {configuration.max_question_length} characters at most")
    if question.anonymous and not configuration.allow_anonymous:
        raise AnswerRefused("questions are asked under one's name here")
    status = ResponseStatus.PENDING if configuration.moderate_questions else ResponseStatus.APPROVED
    data = kept(
        "question",
        asked,
        question_id=asked.response_id,
        question_text=text,
        anonymous=question.anonymous,
        status=status,
    )
    return Answer(
        signed(data, asked, is_anonymous=question.anonymous),
        slot=f"question:{asked.response_id}",
        is_listed=True,
        is_pending=configuration.moderate_questions,
    )


def _vote(configuration: QnaConfiguration, vote: _Vote, asked: Asked) -> Answer:
    if not configuration.enable_voting:
        raise AnswerRefused("there are no votes on these questions")
    question = asked.about
    if question is None or question.id != vote.question_id or question.status != ResponseStatus.APPROVED:
        raise AnswerRefused("there is no such question to vote for")
    if question.participant_id == asked.participant_id:
        raise AnswerRefused("vote for a question of somebody else")
    slot = f"vote:{question.id}"
    several = f"{slot}:{asked.response_id}"
    data = kept("vote", asked, question_id=question.id)
    return Answer(data, slot=several if configuration.allow_multiple_votes else slot)


def _item(configuration: QnaConfiguration, question: Listed) -> Json:
    is_anonymous = question.data.get("anonymous") is not False
    is_counted = configuration.show_vote_counts
    return {
        "id": question.id,
        "text": question.data.get("question_text"),
        "anonymous": is_anonymous,
        "participant_id": None if is_anonymous else question.participant_id,
        "nickname": None if is_anonymous else question.nickname,
        "timestamp": utc(question.at),
        "status": question.status,
        "answered": question.data.get("answered") is True,
        "vote_count": question.votes if is_counted else None,
        "voters": list(question.voters[:MOST_SHOWN]) if is_counted else [],
    }
