"""Open text: answers in words of one's own, one by one."""

from dataclasses import replace

import pytest

from foodflow.live.rules.activities.kind import Listed, Seen
from tests.live.rules.activities.make import ANN, AT, SAID_AT, Room


def question(**fields: bool | int) -> Room:
    return Room("open_text", {"question": "What must the next shift know?", **fields})


def test_a_text_is_listed_without_a_name() -> None:
    answer = question().answer({"text": " Filler 2 drips.\n"})
    assert answer.data == {
        "type": "text_response",
        "participant_id": 7,
        "text": "Filler 2 drips.",
        "anonymous": True,
        "timestamp": SAID_AT,
    }
    assert (answer.slot, answer.is_listed, answer.is_pending) == ("", True, False)


def test_a_text_bears_a_name_where_answers_are_not_anonymous_and_waits_where_they_are_moderated() -> None:
    answer = question(anonymous=False, moderate=True).answer({"text": "Filler 2 drips."})
    assert answer.data["participant_info"] == {"nickname": "Ann"}
    assert answer.is_pending


def test_each_may_give_as_many_answers_as_are_taken() -> None:
    room = question(max_answers=2)
    slots = [room.answer({"text": "a"}, replace(ANN, taken=taken)).slot for taken in (set(), {"0"}, {"1"})]
    assert slots == ["0", "1", "0"]
    assert "2 answers" in room.refusal({"text": "a"}, replace(ANN, taken={"0", "1"}))


@pytest.mark.parametrize("text", ["", " \n", "a\x00", "x" * 501, 5, None])
def test_what_is_no_text_is_refused(text: str | int | None) -> None:
    assert question().refusal({"text": text})


def test_the_texts_are_shown_with_the_names_of_those_who_gave_them() -> None:
    signed = Listed("r1", 7, "Ann", {"text": "Filler 2 drips.", "anonymous": False}, AT, "approved")
    hidden = Listed("r2", 8, "Ben", {"text": "Nothing.", "anonymous": True}, AT, "approved")
    result = question(anonymous=False).of(Seen({"responses": 2}, [signed, hidden], last_at=AT, participants=2))
    assert result == {
        "type": "open_text_results",
        "question": "What must the next shift know?",
        "texts": [
            {"id": "r1", "text": "Filler 2 drips.", "participant_id": 7, "nickname": "Ann", "timestamp": SAID_AT},
            {"id": "r2", "text": "Nothing.", "participant_id": None, "nickname": None, "timestamp": SAID_AT},
        ],
        "total_responses": 2,
        "participant_count": 2,
        "anonymous": False,
        "last_updated": SAID_AT,
    }
