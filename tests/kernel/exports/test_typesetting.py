"""Typesetting: texts fit where they are set, and lose nothing unless they are cut with a sign."""

import re

from hypothesis import given
from hypothesis import strategies as st

from foodflow.kernel.exports.typesetting import Measure, column_widths, lines_of

EACH_ONE_WIDE = Measure({}, 1000)
"""A font of size 1 in which every letter is one point wide."""


def lines(text: str, width: float, most: int = 1000) -> list[str]:
    return lines_of(text, width, EACH_ONE_WIDE, size=1, most=most)


def test_a_text_is_broken_between_words() -> None:
    assert lines("the quick brown fox", 10) == ["the quick", "brown fox"]


def test_a_word_that_is_too_long_is_broken_where_it_ends() -> None:
    assert lines("a0123456789", 4) == ["a012", "3456", "789"]


def test_paragraphs_stay_apart() -> None:
    assert lines("one\r\ntwo\n\nthree", 10) == ["one", "two", "", "three"]


def test_what_is_too_long_is_cut_with_a_sign() -> None:
    assert lines("one two three four", 5, most=2) == ["one", "two…"]


@given(st.text(), st.integers(1, 30))
def test_every_line_fits_and_no_letter_is_lost(text: str, width: int) -> None:
    found = lines(text, width)
    assert all(len(line) <= width for line in found)
    assert re.sub(r"[\s\x00-\x1f\x7f]", "", "".join(found)) == re.sub(r"[\s\x00-\x1f\x7f]", "", text)


@given(st.text(min_size=1), st.integers(2, 30), st.integers(1, 4))
def test_never_more_lines_than_were_asked_for(text: str, width: int, most: int) -> None:
    found = lines(text, width, most)
    assert 1 <= len(found) <= most
    assert all(len(line) <= width for line in found)


def test_columns_share_what_is_left() -> None:
    assert column_widths([10, 30], 60) == [15, 45]


def test_narrow_columns_keep_what_they_need_and_wide_ones_give() -> None:
    assert column_widths([20, 500, 300], 220) == [20, 100, 100]


@given(st.lists(st.floats(18, 500), min_size=1, max_size=20))
def test_columns_fill_the_room_and_no_more(natural: list[float]) -> None:
    room = 18.0 * len(natural) + 100
    assert abs(sum(column_widths(natural, room)) - room) < 1e-6
