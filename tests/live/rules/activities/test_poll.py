"""Polls: choices among options, votes and shares."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from foodflow.live.rules.activities.kind import Json, Metadata, Seen
from foodflow.live.rules.activities.registry import KINDS
from tests.live.rules.activities.make import ANN, AT, SAID_AT, Room

POLL: Json = {"question": "Which?", "options": ["red", "green", "blue"]}


def test_a_vote_is_kept_without_the_name_where_votes_are_anonymous() -> None:
    answer = Room("poll", POLL).answer({"selected_options": ["red"], "more": 1})
    assert answer.data == {
        "type": "poll_response",
        "participant_id": 7,
        "selected_options": ["red"],
        "timestamp": SAID_AT,
        "anonymous": True,
    }
    assert (answer.slot, answer.is_final, answer.is_pending, answer.is_listed) == ("", False, False, False)


def test_a_vote_bears_the_name_where_votes_are_not_anonymous() -> None:
    data = Room("poll", {**POLL, "anonymous_voting": False}).answer({"selected_options": ["red"]}).data
    assert data["anonymous"] is False
    assert data["participant_info"] == {"nickname": "Ann"}


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ([], "at least 1"),
        (["pink"], "among the options"),
        (["red", "green"], "choose one option"),
        (["red"] * 11, "at most 10"),
        ("red", "valid list"),
        ([1], "valid string"),
        (None, "valid list"),
    ],
)
def test_what_is_no_vote_is_refused(chosen: JsonValue, says: str) -> None:
    assert says in Room("poll", POLL).refusal({"selected_options": chosen})


def test_the_same_option_twice_is_chosen_once() -> None:
    room = Room("poll", POLL)
    assert room.answer({"selected_options": ["red", "red"]}).data["selected_options"] == ["red"]


def test_votes_and_their_shares_of_responses_are_counted() -> None:
    room = Room("poll", {**POLL, "allow_multiple_choice": True})
    votes = [["red"], ["red", "green"], ["green", "blue"]]
    tally = room.tally([{"selected_options": [*each]} for each in votes])
    assert tally == {"responses": 3, "option:red": 2, "option:green": 2, "option:blue": 1}
    assert room.of(Seen(tally, moments=[AT], last_at=AT)) == {
        "type": "poll_results",
        "question": "Which?",
        "options": ["red", "green", "blue"],
        "vote_counts": {"red": 2, "green": 2, "blue": 1},
        "percentages": {"red": 66.7, "green": 66.7, "blue": 33.3},
        "total_responses": 3,
        "most_popular": ["red", "green"],
        "allow_multiple_choice": True,
        "show_live_results": True,
        "last_updated": SAID_AT,
        "response_timestamps": [SAID_AT],
    }


def test_without_votes_all_options_lead() -> None:
    assert Room("poll", POLL).result([])["most_popular"] == ["red", "green", "blue"]


def test_options_may_be_there_twice_and_are_counted_together() -> None:
    room = Room("poll", {"question": "Which?", "options": ["red", "red"]})
    assert room.result([{"selected_options": ["red"]}])["vote_counts"] == {"red": 1}


def test_options_of_which_the_text_is_long_are_counted_too() -> None:
    options = ["ü" * 200, "ö" * 200]
    room = Room("poll", {"question": "Which?", "options": [*options]})
    assert room.result([{"selected_options": [options[1]]}])["vote_counts"] == {options[0]: 0, options[1]: 1}


def test_the_latest_hundred_moments_are_told() -> None:
    moments = [AT.replace(minute=minute % 60, second=minute // 60) for minute in range(150)]
    told = Room("poll", POLL).of(Seen({}, moments=moments))["response_timestamps"]
    assert (len(told), told[-1]) == (100, "2026-03-02T06:59:01.000000Z")


def test_whoever_may_vote_several_times_fills_a_slot_with_each() -> None:
    room, several = Room("poll", POLL), Metadata(max_responses=2, allow_multiple_responses=True)
    asked = replace(ANN, metadata=several, taken={"0"})
    assert room.answer({"selected_options": ["red"]}, asked).slot == "1"
    assert "2 answers" in room.refusal({"selected_options": ["red"]}, replace(asked, taken={"0", "1"}))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"question": " "}, ["question: must not be blank"]),
        ({"question": "x" * 501}, ["question: String should have at most 500 characters"]),
        ({"options": ["red"]}, ["options: List should have at least 2 items after validation, not 1"]),
        ({"options": ["red", ""]}, ["options.1: String should have at least 1 character"]),
        ({"options": ["red", "x" * 201]}, ["options.1: String should have at most 200 characters"]),
        (
            {"options": [str(n) for n in range(11)]},
            ["options: List should have at most 10 items after validation, not 11"],
        ),
        ({"anonymous_voting": "no"}, ["anonymous_voting: Input should be a valid boolean"]),
    ],
)
def test_what_is_wrong_with_a_poll_is_said(fields: Json, says: list[str]) -> None:
    assert KINDS["poll"].errors_of({**POLL, **fields}) == says
