"""Answers in words, as people read them in a file: what each kind of activity keeps, said in a line."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

Kept = Mapping[str, Any]
_BOOKKEEPING: Final = frozenset(
    {"type", "participant_id", "timestamp", "anonymous", "participant_info", "status", "answered", "seconds"}
)
_ASKED: Final = {
    "poll": "question",
    "qna": "topic",
    "word_cloud": "prompt",
    "rating": "question",
    "ranking": "question",
    "planning_poker": "story",
    "open_text": "question",
}
"""Where the configuration of each kind says what is asked; a quiz has a text for each of its questions."""
_FIELDS: Final = ("choice", "choices", "value", "order", "text")
"""What an answer to a question of a quiz holds one of."""
_BETWEEN: Final = "; "


def things_said(kind: str, answer: Kept, questions: Mapping[str, str] | None = None) -> list[str]:
    """What an answer says, each thing by itself: the chosen options, the words, each item with its grade or place.
    `questions` are the texts of questions that votes are for. What is of no kind of ours, or not as its kind keeps it,
    is said as JSON.
    """
    try:
        return _SAID[kind](answer, questions or {})
    except (KeyError, TypeError, ValueError, AttributeError):
        return [_as_json(answer)]


def in_words(kind: str, answer: Kept, questions: Mapping[str, str] | None = None) -> str:
    """What an answer says, in one text."""
    return _BETWEEN.join(things_said(kind, answer, questions))


def asked(kind: str, configuration: Kept, answer: Kept | None = None) -> str:
    """What an activity asks, or the question of a quiz that an answer is to; empty where nothing says so."""
    if kind != "quiz":
        return _text(configuration.get(_ASKED.get(kind, "question")))
    number = None if answer is None else answer.get("question")
    questions = configuration.get("questions")
    if isinstance(questions, list) and isinstance(number, int) and 0 <= number < len(questions):
        question = questions[number]
        return _text(question.get("text")) if isinstance(question, dict) else ""
    return _text(configuration.get("title"))


def question_of(kind: str, answer: Kept) -> tuple[str, str] | None:
    """The id and the text of a question that participants can vote for, where an answer is one."""
    if kind != "qna" or answer.get("type") != "question":
        return None
    return _text(answer.get("question_id")), _text(answer.get("question_text"))


def _choices(answer: Kept, _: Mapping[str, str]) -> list[str]:
    return _texts(answer["selected_options"])


def _questions_and_votes(answer: Kept, questions: Mapping[str, str]) -> list[str]:
    if answer["type"] == "question":
        return [str(answer["question_text"])]
    id = str(answer["question_id"])
    return [f"vote for: {questions.get(id, id)}"]


def _words(answer: Kept, _: Mapping[str, str]) -> list[str]:
    return _texts(answer["words"])


def _solution(answer: Kept, _: Mapping[str, str]) -> list[str]:
    field = next((name for name in _FIELDS if name in answer), "")
    given = answer[field]
    if isinstance(given, list):
        said = (" > " if field == "order" else ", ").join(_texts(given))
    else:
        said = given if isinstance(given, str) else _number(given)
    return [f"question {int(answer['question']) + 1}: {said}"]


def _grades(answer: Kept, _: Mapping[str, str]) -> list[str]:
    if "ratings" in answer:
        return [f"{item}: {_number(grade)}" for item, grade in answer["ratings"].items()]
    return [_number(answer["rating"])]


def _places(answer: Kept, _: Mapping[str, str]) -> list[str]:
    return [f"{place}. {item}" for place, item in enumerate(_texts(answer["ranking"]), 1)]


def _card(answer: Kept, _: Mapping[str, str]) -> list[str]:
    return [str(answer["card"])]


def _own_words(answer: Kept, _: Mapping[str, str]) -> list[str]:
    return [str(answer["text"])]


_SAID: Final[dict[str, Callable[[Kept, Mapping[str, str]], list[str]]]] = {
    "poll": _choices,
    "qna": _questions_and_votes,
    "word_cloud": _words,
    "quiz": _solution,
    "rating": _grades,
    "ranking": _places,
    "planning_poker": _card,
    "open_text": _own_words,
}


def _texts(given: Any) -> list[str]:  # noqa: ANN401 - whatever is kept
    if not isinstance(given, list):
        raise TypeError
    return [str(each) for each in given]


def _number(given: float) -> str:
    return json.dumps(given).removesuffix(".0")


def _as_json(answer: Kept) -> str:
    said = {name: value for name, value in answer.items() if name not in _BOOKKEEPING}
    return json.dumps(said or dict(answer), ensure_ascii=False)


def _text(given: Any) -> str:  # noqa: ANN401 - whatever is kept
    return given if isinstance(given, str) else ""
