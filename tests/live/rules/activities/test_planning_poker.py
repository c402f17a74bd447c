"""Planning poker: cards that are turned over at once."""

from dataclasses import replace

import pytest

from foodflow.live.rules.activities.kind import Json, Seen
from foodflow.live.rules.activities.registry import KINDS
from tests.live.rules.activities.make import AT, OPEN, REVEALED, SAID_AT, Room


def poker(**fields: str | list[str]) -> Room:
    return Room("planning_poker", {"story": "Clean the tank", **fields})  # type: ignore[dict-item]


def cards(*chosen: str) -> list[Json]:
    return [{"card": each} for each in chosen]


def test_a_card_is_kept() -> None:
    answer = poker().answer({"card": "☕"})
    assert answer.data == {"type": "card_response", "participant_id": 7, "card": "☕", "timestamp": SAID_AT}
    assert (answer.slot, answer.is_final) == ("", False)


@pytest.mark.parametrize("card", ["4", "", 5, None, "x" * 11])
def test_a_card_that_is_not_in_the_deck_is_refused(card: str | int | None) -> None:
    assert poker().refusal({"card": card})


def test_cards_are_hidden_until_they_are_revealed() -> None:
    room = poker()
    assert room.result(cards("5", "8")) == room.result(cards("1", "?"))
    assert room.result(cards("5", "8"))["total_responses"] == 2
    assert room.result(cards("5"), replace(OPEN, is_over=True))["counts"]["5"] == 1


def test_what_was_chosen_is_shown_once_it_is_revealed() -> None:
    room = poker(deck="powers")
    assert room.of(Seen(room.tally(cards("8", "2", "2", "?")), last_at=AT), REVEALED) == {
        "type": "planning_poker_results",
        "story": "Clean the tank",
        "cards": ["0", "1", "2", "4", "8", "16", "32", "64", "?", "☕"],
        "total_responses": 4,
        "is_revealed": True,
        "counts": {"0": 0, "1": 0, "2": 2, "4": 0, "8": 1, "16": 0, "32": 0, "64": 0, "?": 1, "☕": 0},
        "min": "2",
        "max": "8",
        "mean": 4.0,
        "median": 2.0,
        "consensus": False,
        "last_updated": SAID_AT,
    }


@pytest.mark.parametrize(
    ("chosen", "consensus"),
    [(["5", "5"], True), (["5", "8"], False), (["5", "?"], False), (["?", "?"], False), ([], False)],
)
def test_consensus_is_that_all_chose_the_same_estimate(chosen: list[str], consensus: bool) -> None:  # noqa: FBT001 - a column
    assert poker().result(cards(*chosen), REVEALED)["consensus"] is consensus


def test_sizes_have_an_order_and_no_mean() -> None:
    result = poker(deck="t_shirt").result(cards("XL", "S"), REVEALED)
    assert (result["min"], result["max"], result["mean"], result["median"]) == ("S", "XL", None, None)


def test_a_deck_of_one_s_own_may_hold_numbers_written_in_two_ways() -> None:
    room = poker(deck="custom", cards=["0.5", "1", "1.0", "1e9", "huge"])
    result = room.result(cards("0.5", "1", "1.0", "1e9"), REVEALED)
    assert (result["min"], result["max"], result["mean"], result["median"]) == ("0.5", "1e9", 0.83, 1.0)


def test_participants_see_the_cards_of_the_deck() -> None:
    assert poker().public()["cards"][:3] == ["0", "1", "2"]
    assert poker(deck="custom", cards=["a", "b"]).public()["cards"] == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"deck": "tarot"}, "'fibonacci', 't_shirt', 'powers' or 'custom'"),
        ({"deck": "custom"}, "two cards at least"),
        ({"deck": "custom", "cards": ["1", "1"]}, "must all be different"),
        ({"cards": ["1", "2"]}, "only a custom deck"),
        ({"deck": "custom", "cards": ["1", "x" * 11]}, "at most 10 characters"),
    ],
)
def test_what_is_wrong_with_a_deck_is_said(fields: Json, says: str) -> None:
    assert says in " ".join(KINDS["planning_poker"].errors_of({"story": "Clean the tank", **fields}))
