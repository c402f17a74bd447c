"""Word clouds: which words are taken, how they are counted, and how large they are drawn."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from foodflow.live.rules.activities.kind import Json, Metadata, Seen
from foodflow.live.rules.activities.word_cloud import MOST_WORDS
from tests.live.rules.activities.make import ANN, AT, SAID_AT, Room


def cloud(**fields: JsonValue) -> Room:
    return Room("word_cloud", {"prompt": "Today in a word?", **fields})


def words(*sent: str) -> Json:
    return {"words": [*sent]}


def test_a_submission_waits_for_a_moderator_unless_it_is_said_otherwise() -> None:
    answer = cloud().answer(words(" Clean! ", "clean", "Cold"))
    assert answer.data == {
        "type": "word_submission",
        "participant_id": 7,
        "words": ["clean", "cold"],
        "status": "pending",
        "timestamp": SAID_AT,
    }
    assert (answer.slot, answer.is_pending, answer.is_listed) == ("0", True, False)
    assert not cloud(moderate_submissions=False).answer(words("clean")).is_pending


def test_each_submission_has_a_slot_of_its_own_up_to_as_many_as_are_taken() -> None:
    assert cloud().answer(words("a"), replace(ANN, taken={"0", "2"})).slot == "1"
    full = replace(ANN, taken={str(number) for number in range(100)})
    assert "100 answers" in cloud().refusal(words("a"), full)
    assert cloud().answer(words("a"), replace(full, metadata=Metadata())).slot == ""


@pytest.mark.parametrize(
    ("fields", "sent", "says"),
    [
        ({}, [], "at least 1"),
        ({}, ["a", "b", "c", "d"], "3 words at most"),
        ({}, ["fine", "-"], "letter or a digit"),
        ({}, ["fine", "!?"], "letter or a digit"),
        ({}, ["x" * 21], "20 characters"),
        ({}, ["cold chain"], "without spaces"),
        ({}, ["a\x00"], "control"),
        ({"banned_words": ["Damn!"]}, ["fine", "DAMN"], "not taken"),
        ({"banned_words": ["damn"], "allow_phrases": True}, ["damn machine"], "not taken"),
        ({"banned_words": ["damn"], "case_sensitive": True}, ["DaMn"], "not taken"),
    ],
)
def test_one_word_that_is_not_taken_refuses_them_all(fields: Json, sent: list[str], says: str) -> None:
    assert says in cloud(**fields).refusal(words(*sent))


def test_phrases_and_case_are_kept_where_they_matter() -> None:
    room = cloud(allow_phrases=True, case_sensitive=True)
    assert room.answer(words(" Cold   Chain")).data["words"] == ["Cold Chain"]


def test_a_cloud_of_too_many_words_takes_no_more() -> None:
    assert cloud().answer(words("a"), replace(ANN, keys=MOST_WORDS - 1)).data["words"] == ["a"]
    assert "full" in cloud().refusal(words("a"), replace(ANN, keys=MOST_WORDS))
    assert cloud().kind.most_keys == MOST_WORDS


def test_participants_do_not_see_the_banned_words() -> None:
    assert "banned_words" not in cloud(banned_words=["damn"]).public()


def test_words_are_drawn_as_large_as_they_are_frequent() -> None:
    room = cloud(moderate_submissions=False)
    tally = room.tally([words("clean", "cold"), words("clean"), words("clean", "Safe"), words("clean")])
    assert tally == {"submissions": 4, "words": 6, "word:clean": 4, "word:cold": 1, "word:safe": 1}
    assert room.of(Seen(tally, moments=[AT], last_at=AT)) == {
        "type": "word_cloud_results",
        "prompt": "Today in a word?",
        "word_cloud_data": [
            {"word": "clean", "frequency": 4, "size": 100, "percentage": 66.7},
            {"word": "cold", "frequency": 1, "size": 25, "percentage": 16.7},
            {"word": "safe", "frequency": 1, "size": 25, "percentage": 16.7},
        ],
        "word_frequencies": {"clean": 4, "cold": 1, "safe": 1},
        "most_common_words": [["clean", 4], ["cold", 1], ["safe", 1]],
        "unique_word_count": 3,
        "total_word_submissions": 6,
        "participant_count": 4,
        "show_live_results": True,
        "allow_phrases": False,
        "last_updated": SAID_AT,
        "submission_timestamps": [SAID_AT],
    }


def test_of_very_many_words_the_most_frequent_are_told() -> None:
    tally = {f"word:{number:04}": number for number in range(1, 1001)} | {"words": 500_500}
    result = cloud().of(Seen({**tally, "word:gone": 0}))
    lengths = [len(result[key]) for key in ("word_cloud_data", "word_frequencies", "most_common_words")]
    assert lengths == [50, 100, 10]
    assert result["unique_word_count"] == 1000
    assert result["most_common_words"][0] == ["1000", 1000]


def test_a_rare_word_can_still_be_read() -> None:
    drawn = cloud().of(Seen({"word:a": 1000, "word:b": 1, "words": 1001}))["word_cloud_data"]
    assert [each["size"] for each in drawn] == [100, 10]
