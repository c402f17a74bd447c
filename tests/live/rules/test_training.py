"""Records of training: who was there from when to when, how many questions were asked, and who passed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.kernel.actor import Actor
from foodflow.kernel.tenancy import TenantName
from foodflow.live.rules.training import (
    Attended,
    PeopleAlone,
    Place,
    PlaceTaken,
    Questioned,
    attended,
    passed,
    questions_asked,
    require_assignable,
    require_person,
)

START = datetime.fromisoformat("2026-01-05T06:00:00Z")
ADA = Place("user:17", START, START, None, score=0, correct=0)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def there(*places: Place) -> list[Attended]:
    return attended(places, started_at=START, completed_at=at(60))


def span(**fields: Any) -> tuple[datetime, datetime] | None:  # noqa: ANN401 - of a place
    found = there(replace(ADA, **fields))
    return (found[0].since, found[0].until) if found else None


def test_who_waited_for_the_beginning_was_there_from_then_on() -> None:
    assert span(joined_at=at(-30)) == (START, at(60))


def test_who_came_late_was_there_from_when_they_came() -> None:
    assert span(joined_at=at(25)) == (at(25), at(60))


def test_who_was_sent_out_was_there_until_then() -> None:
    assert span(removed_at=at(40)) == (START, at(40))


def test_who_left_before_it_began_was_not_there() -> None:
    assert span(joined_at=at(-30), removed_at=at(-10)) is None


def test_who_came_after_the_end_was_there_only_if_it_went_on() -> None:
    assert span(joined_at=at(70), last_seen=at(70)) is None
    assert span(joined_at=at(70), last_seen=at(90)) == (at(70), at(90))


def test_somebody_with_two_places_attended_once_and_the_better_one_counts() -> None:
    phone = replace(ADA, joined_at=at(5), removed_at=at(10), correct=2, score=1900)
    tablet = replace(ADA, joined_at=at(20), correct=1, score=2500)
    assert there(phone, tablet) == [Attended("user:17", at(5), at(60), 1900, 2)]
    assert there(tablet, phone) == there(phone, tablet)


@given(st.lists(st.builds(lambda n, a, b: replace(ADA, actor=f"user:{n}", joined_at=at(a), last_seen=at(b)),
    st.integers(1, 4), st.integers(-90, 90), st.integers(-90, 150)), max_size=12))  # fmt: skip
def test_everybody_attends_at_most_once_and_never_backwards(places: list[Place]) -> None:
    found = there(*places)
    assert [each.actor for each in found] == sorted({each.actor for each in found})
    assert all(START <= each.since < each.until for each in found)


def quiz(questions: int, step: int, **fields: Any) -> Questioned:  # noqa: ANN401 - of the shape
    made = Questioned("quiz", {"questions": [{}] * questions}, step, is_begun=True)
    return replace(made, **fields)


@pytest.mark.parametrize(
    ("activities", "asked"),
    [
        ([], 0),
        ([quiz(5, 4)], 5),
        ([quiz(5, 1)], 2),
        ([quiz(5, 9)], 5),
        ([quiz(5, 4, is_begun=False)], 0),
        ([quiz(5, 4, type="poll")], 0),
        ([quiz(5, 4, config={})], 0),
        ([quiz(3, 2), quiz(4, 3)], 7),
    ],
    ids=["none", "all", "two", "beyond", "not begun", "no quiz", "not set up", "two quizzes"],
)
def test_questions_count_that_were_asked(activities: list[Questioned], asked: int) -> None:
    assert questions_asked(activities) == asked


@pytest.mark.parametrize(
    ("correct", "questions", "mark", "expected"),
    [(4, 5, 80, True), (3, 5, 80, False), (2, 3, 67, False), (2, 3, 66, True), (0, 5, 0, True), (5, 5, 100, True)],
)
def test_who_has_as_many_percent_right_as_pass_has_passed(
    correct: int, questions: int, mark: int, *, expected: bool
) -> None:
    assert passed(correct, questions, mark) is expected


def test_nobody_passes_or_fails_without_a_mark_or_without_questions() -> None:
    assert passed(5, 5, None) is None
    assert passed(0, 0, 50) is None


def test_only_people_have_records() -> None:
    assert require_person(Actor("user:17", TenantName("demo"))) == "user:17"
    for id in ("guest", "participant:7", "service:3", "system:jobs", "user:of-demo"):
        with pytest.raises(PeopleAlone):
            require_person(Actor(id, TenantName("demo")))


def test_a_guest_s_place_can_be_given_and_given_anew_and_one_s_own_cannot() -> None:
    require_assignable("", None, to="user:1")
    require_assignable("user:1", "user:9", to="user:2")
    require_assignable("user:1", None, to="user:1")
    with pytest.raises(PlaceTaken):
        require_assignable("user:1", None, to="user:2")
