"""What holds of every kind of activity: how answers add up, what that costs, what configurations and answers may be."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foodflow.live.rules.activities.kind import AnswerRefused, Json, Metadata, Seen
from foodflow.live.rules.activities.registry import KINDS, KindNotFound, kind_named
from foodflow.live.rules.activities.texts import MOST_BYTES_OF_KEY
from tests.live.rules.activities.make import ANN, EXAMPLES, REVEALED, Example, Room

every_example: Final = pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))
every_kind: Final = pytest.mark.parametrize("kind", list(KINDS))
few: Final = settings(max_examples=12)
"""Each of these runs for every example."""
plain: Final = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "red", "a\x00", "\ud800", "9" * 999])
)
values: Final = (
    plain | st.lists(plain, max_size=3) | st.dictionaries(st.sampled_from(["red", "", "kind"]), plain, max_size=3)
)
FIELDS: Final = (
    "selected_options",
    "type",
    "question_text",
    "question_id",
    "words",
    "question",
    "choice",
    "choices",
    "value",
    "order",
    "text",
    "rating",
    "ratings",
    "ranking",
    "card",
)


class Counted(Mapping[str, int]):
    """A tally that counts how often it is looked at."""

    def __init__(self, tally: Mapping[str, int]) -> None:
        self._tally, self.looks = tally, 0

    def __getitem__(self, key: str) -> int:
        self.looks += 1
        return self._tally[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tally)

    def __len__(self) -> int:
        return len(self._tally)


def test_there_are_eight_kinds() -> None:
    assert list(KINDS) == ["poll", "qna", "word_cloud", "quiz", "rating", "ranking", "planning_poker", "open_text"]


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KindNotFound, match="there are poll, qna"):
        kind_named("polling")
    assert kind_named("poll").name == "Polling"


@every_example
@few
@given(st.data())
def test_taking_back_what_was_added_leaves_nothing(example: Example, data: st.DataObject) -> None:
    room, answers = example.room, data.draw(st.lists(example.answers, max_size=8))
    kept = [room.answer(each, example.asked).data for each in answers]
    tally: Counter[str] = Counter()
    for each in kept:
        tally.update(room.kind.reduce(room.configuration, each))
    for each in data.draw(st.permutations(kept)):
        tally.subtract(room.kind.reduce(room.configuration, each))
    assert not any(tally.values())


@every_example
@few
@given(st.data())
def test_the_order_of_answers_changes_no_result(example: Example, data: st.DataObject) -> None:
    room, answers = example.room, data.draw(st.lists(example.answers, max_size=8))
    one = Seen(room.tally(answers, example.asked))
    other = Seen(room.tally(data.draw(st.permutations(answers)), example.asked))
    assert json.dumps(room.of(one, REVEALED)) == json.dumps(room.of(other, REVEALED))


@every_example
@few
@given(st.data())
def test_a_result_costs_the_same_however_many_answered(example: Example, data: st.DataObject) -> None:
    room, answers = example.room, data.draw(st.lists(example.answers, min_size=1, max_size=8))
    few = Counted(room.tally(answers, example.asked))
    many = Counted({key: 10_000 * amount for key, amount in few.items()})
    few.looks = 0
    room.of(Seen(few), REVEALED)
    room.of(Seen(many), REVEALED)
    assert many.looks == few.looks > 0


@every_example
def test_many_answers_make_few_keys_and_short_ones(example: Example) -> None:
    room, tally = example.room, Counter[str]()

    @few
    @given(example.answers)
    def add(answer: Json) -> None:
        tally.update(room.kind.reduce(room.configuration, room.answer(answer, example.asked).data))

    add()
    assert 0 < len(tally) <= example.most_keys
    assert all(len(key.encode()) <= MOST_BYTES_OF_KEY for key in tally)


@every_example
@few
@given(st.data())
def test_what_is_kept_and_shown_is_json(example: Example, data: st.DataObject) -> None:
    room, answer = example.room, data.draw(example.answers)
    kept = room.answer(answer, example.asked).data
    shown = (kept, room.public(REVEALED), room.result([], REVEALED), room.kind.schema())
    assert all(json.loads(json.dumps(each, allow_nan=False)) == each for each in shown)


@every_example
def test_nothing_comes_of_no_answers_and_that_can_be_shown(example: Example) -> None:
    room = example.room
    assert room.of(Seen({}), REVEALED)["type"] == f"{room.kind.id}_results"
    assert room.of(Seen({}), REVEALED)["last_updated"] is None


@every_example
@few
@given(data=st.dictionaries(st.sampled_from(FIELDS), values, max_size=5))
def test_whatever_is_sent_is_taken_or_refused_in_words(example: Example, data: Json) -> None:
    room = example.room
    try:
        said = str(room.answer(data, ANN).data["participant_id"])
    except AnswerRefused as refusal:
        said = refusal.detail
    assert said


@every_kind
@few
@given(configuration=st.dictionaries(st.sampled_from(["question", "options", "questions", "topic", "items"]), values))
def test_whatever_an_activity_is_set_up_with_is_read_or_found_wrong_in_words(kind: str, configuration: Json) -> None:
    errors = KINDS[kind].errors_of(configuration)
    assert (KINDS[kind].read(configuration) is None) == bool(errors)
    assert all(errors)


@every_example
def test_fields_that_a_kind_does_not_know_are_ignored_though_its_schema_does_not_offer_them(example: Example) -> None:
    kind = KINDS[example.kind]
    assert kind.schema()["additionalProperties"] is False
    assert kind.errors_of({**example.configuration, "colour": "red"}) == []


@every_example
def test_texts_hold_no_control_characters_and_are_not_blank(example: Example) -> None:
    kind = KINDS[example.kind]
    names = {"question", "topic", "prompt", "story"} & set(example.configuration)
    for name in names or {"title"}:
        for text in ("a\x00b", "\x1b[31m", "\u202eabc", " \u200b ", ""):
            assert len(kind.errors_of({**example.configuration, name: text})) == 1


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [
        ("poll", Metadata(300, None, False, True, False)),
        ("qna", Metadata(900, None, True, True, True)),
        ("word_cloud", Metadata(600, 100, True, True, True)),
    ],
)
def test_the_kinds_of_the_contract_go_as_it_says(kind: str, metadata: Metadata) -> None:
    assert KINDS[kind].metadata == metadata
    assert KINDS[kind].version == "1.0.0"


@every_kind
def test_what_is_stored_of_how_an_activity_goes_is_read_where_it_can_be(kind: str) -> None:
    own = KINDS[kind].metadata
    assert KINDS[kind].metadata_of({}) == own
    nonsense: Json = {"duration_seconds": "long", "max_responses": -1, "allow_multiple_responses": 1}
    assert KINDS[kind].metadata_of(nonsense) == own
    assert KINDS[kind].metadata_of({"max_responses": 3, "allow_multiple_responses": True}).each == 3
    assert KINDS[kind].metadata_of({"max_responses": 3, "allow_multiple_responses": False}).each == 1


def test_a_configuration_that_is_not_one_of_its_kind_reads_as_none() -> None:
    assert KINDS["poll"].read({"question": "Which?"}) is None
    assert KINDS["poll"].errors_of({"question": "Which?"}) == ["options: Field required"]


def test_a_result_is_the_same_from_a_tally_in_any_order_of_its_keys() -> None:
    room = Room("word_cloud", {"prompt": "Today?", "max_words_per_submission": 1})
    tally = {f"word:{number}": number % 7 + 1 for number in range(300)} | {"words": 1198, "submissions": 1198}
    assert room.of(Seen({key: tally[key] for key in sorted(tally)})) == room.of(Seen(tally))
