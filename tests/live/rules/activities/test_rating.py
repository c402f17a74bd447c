"""Ratings: grades on a scale, of one thing or of several."""

import pytest

from foodflow.live.rules.activities.kind import Json, Seen
from foodflow.live.rules.activities.registry import KINDS
from tests.live.rules.activities.make import AT, SAID_AT, Room

QUESTION: Json = {"question": "How was it?"}
ITEMS: Json = {"question": "How are they?", "items": ["Line 1", "Line 2"]}


def test_a_grade_is_kept() -> None:
    answer = Room("rating", QUESTION).answer({"rating": 4})
    assert answer.data == {"type": "rating_response", "participant_id": 7, "rating": 4, "timestamp": SAID_AT}
    assert (answer.slot, answer.is_final) == ("", False)


def test_grades_of_items_are_kept_in_their_order_and_some_may_be_left_out() -> None:
    room = Room("rating", ITEMS)
    assert room.answer({"ratings": {"Line 2": 1, "Line 1": 5}}).data["ratings"] == {"Line 1": 5, "Line 2": 1}
    assert room.answer({"ratings": {"Line 2": 1}}).data["ratings"] == {"Line 2": 1}


@pytest.mark.parametrize(
    ("configuration", "data", "says"),
    [
        (QUESTION, {"rating": 0}, "from 1 to 5"),
        (QUESTION, {"rating": 6}, "from 1 to 5"),
        (QUESTION, {"rating": 4.5}, "valid integer"),
        (QUESTION, {"rating": True}, "valid integer"),
        (QUESTION, {}, "rating: Field required"),
        ({**QUESTION, "from_zero": True, "scale": 10}, {"rating": -1}, "from 0 to 10"),
        (ITEMS, {"ratings": {}}, "at least 1"),
        (ITEMS, {"ratings": {"Line 3": 1}}, "rate the items"),
        (ITEMS, {"ratings": {"Line 1": 9}}, "from 1 to 5"),
        (ITEMS, {"rating": 1}, "ratings: Field required"),
    ],
)
def test_what_is_no_grade_is_refused(configuration: Json, data: Json, says: str) -> None:
    assert says in Room("rating", configuration).refusal(data)


def test_the_grades_of_a_question_and_how_they_spread_are_shown() -> None:
    room = Room("rating", {**QUESTION, "labels": ["bad", "good"]})
    tally = room.tally([{"rating": each} for each in (2, 4, 4, 4, 5, 5, 5, 5)])
    assert room.of(Seen(tally, last_at=AT)) == {
        "type": "rating_results",
        "question": "How was it?",
        "grades": [1, 2, 3, 4, 5],
        "labels": ["bad", "good"],
        "items": [
            {
                "item": None,
                "n": 8,
                "histogram": {"1": 0, "2": 1, "3": 0, "4": 3, "5": 4},
                "mean": 4.25,
                "median": 4.5,
                "standard_deviation": 0.97,
            }
        ],
        "total_responses": 8,
        "last_updated": SAID_AT,
    }


def test_each_item_has_its_own_grades() -> None:
    items = Room("rating", ITEMS).result([{"ratings": {"Line 1": 1}}, {"ratings": {"Line 1": 2, "Line 2": 5}}])["items"]
    assert [(each["item"], each["n"], each["mean"]) for each in items] == [("Line 1", 2, 1.5), ("Line 2", 1, 5.0)]


def test_nothing_is_said_of_an_item_that_nobody_rated() -> None:
    item = Room("rating", QUESTION).result([])["items"][0]
    assert (item["n"], item["mean"], item["median"], item["standard_deviation"]) == (0, None, None, None)


def test_the_scale_from_zero_to_ten_gives_the_net_promoter_score() -> None:
    room = Room("rating", {**QUESTION, "from_zero": True, "scale": 10})
    item = room.result([{"rating": each} for each in (10, 9, 9, 8, 7, 6, 0)])["items"][0]
    assert item["nps"] == {"promoters": 3, "passives": 2, "detractors": 2, "score": 14.3}
    assert "nps" not in Room("rating", {**QUESTION, "scale": 10}).result([])["items"][0]


def test_participants_see_which_grades_there_are() -> None:
    assert Room("rating", {**QUESTION, "scale": 3, "from_zero": True}).public()["grades"] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"scale": 1}, "greater than or equal to 2"),
        ({"scale": 11}, "less than or equal to 10"),
        ({"labels": ["only one"]}, "name the two ends of the scale, or all 5 grades"),
        ({"items": ["Line 1", "Line 1"]}, "must all be different"),
        ({"items": [str(number) for number in range(21)]}, "at most 20"),
    ],
)
def test_what_is_wrong_with_a_rating_is_said(fields: Json, says: str) -> None:
    assert says in " ".join(KINDS["rating"].errors_of({**QUESTION, **fields}))
