"""Quizzes: one question after the other, and nobody learns of solutions too early."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foodflow.live.rules.activities.kind import AnswerRefused, Json, Seen, Step
from foodflow.live.rules.activities.quiz import QuestionClosed
from foodflow.live.rules.activities.registry import KINDS
from tests.live.rules.activities.make import ANN, ANSWERS, AT, COLOURS, OPEN, QUESTIONS, REVEALED, SAID_AT, quiz_of

SINGLE, NUMBER, ORDER = QUESTIONS["single"], QUESTIONS["number"], QUESTIONS["order"]
OTHER_SOLUTIONS: dict[str, Json] = {
    "single": {"solution": "grey"},
    "multiple": {"solution": ["blue"]},
    "true_false": {"solution": False},
    "number": {"solution": -7, "tolerance": 3},
    "order": {"solution": [*COLOURS]},
    "text": {"solution": "Salmonella"},
}
every_kind = pytest.mark.parametrize("kind", list(QUESTIONS))


def test_an_answer_is_kept_without_a_word_of_whether_it_is_right() -> None:
    answer = quiz_of(SINGLE).answer({"question": 0, "choice": "green"}, replace(ANN, seconds=5.0004))
    assert answer.data == {
        "type": "quiz_response",
        "participant_id": 7,
        "question": 0,
        "choice": "green",
        "seconds": 5.0,
        "timestamp": SAID_AT,
    }
    assert (answer.slot, answer.is_final, answer.is_correct, answer.points) == ("q0", True, True, 875)


def test_a_wrong_answer_gives_nothing() -> None:
    answer = quiz_of(SINGLE).answer({"question": 0, "choice": "red"})
    assert (answer.is_correct, answer.points) == (False, 0)


def test_without_bonuses_a_right_answer_gives_all_points_whenever_it_comes() -> None:
    late = replace(ANN, step=1, seconds=20.0, streak=1, taken={"q0"})
    assert quiz_of(SINGLE, SINGLE).answer({"question": 1, "choice": "green"}, late).points == 550
    plain = quiz_of(SINGLE, SINGLE, speed_bonus=False, streak_bonus=False)
    assert plain.answer({"question": 1, "choice": "green"}, late).points == 1000


@pytest.mark.parametrize(
    ("step", "streak", "taken", "expected"),
    [
        (0, 4, set(), 1000),
        (3, 3, {"q0", "q1", "q2"}, 1300),
        (3, 1, {"q0", "q1", "q2"}, 1100),
        (3, 2, {"q0", "q1"}, 1000),
        (7, 7, {f"q{number}" for number in range(7)}, 1500),
    ],
    ids=["another quiz", "three in a row", "one after a wrong one", "one left out", "more than five"],
)
def test_right_answers_in_a_row_give_more_and_whoever_leaves_one_out_begins_anew(
    step: int, streak: int, taken: set[str], expected: int
) -> None:
    asked = replace(ANN, step=step, streak=streak, taken=taken)
    assert quiz_of(*[SINGLE] * 8).answer({"question": step, "choice": "green"}, asked).points == expected


@pytest.mark.parametrize(
    ("question", "step", "seconds", "is_taken"),
    [
        (0, 0, 20.5, True),
        (0, 0, 20.51, False),
        (1, 0, 1.0, False),
        (0, 1, 1.0, False),
        (9, 9, 1.0, False),
        (-1, -1, 1.0, False),
    ],
)
def test_the_open_question_alone_is_answered_and_in_its_time(
    question: int,
    step: int,
    seconds: float,
    is_taken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    room, asked = quiz_of(SINGLE, SINGLE), replace(ANN, step=step, seconds=seconds)
    data: Json = {"question": question, "choice": "green"}
    if is_taken:
        assert room.answer(data, asked).points == 500
    else:
        with pytest.raises(QuestionClosed):
            room.answer(data, asked)


@pytest.mark.parametrize(
    ("kind", "answer", "says"),
    [
        ("single", {}, "choose one of the options"),
        ("single", {"choice": "pink"}, "choose one of the options"),
        ("single", {"choice": 0}, "choice: Input should be a valid string"),
        ("multiple", {"choices": []}, "choose some of the options"),
        ("multiple", {"choices": ["red", "pink"]}, "choose some of the options"),
        ("true_false", {"value": 1}, "say true or false"),
        ("true_false", {"value": "true"}, "valid boolean"),
        ("number", {"value": True}, "give a number"),
        ("number", {"value": None}, "give a number"),
        ("number", {"value": 1e300}, "less than or equal"),
        ("number", {"value": float("nan")}, "finite number"),
        ("order", {"order": ["red"]}, "put all options in order"),
        ("order", {"order": ["red", "red", "green", "blue"]}, "put all options in order"),
        ("text", {"text": "!"}, "write a word"),
        ("text", {"text": "x" * 201}, "at most 200"),
        ("text", {}, "write a word"),
    ],
)
def test_what_is_no_answer_to_a_question_is_refused(kind: str, answer: Json, says: str) -> None:
    assert says in quiz_of(QUESTIONS[kind]).refusal({"question": 0, **answer})


@pytest.mark.parametrize(
    ("kind", "answer", "is_correct", "points"),
    [
        ("multiple", {"choices": ["green", "red"]}, True, 1000),
        ("multiple", {"choices": ["green"]}, False, 500),
        ("true_false", {"value": True}, True, 1000),
        ("true_false", {"value": False}, False, 0),
        ("number", {"value": 4.5}, True, 1000),
        ("number", {"value": 3.499}, False, 0),
        ("order", {"order": ["grey", "blue", "green", "red"]}, True, 1000),
        ("order", {"order": ["grey", "blue", "red", "green"]}, False, 667),
        ("order", {"order": [*COLOURS]}, False, 0),
        ("text", {"text": " LISTERIA. "}, True, 1000),
        ("text", {"text": "listeria monocytogenes"}, True, 1000),
        ("text", {"text": "E. coli"}, False, 0),
    ],
)
def test_each_kind_of_question_knows_how_right_an_answer_is(
    kind: str,
    answer: Json,
    is_correct: bool,  # noqa: FBT001 - a column of the table
    points: int,
) -> None:
    found = quiz_of(QUESTIONS[kind]).answer({"question": 0, **answer})
    assert (found.is_correct, found.points) == (is_correct, points)


def test_a_tolerance_is_of_the_decimals_that_people_write() -> None:
    room = quiz_of({**NUMBER, "solution": 0.3, "tolerance": 0.1})
    assert room.answer({"question": 0, "value": 0.4}).is_correct
    assert not room.answer({"question": 0, "value": 0.41}).is_correct


@every_kind
@settings(max_examples=20)
@given(st.data())
def test_whoever_looks_before_the_solution_is_out_learns_nothing_of_it(kind: str, data: st.DataObject) -> None:
    answers: list[Json] = [{"question": 0, **each} for each in data.draw(st.lists(ANSWERS[kind], max_size=5))]
    question = {**QUESTIONS[kind], "explanation": "So it is."}
    one, other = quiz_of(question), quiz_of({**question, "explanation": "Not so.", **OTHER_SOLUTIONS[kind]})
    assert one.public() == other.public()
    assert one.result(answers) == other.result(answers)
    assert [one.answer(each).data for each in answers] == [other.answer(each).data for each in answers]


@every_kind
def test_the_solution_and_its_reason_are_shown_once_they_are_out(kind: str) -> None:
    room = quiz_of({**QUESTIONS[kind], "explanation": "So it is."})
    for step in (REVEALED, replace(OPEN, is_over=True)):
        for shown in (room.public(step)["question"], room.result([], step)["questions"][0]):
            assert (shown["solution"], shown["explanation"]) == (QUESTIONS[kind]["solution"], "So it is.")


def test_participants_see_the_open_question_alone() -> None:
    room = quiz_of(SINGLE, {**NUMBER, "points": 500, "seconds": 30}, title="HACCP")
    assert room.public(replace(OPEN, number=1)) == {
        "title": "HACCP",
        "speed_bonus": True,
        "streak_bonus": True,
        "show_leaderboard": True,
        "total_questions": 2,
        "step": 1,
        "question": {"kind": "number", "text": "How cold?", "seconds": 30, "points": 500},
    }


def test_no_question_is_seen_before_the_first_is_opened() -> None:
    assert quiz_of(SINGLE).public(Step())["question"] is None
    assert quiz_of(SINGLE).result([], Step())["questions"] == []


def test_the_options_of_an_order_are_shown_in_an_order_of_their_own() -> None:
    shown = {
        tuple(quiz_of({**ORDER, "solution": [*each]}).public()["question"]["options"])
        for each in (COLOURS, COLOURS[::-1])
    }
    assert len(shown) == 1
    assert sorted(shown.pop()) == sorted(COLOURS)


def test_there_are_as_many_steps_as_questions_each_with_its_time() -> None:
    room = quiz_of(SINGLE, {**SINGLE, "seconds": 45})
    kind, configuration = room.kind, room.configuration
    assert kind.steps(configuration) == 2
    assert [kind.seconds_of(configuration, step) for step in range(3)] == [20, 45, None]


def test_what_was_answered_is_counted_by_question() -> None:
    room = quiz_of(SINGLE)
    tally = room.tally(
        [{"question": 0, "choice": each} for each in ("green", "green", "red")], replace(ANN, seconds=2.5)
    )
    assert tally == {"q0:answers": 3, "q0:correct": 2, "q0:ms": 7500, "q0:choice:green": 2, "q0:choice:red": 1}
    before = room.of(Seen(tally, participants=3, last_at=AT))
    assert before["questions"][0] == {
        "question": 0,
        "kind": "single",
        "text": "Which?",
        "options": COLOURS,
        "seconds": 20,
        "points": 1000,
        "answers": 3,
        "mean_seconds": 2.5,
        "is_revealed": False,
        "correct": None,
        "right_share": None,
        "counts": None,
        "shares": None,
    }
    after = room.of(Seen(tally), REVEALED)["questions"][0]
    assert after["counts"] == {"red": 1, "green": 2, "blue": 0, "grey": 0}
    assert after["shares"] == {"red": 33.3, "green": 66.7, "blue": 0.0, "grey": 0.0}
    assert (after["correct"], after["right_share"]) == (2, 66.7)
    assert {**before, "questions": []} == {
        "type": "quiz_results",
        "title": None,
        "total_questions": 1,
        "step": 0,
        "questions": [],
        "total_responses": 3,
        "participant_count": 3,
        "show_leaderboard": True,
        "last_updated": SAID_AT,
    }


@pytest.mark.parametrize(
    ("kind", "answers", "counts"),
    [
        (
            "multiple",
            [{"choices": ["red", "blue"]}, {"choices": ["red"]}],
            {"red": 2, "green": 0, "blue": 1, "grey": 0},
        ),
        ("true_false", [{"value": True}, {"value": False}, {"value": True}], {"true": 2, "false": 1}),
        ("number", [{"value": -1}, {"value": 4}, {"value": 5}, {"value": 6}], {"low": 1, "right": 1, "high": 2}),
        ("order", [{"order": ["grey", "red", "green", "blue"]}], {"red": 0, "green": 1, "blue": 0, "grey": 1}),
        ("text", [{"text": "Listeria"}, {"text": "me"}, {"text": "you"}], {"right": 1, "wrong": 2}),
    ],
)
def test_each_kind_of_question_counts_what_was_answered_in_few_numbers(
    kind: str, answers: list[Json], counts: dict[str, int]
) -> None:
    room = quiz_of(QUESTIONS[kind])
    result = room.result([{"question": 0, **each} for each in answers], REVEALED)
    assert result["questions"][0]["counts"] == counts


def test_a_question_that_was_passed_is_out_and_those_to_come_are_not_told() -> None:
    asked = quiz_of(SINGLE, NUMBER, ORDER).result([], replace(OPEN, number=1))["questions"]
    assert [(each["kind"], each["is_revealed"]) for each in asked] == [("single", True), ("number", False)]


def test_an_answer_to_a_question_that_is_gone_adds_nothing() -> None:
    room = quiz_of(SINGLE)
    gone: list[Json] = [{"question": 1, "choice": "green"}, {"question": 0, "value": True}, {"question": None}, {}]
    for data in gone:
        assert room.kind.reduce(room.configuration, data) == {}


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("single", {"solution": "pink"}, "must be one of the options"),
        ("single", {"options": ["red", "red"], "solution": "red"}, "must all be different"),
        ("single", {"options": ["red"], "solution": "red"}, "at least 2 items"),
        ("single", {"seconds": 4}, "greater than or equal to 5"),
        ("single", {"seconds": 601}, "less than or equal to 600"),
        ("single", {"points": -1}, "greater than or equal to 0"),
        ("single", {"text": "\x07"}, "control characters"),
        ("single", {"kind": "essay"}, "does not match any of the expected tags"),
        ("multiple", {"solution": ["red", "pink"]}, "must be some of the options"),
        ("multiple", {"solution": []}, "at least 1 item"),
        ("true_false", {"solution": "yes"}, "valid boolean"),
        ("number", {"solution": float("inf")}, "finite number"),
        ("number", {"tolerance": -1}, "greater than or equal to 0"),
        ("order", {"solution": ["red", "green"]}, "must be all options in order"),
        ("text", {"solution": ["Listeria", "?"]}, "must hold letters or digits"),
        ("text", {"solution": []}, "at least 1 item"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(kind: str, fields: dict[str, Any], says: str) -> None:
    errors = KINDS["quiz"].errors_of({"questions": [{**QUESTIONS[kind], **fields}]})
    assert says in " ".join(errors)


def test_a_quiz_has_at_least_one_question_and_at_most_fifty() -> None:
    assert KINDS["quiz"].errors_of({"questions": []}) != []
    assert KINDS["quiz"].errors_of({"questions": [{"question": "?"}]}) == ["questions.0: say of which 'kind' it is"]
    assert KINDS["quiz"].errors_of({"questions": [SINGLE] * 50}) == []
    assert KINDS["quiz"].errors_of({"questions": [SINGLE] * 51}) != []


def test_a_refusal_of_a_closed_question_has_a_code_of_its_own() -> None:
    assert issubclass(QuestionClosed, AnswerRefused)
    assert QuestionClosed.code == "live.response.question_closed"
