"""Nicknames: what is not read aloud is found however it is written, and nobody's name is."""

import pytest

from foodflow.live.rules.nicknames import candidates, is_fit, neutral


@pytest.mark.parametrize(
    "nickname",
    [
        "fuck",
        "F.u.c.k",
        "f u c k",
        "fuuuuck",
        "fück",
        "\uff26\uff55\uff43\uff4b",
        "fu\u200bck",
        "5h1t",
        "shit99",
        "\u0455hit",
        "a$$",
        "N@zi",
        "hijo de puta",
        "Sch3iße",
        "kurwa",
        "сука",
    ],
)
def test_an_unmistakable_word_is_found_however_it_is_written(nickname: str) -> None:
    assert not is_fit(nickname)


@pytest.mark.parametrize("nickname", ["Ann\u202eeb", "Ann\u2066", "A\nnn", "A\x1bnn"])
def test_what_would_be_shown_otherwise_than_it_is_is_not_fit(nickname: str) -> None:
    assert not is_fit(nickname)


@pytest.mark.parametrize(
    "nickname",
    [
        "Scunthorpe",
        "Penistone",
        "Essex",
        "Takeshita",
        "Dick",
        "Hancock",
        "Cassandra",
        "Bassist",
        "Therapist",
        "Arsenal",
        "Pute",
        "Rape seed",
        "Assam tea",
        "J R R T",
        "Klass 5",
        "R2D2",
        "O'Neil",
        "Łukasz",
        "Олег",
        "李雷",
        "👩‍🔧",
        "as",
        "1",
        " ",
    ],
)
def test_names_places_and_food_pass(nickname: str) -> None:
    assert is_fit(nickname)


def test_a_nickname_is_followed_by_ninety_nine_numbers() -> None:
    tried = candidates("Ann")
    assert (tried[0], tried[1], tried[-1], len(tried)) == ("Ann", "Ann1", "Ann99", 100)


@pytest.mark.parametrize(("length", "count"), [(48, 100), (49, 10), (50, 1)])
def test_no_candidate_is_longer_than_a_nickname_may_be(length: int, count: int) -> None:
    tried = candidates("a" * length)
    assert (len(tried), max(map(len, tried)) <= 50) == (count, True)


def test_what_is_neutral_is_counted_on() -> None:
    assert neutral(12)[:2] == ["Guest 12", "Guest 13"]
    assert all(is_fit(each) for each in neutral(1))
