"""Answers in words: what people read in a file is what somebody said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.live.rules.anonymity import is_named
from foodflow.live.rules.wording import asked, in_words, question_of, things_said

KEPT = {"participant_id": 7, "timestamp": "2026-01-05T06:00:00.000000Z"}
QUIZ = {"title": "Hygiene", "questions": [{"text": "How cold?"}, {"text": "How many?"}]}
KINDS = ["poll", "qna", "word_cloud", "quiz", "rating", "ranking", "planning_poker", "open_text", "dance"]
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=8)  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("poll", {"selected_options": ["Yes"]}, ["Yes"]),
        ("poll", {"selected_options": ["A", "C"]}, ["A", "C"]),
        ("qna", {"type": "question", "question_id": "q1", "question_text": "Why?"}, ["Why?"]),
        ("qna", {"type": "vote", "question_id": "q1"}, ["vote for: Why?"]),
        ("qna", {"type": "vote", "question_id": "q2"}, ["vote for: q2"]),
        ("word_cloud", {"words": ["clean", "safe"], "status": "approved"}, ["clean", "safe"]),
        ("quiz", {"question": 0, "choice": "5 °C", "seconds": 2.5}, ["question 1: 5 °C"]),
        ("quiz", {"question": 1, "choices": ["A", "B"]}, ["question 2: A, B"]),
        ("quiz", {"question": 1, "value": True}, ["question 2: true"]),
        ("quiz", {"question": 1, "value": 3.0}, ["question 2: 3"]),
        ("quiz", {"question": 1, "value": 0.1}, ["question 2: 0.1"]),
        ("quiz", {"question": 1, "order": ["B", "A"]}, ["question 2: B > A"]),
        ("quiz", {"question": 1, "text": "Listeria"}, ["question 2: Listeria"]),
        ("rating", {"rating": 4}, ["4"]),
        ("rating", {"ratings": {"Taste": 5, "Smell": 3}}, ["Taste: 5", "Smell: 3"]),
        ("ranking", {"ranking": ["B", "A"]}, ["1. B", "2. A"]),
        ("planning_poker", {"card": "13"}, ["13"]),
        ("open_text", {"text": "Less noise", "anonymous": True}, ["Less noise"]),
        ("dance", {"step": "left"}, ['{"step": "left"}']),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_kind_is_said_thing_by_thing(kind: str, said: dict[str, Any], words: list[str]) -> None:
    answer = {"type": f"{kind}_response", **KEPT, **said}
    assert things_said(kind, answer, {"q1": "Why?"}) == words
    assert in_words(kind, answer, {"q1": "Why?"}) == "; ".join(words)


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(["type", "words", "ratings", "ranking", "card", "question", "value", "text", "selected_options", "x"]), JSON))  # fmt: skip  # noqa: E501
def test_whatever_is_kept_can_be_said(kind: str, answer: dict[str, Any]) -> None:
    assert all(isinstance(thing, str) for thing in things_said(kind, answer))
    assert isinstance(asked(kind, answer, answer), str)
    assert question_of(kind, answer) is None or kind == "qna"


@pytest.mark.parametrize(
    ("kind", "configuration", "question"),
    [
        ("poll", {"question": "Ready?"}, "Ready?"),
        ("qna", {"topic": "The new line"}, "The new line"),
        ("word_cloud", {"prompt": "In a word?"}, "In a word?"),
        ("planning_poker", {"story": "Move the oven"}, "Move the oven"),
        ("quiz", QUIZ, "Hygiene"),
        ("dance", {"question": "Shall we?"}, "Shall we?"),
        ("poll", {}, ""),
    ],
)
def test_it_is_known_what_was_asked(kind: str, configuration: dict[str, Any], question: str) -> None:
    assert asked(kind, configuration) == question


def test_an_answer_of_a_quiz_is_to_one_of_its_questions() -> None:
    assert asked("quiz", QUIZ, {"question": 1}) == "How many?"
    assert asked("quiz", QUIZ, {"question": 2}) == "Hygiene"


@pytest.mark.parametrize(
    ("kind", "answer", "named"),
    [
        ("poll", {"anonymous": True}, False),
        ("poll", {"anonymous": False, "participant_info": {"nickname": "Ann"}}, True),
        ("open_text", {"text": "x"}, False),
        ("rating", {"rating": 1}, False),
        ("quiz", {"question": 0}, True),
        ("dance", {}, True),
    ],
)
def test_an_answer_bears_a_name_only_where_it_was_signed_or_somebody_gets_its_points(
    kind: str, answer: dict[str, Any], *, named: bool
) -> None:
    assert is_named(kind, answer) is named
