"""Rankings: what many prefer together."""

import pytest

from foodflow.live.rules.activities.kind import Json, Seen
from foodflow.live.rules.activities.registry import KINDS
from tests.live.rules.activities.make import AT, SAID_AT, Room

RANKING: Json = {"question": "What first?", "items": ["a", "b", "c"]}


def order(items: str) -> Json:
    return {"ranking": [*items]}


def test_an_order_is_kept() -> None:
    data = Room("ranking", RANKING).answer(order("bca")).data
    assert data == {
        "type": "ranking_response",
        "participant_id": 7,
        "ranking": ["b", "c", "a"],
        "timestamp": SAID_AT,
    }


@pytest.mark.parametrize(
    ("top", "items", "says"),
    [
        (None, "ab", "put 3 items in order"),
        (2, "abc", "put 2 items in order"),
        (None, "abb", "each once"),
        (None, "abx", "each once"),
        (None, "", "at least 1"),
    ],
)
def test_what_is_no_order_is_refused(top: int | None, items: str, says: str) -> None:
    assert says in Room("ranking", {**RANKING, "top": top}).refusal(order(items))


def test_orders_are_added_up_to_points_places_and_pairs() -> None:
    room = Room("ranking", RANKING)
    tally = room.tally([order("abc"), order("abc"), order("bca")])
    assert room.of(Seen(tally, last_at=AT)) == {
        "type": "ranking_results",
        "question": "What first?",
        "options": ["a", "b", "c"],
        "top": None,
        "items": [
            {"item": "a", "points": 4, "mean_rank": 1.67, "first_places": 2, "ranked_by": 3},
            {"item": "b", "points": 4, "mean_rank": 1.67, "first_places": 1, "ranked_by": 3},
            {"item": "c", "points": 1, "mean_rank": 2.67, "first_places": 0, "ranked_by": 3},
        ],
        "pairwise": [[0, 2, 2], [1, 0, 3], [1, 0, 0]],
        "condorcet_winner": "a",
        "total_responses": 3,
        "last_updated": SAID_AT,
    }


def test_orders_that_go_round_have_no_winner_in_pairs() -> None:
    assert Room("ranking", RANKING).result([order("abc"), order("bca"), order("cab")])["condorcet_winner"] is None


def test_what_is_left_out_comes_after_all_that_is_not_and_gets_no_points() -> None:
    result = Room("ranking", {**RANKING, "top": 1}).result([order("b"), order("b"), order("c")])
    assert result["pairwise"] == [[0, 0, 0], [2, 0, 2], [1, 1, 0]]
    assert [(each["item"], each["points"], each["mean_rank"]) for each in result["items"]] == [
        ("b", 4, 1.0),
        ("c", 2, 1.0),
        ("a", 0, None),
    ]


def test_items_with_long_names_are_compared_too() -> None:
    items = ["é" * 200, "è" * 200]
    result = Room("ranking", {"question": "Which?", "items": [*items]}).result([{"ranking": [*items]}])
    assert (result["condorcet_winner"], result["pairwise"]) == (items[0], [[0, 1], [0, 0]])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"items": ["a"]}, "at least 2"),
        ({"items": [str(number) for number in range(13)]}, "at most 12"),
        ({"items": ["a", "a"]}, "must all be different"),
        ({"top": 4}, "there are 3 items"),
        ({"top": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_with_a_ranking_is_said(fields: Json, says: str) -> None:
    assert says in " ".join(KINDS["ranking"].errors_of({**RANKING, **fields}))
