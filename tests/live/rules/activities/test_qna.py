"""Questions and answers: asking, voting for questions of others, and what is listed."""

from dataclasses import replace

import pytest

from foodflow.live.rules.activities.kind import Asked, Json, Listed, Seen
from tests.live.rules.activities.make import ANN, AT, QUESTION, SAID_AT, Room

ASK: Json = {"type": "question", "question_text": " Why does line 3 stop? "}
VOTE: Json = {"type": "vote", "question_id": "r9"}
VOTING = replace(ANN, about=QUESTION)


def qna(**fields: bool | int) -> Room:
    return Room("qna", {"topic": "Line 3", **fields})


def test_a_question_is_listed_and_known_by_the_id_of_its_response() -> None:
    answer = qna().answer(ASK)
    assert answer.data == {
        "type": "question",
        "participant_id": 7,
        "question_id": "r1",
        "question_text": "Why does line 3 stop?",
        "anonymous": False,
        "status": "approved",
        "timestamp": SAID_AT,
        "participant_info": {"nickname": "Ann"},
    }
    assert (answer.slot, answer.is_listed, answer.is_pending) == ("question:r1", True, False)


def test_a_question_waits_for_a_moderator_where_questions_are_moderated() -> None:
    answer = qna(moderate_questions=True).answer(ASK)
    assert answer.is_pending
    assert answer.data["status"] == "pending"


def test_who_wants_to_be_anonymous_bears_no_name() -> None:
    data = qna().answer({**ASK, "anonymous": True}).data
    assert data["anonymous"] is True
    assert "participant_info" not in data


def test_a_vote_is_for_the_question_of_somebody_else_and_counts_once() -> None:
    answer = qna().answer(VOTE, VOTING)
    assert answer.data == {"type": "vote", "participant_id": 7, "question_id": "r9", "timestamp": SAID_AT}
    assert (answer.slot, answer.is_listed) == ("vote:r9", False)


def test_each_vote_counts_where_several_are_allowed() -> None:
    assert qna(allow_multiple_votes=True).answer(VOTE, VOTING).slot == "vote:r9:r1"


def test_a_vote_says_which_question_it_is_for() -> None:
    kind = qna().kind
    assert kind.about(VOTE) == "r9"
    others: list[Json] = [ASK, {"type": "vote"}, {"type": "vote", "question_id": 9}]
    assert [kind.about(each) for each in others] == [None] * 3


@pytest.mark.parametrize(
    ("fields", "asked", "says"),
    [
        ({"enable_voting": False}, VOTING, "no votes"),
        ({}, ANN, "no such question"),
        ({}, replace(ANN, about=replace(QUESTION, id="r8")), "no such question"),
        ({}, replace(ANN, about=replace(QUESTION, status="pending")), "no such question"),
        ({}, replace(ANN, about=replace(QUESTION, participant_id=7)), "somebody else"),
    ],
    ids=["no voting", "no question", "another question", "not shown", "own question"],
)
def test_what_cannot_be_voted_for_is_refused(fields: dict[str, bool], asked: Asked, says: str) -> None:
    assert says in qna(**fields).refusal(VOTE, asked)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "type: Field required"),
        ({"type": "applause"}, "question' or 'vote"),
        ({"type": "question"}, "question_text: Field required"),
        ({"type": "question", "question_text": "  "}, "blank"),
        ({"type": "question", "question_text": "a\x00b"}, "control"),
        ({"type": "question", "question_text": "x" * 21}, "20 characters"),
        ({"type": "question", "question_text": "Who?", "anonymous": True}, "under one's name"),
    ],
)
def test_what_is_no_question_is_refused(data: Json, says: str) -> None:
    assert says in qna(allow_anonymous=False, max_question_length=20).refusal(data)


def test_questions_and_votes_are_counted() -> None:
    room = qna()
    assert room.tally([ASK, VOTE, VOTE], VOTING) == {"questions": 1, "votes": 2, "votes:r9": 2}


def test_the_questions_are_listed_as_they_come_most_votes_first() -> None:
    popular = replace(QUESTION, votes=3, voters=[1, 2, 3], data={**QUESTION.data, "answered": True})
    hidden = Listed("r8", 7, "Ann", {"question_text": "And?", "anonymous": True}, AT, "approved")
    result = qna().of(Seen({"questions": 2, "votes": 3}, listed=[popular, hidden], last_at=AT))
    first = {
        "id": "r9",
        "text": "Why?",
        "anonymous": False,
        "participant_id": 8,
        "nickname": "Ben",
        "timestamp": SAID_AT,
        "status": "approved",
        "answered": True,
        "vote_count": 3,
        "voters": [1, 2, 3],
    }
    second = {**first, "id": "r8", "text": "And?", "anonymous": True, "participant_id": None, "nickname": None}
    assert result == {
        "type": "qna_results",
        "topic": "Line 3",
        "total_questions": 2,
        "total_votes": 3,
        "approved_questions": [first, {**second, "answered": False, "vote_count": 0, "voters": []}],
        "pending_questions": [],
        "most_popular_question": first,
        "allow_anonymous": True,
        "enable_voting": True,
        "show_vote_counts": True,
        "moderate_questions": False,
        "last_updated": SAID_AT,
    }


def test_no_question_is_popular_without_votes() -> None:
    assert qna().of(Seen({}, listed=[QUESTION]))["most_popular_question"] is None


def test_without_vote_counts_nobody_learns_of_votes() -> None:
    popular = replace(QUESTION, votes=3, voters=[1, 2, 3])
    result = qna(show_vote_counts=False).of(Seen({"votes": 3}, listed=[popular]))
    assert result["total_votes"] is None
    item = result["approved_questions"][0]
    assert (item["vote_count"], item["voters"]) == (None, [])


def test_pending_questions_are_not_shown_where_questions_are_moderated() -> None:
    seen = Seen({}, pending=[QUESTION])
    assert qna(moderate_questions=True).of(seen)["pending_questions"] == []
    assert len(qna().of(seen)["pending_questions"]) == 1


def test_the_latest_hundred_voters_are_told() -> None:
    result = qna().of(Seen({}, listed=[replace(QUESTION, voters=range(150))]))
    assert result["approved_questions"][0]["voters"] == [*range(100)]
