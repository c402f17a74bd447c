"""The clock: when what is open closes, and what leads on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from foodflow.live.rules.progression import (
    LAST,
    LOOK,
    ClockDeed,
    Due,
    Standing,
    due,
    duration_of,
    question_until,
    times_from,
)

NOW: Final = datetime(2026, 1, 5, 6, tzinfo=UTC)
LATER: Final = NOW + timedelta(seconds=20)
END: Final = NOW + timedelta(seconds=60)
QUIZ: Final = Standing(
    state="active", expires_at=None, closes_at=LATER, step=0, steps=3, is_revealed=False, by_clock=True
)


@pytest.mark.parametrize(
    ("said", "seconds"), [(60, 60), (0.5, 1), (0, None), (-1, None), (True, None), ("60", None), (10**9, None)]
)
def test_how_long_an_activity_is_open_is_a_number_of_seconds(said: Any, seconds: int | None) -> None:  # noqa: ANN401
    assert duration_of({"duration_seconds": said}) == seconds


def test_an_activity_of_one_question_is_over_with_it() -> None:
    times = times_from(NOW, duration=60, seconds=20, steps=1)
    assert (times.expires_at, times.closes_at) == (LATER, LATER)


def test_an_activity_of_several_questions_outlasts_the_first() -> None:
    times = times_from(NOW, duration=60, seconds=20, steps=2)
    assert (times.expires_at, times.closes_at) == (END, LATER)


def test_a_question_is_over_with_its_activity() -> None:
    assert question_until(NOW, seconds=90, expires_at=END) == END
    assert question_until(NOW, seconds=None, expires_at=None) is None


def test_what_is_not_open_is_not_due() -> None:
    assert due(replace(QUIZ, state="expired")) is None


def test_by_hand_only_the_end_of_an_activity_is_due() -> None:
    assert due(replace(QUIZ, by_clock=False)) is None
    assert due(replace(QUIZ, by_clock=False, expires_at=END)) == Due(ClockDeed.CLOSE, END + LAST)


def test_the_clock_reveals_then_leads_on_and_closes_after_the_last_question() -> None:
    assert due(QUIZ) == Due(ClockDeed.REVEAL, LATER + LAST)
    assert due(replace(QUIZ, is_revealed=True)) == Due(ClockDeed.NEXT_QUESTION, LATER + LOOK)
    assert due(replace(QUIZ, is_revealed=True, step=2)) == Due(ClockDeed.CLOSE, LATER + LOOK)


def test_a_question_without_a_time_waits_for_somebody() -> None:
    assert due(replace(QUIZ, closes_at=None)) is None


def test_an_activity_that_is_over_leads_nowhere_else() -> None:
    assert due(replace(QUIZ, expires_at=NOW)) == Due(ClockDeed.CLOSE, NOW + LAST)
