"""Makers of answers and of what they add up to, and an example of each kind of activity with answers to it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from foodflow.live.rules.activities.kind import (
    ActivityKind,
    Answer,
    AnswerRefused,
    Asked,
    Json,
    Listed,
    Seen,
    Step,
    Tally,
)
from foodflow.live.rules.activities.registry import KINDS

AT: Final = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
SAID_AT: Final = "2026-03-02T06:30:00.000000Z"
OPEN: Final = Step(opened_at=AT, closes_at=AT + timedelta(seconds=20))
REVEALED: Final = replace(OPEN, is_revealed=True)
ANN: Final = Asked("r1", 7, "Ann", AT)
QUESTION: Final = Listed("r9", 8, "Ben", {"question_text": "Why?", "anonymous": False}, AT, "approved")


class Room:
    """An activity of a kind, and those who answer it."""

    def __init__(self, kind: str, configuration: Json) -> None:
        self.kind: ActivityKind[Any] = KINDS[kind]
        read = self.kind.read(configuration)
        assert read is not None, self.kind.errors_of(configuration)
        self.configuration = read

    def answer(self, data: Json, asked: Asked = ANN) -> Answer:
        return self.kind.validate(self.configuration, data, asked)

    def refusal(self, data: Json, asked: Asked = ANN) -> str:
        """Why an answer is not taken."""
        with pytest.raises(AnswerRefused) as caught:
            self.answer(data, asked)
        return caught.value.detail

    def tally(self, answers: Iterable[Json], asked: Asked = ANN) -> Tally:
        """What some answers add up to."""
        found: Counter[str] = Counter()
        for data in answers:
            found.update(self.kind.reduce(self.configuration, self.answer(data, asked).data))
        return dict(found)

    def result(self, answers: Iterable[Json], step: Step = OPEN) -> dict[str, Any]:
        """What comes of some answers."""
        return self.of(Seen(self.tally(answers)), step)

    def of(self, seen: Seen, step: Step = OPEN) -> dict[str, Any]:
        return self.kind.result(self.configuration, seen, step=step)

    def public(self, step: Step = OPEN) -> dict[str, Any]:
        return self.kind.public(self.configuration, step)


@dataclass(frozen=True)
class Example:
    """A kind of activity as somebody sets it up, answers that it takes, and how many keys those can make at most."""

    kind: str
    configuration: Json
    answers: st.SearchStrategy[Json]
    most_keys: int
    asked: Asked = ANN

    @property
    def room(self) -> Room:
        return Room(self.kind, self.configuration)


COLOURS: Final = ["red", "green", "blue", "grey"]
WORDS: Final = ["hygiene", "cooling", "metal", "labels", "allergens"]
QUESTIONS: Final[dict[str, Json]] = {
    "single": {"kind": "single", "text": "Which?", "options": [*COLOURS], "solution": "green"},
    "multiple": {"kind": "multiple", "text": "Which?", "options": [*COLOURS], "solution": ["red", "green"]},
    "true_false": {"kind": "true_false", "text": "Is it?", "solution": True},
    "number": {"kind": "number", "text": "How cold?", "solution": 4, "tolerance": 0.5},
    "order": {"kind": "order", "text": "In which order?", "options": [*COLOURS], "solution": [*reversed(COLOURS)]},
    "text": {"kind": "text", "text": "Who?", "solution": ["Listeria monocytogenes", "listeria"]},
}
ANSWERS: Final[dict[str, st.SearchStrategy[Json]]] = {
    "single": st.sampled_from(COLOURS).map(lambda each: {"choice": each}),
    "multiple": st.lists(st.sampled_from(COLOURS), min_size=1, max_size=4).map(lambda each: {"choices": [*each]}),
    "true_false": st.booleans().map(lambda each: {"value": each}),
    "number": st.floats(-1e15, 1e15).map(lambda each: {"value": each}),
    "order": st.permutations(COLOURS).map(lambda each: {"order": [*each]}),
    "text": st.sampled_from(["Listeria", "Salmonella", "listeria  MONOCYTOGENES!"]).map(lambda each: {"text": each}),
}


def quiz_of(*questions: Json, **fields: Any) -> Room:  # noqa: ANN401 - fields of a configuration
    return Room("quiz", {"questions": [*questions], **fields})


def _quiz(kind: str) -> Example:
    answers = ANSWERS[kind].map(lambda each: {"question": 0, **each})
    return Example("quiz", {"questions": [QUESTIONS[kind]]}, answers, 7)


def _rankings(items: Sequence[str], top: int) -> st.SearchStrategy[Json]:
    return st.permutations(items).map(lambda each: {"ranking": [*each[:top]]})


EXAMPLES: Final[dict[str, Example]] = {
    "poll": Example(
        "poll",
        {"question": "Which?", "options": [*COLOURS], "allow_multiple_choice": True},
        st.lists(st.sampled_from(COLOURS), min_size=1, max_size=4).map(lambda each: {"selected_options": [*each]}),
        5,
    ),
    "qna question": Example("qna", {"topic": "Line 3"}, st.just({"type": "question", "question_text": "Why?"}), 1),
    "qna vote": Example(
        "qna", {"topic": "Line 3"}, st.just({"type": "vote", "question_id": "r9"}), 2, replace(ANN, about=QUESTION)
    ),
    "word cloud": Example(
        "word_cloud",
        {"prompt": "Today in a word?", "max_words_per_submission": 10},
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=10).map(lambda each: {"words": [*each]}),
        7,
    ),
    **{f"quiz {kind}": _quiz(kind) for kind in QUESTIONS},
    "rating": Example(
        "rating",
        {"question": "How was it?", "scale": 10, "from_zero": True},
        st.integers(0, 10).map(lambda each: {"rating": each}),
        12,
    ),
    "rating of items": Example(
        "rating",
        {"question": "How are they?", "items": [*COLOURS]},
        st.dictionaries(st.sampled_from(COLOURS), st.integers(1, 5), min_size=1).map(
            lambda each: {"ratings": {**each}}
        ),
        21,
    ),
    "ranking": Example("ranking", {"question": "In order?", "items": [*COLOURS]}, _rankings(COLOURS, 4), 29),
    "ranking of the first two": Example(
        "ranking", {"question": "In order?", "items": [*COLOURS], "top": 2}, _rankings(COLOURS, 2), 21
    ),
    "planning poker": Example(
        "planning_poker",
        {"story": "Clean the tank"},
        st.sampled_from(["1", "5", "13", "?"]).map(lambda each: {"card": each}),
        5,
    ),
    "open text": Example(
        "open_text",
        {"question": "What must the next shift know?"},
        st.text("abc", min_size=1).map(lambda each: {"text": each}),
        1,
    ),
}
