"""Texts: how words are compared, and under which key a text is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.live.rules.activities.texts import MOST_BYTES_OF_KEY, key, normalised, readable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Cold   Chain ", "cold chain"),
        ("Hygiene!", "hygiene"),
        ("don't", "dont"),
        ("best-before", "best-before"),
        ("Cafe\u0301", "caf\u00e9"),
        ("KÄSE", "käse"),
        ("4 °C", "4 °c"),
        ("हिन्दी", "हिन्दी"),
        ("👍", "👍"),
        (" -- ", ""),
        ("…?!", ""),
        ("", ""),
    ],
)
def test_words_are_compared_without_case_punctuation_and_needless_spaces(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_case_stays_where_it_matters() -> None:
    assert normalised(" HACCP. ", is_case_sensitive=True) == "HACCP"


@given(st.text("aÀé'-. \u0301", max_size=12))
def test_what_is_normalised_stays_so(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize("text", ["a\x00", "a\x07b", "\x85", "\u2066a", "\ud800"])
def test_what_cannot_be_seen_or_kept_is_not_readable(text: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        readable(text)


@pytest.mark.parametrize("text", ["", "  ", "\u00a0\t\n", "\u200b\u200d"])
def test_what_leaves_no_mark_is_blank(text: str) -> None:
    with pytest.raises(ValueError, match="blank"):
        readable(text)


def test_lines_and_tabs_are_readable() -> None:
    assert readable("one\n\ttwo\r\n") == "one\n\ttwo\r\n"


def test_a_short_text_is_counted_under_itself_and_a_long_one_under_its_digest() -> None:
    assert key("option", "red") == "option:red"
    assert key("option", "é" * 146) == f"option:{'é' * 146}"
    assert key("option", "é" * 147).startswith("option#")


@given(st.text(max_size=400).filter(lambda text: text.isprintable()), st.text(max_size=400).filter(str.isprintable))
def test_different_texts_have_different_keys_and_short_ones(one: str, other: str) -> None:
    assert (key("o", one) == key("o", other)) == (one == other)
    assert len(key("o", one).encode()) <= MOST_BYTES_OF_KEY
