"""Decisions about nicknames: which are free, which are not fit to be read aloud, and what to suggest instead.

The words are few and unmistakable, in the languages of European plants. What is also a name, a place or something to
eat is not among them: a filter that sends away Dick from Scunthorpe, who packs rape seed, does more harm than good.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from foodflow.live.rules.participants import MAX_NICKNAME

SUFFIXES: Final = 99
"""How many numbers are tried after a nickname that is taken."""
NEUTRAL: Final = "Guest"


def _listed(words: str) -> list[str]:
    return words.split()


# Found anywhere, even inside of a word: nothing harmless holds them.
_STEMS: Final = _listed(
    "arschloch asshole bullshit cocksucker dickhead faggot ficker fotze fuck gilipoll hijadeputa hijodeputa hurensohn"
    " jebany kanake klootzak kurwa kutwijf maricon motherfuck nigga nigger pierdol piczka puttana salope schwuchtel"
    " scheiss shithead skurwysyn stronz vaffancul wichser encule connard caralho siegheil"
)

# Found as whole words alone: they stand inside of names and of other words.
_WORDS: Final = frozenset(
    _listed(
        "arse ass bastard bitch bitches blowjob cabron cazzo chink chuj coglione cunt cunts fag ficken gook hitler hoer"
        " hure kankerhoer kike merde mierda nazi neger nutte penis pizda porn porno puta putain rapist shit shitty slut"
        " spast twat vagina wank wanker wetback whore сука блядь хуй пизда ебать"
    )
)

_LEET: Final = str.maketrans("013457@$!|+€", "oieastasiite")
_ALIKE: Final = str.maketrans(
    "аеіїорсухкмнтвѕһԁјαεικνορτυχłøđıßæœ",
    "aeiiopcyxkmhtbshdjaeiknoptuxlodisao",
)
"""Letters of other alphabets that pass for Latin ones, and Latin ones that fall apart into no plain letter."""

_DIRECTIONS: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE: Final = frozenset("\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u2060\ufeff")


def candidates(nickname: str) -> list[str]:
    """The nickname and what stands in for it, in the order in which they are tried; none is longer than may be."""
    numbered = (f"{nickname}{number}" for number in range(1, SUFFIXES + 1))
    return [nickname, *(each for each in numbered if len(each) <= MAX_NICKNAME)]


def neutral(first: int) -> list[str]:
    """Nicknames that say nothing of anybody, counted on from a number."""
    return [f"{NEUTRAL} {number}" for number in range(first, first + SUFFIXES + 1)]


def is_fit(nickname: str) -> bool:
    """Whether a nickname can be read aloud in front of everybody, and looks like what it is."""
    if any(unicodedata.category(letter) in {"Cc", "Cs"} or letter in _DIRECTIONS for letter in nickname):
        return False
    return not any(_is_unfit(reading) for reading in _readings(nickname))


def _readings(nickname: str) -> Iterator[str]:
    """What a nickname may be read as: digits and signs as what they separate, or as the letters that they look like."""
    visible = "".join(letter for letter in nickname if letter not in _INVISIBLE)
    plain = unicodedata.normalize("NFKC", visible).casefold()
    yield plain
    bare = "".join(letter for letter in unicodedata.normalize("NFD", plain) if unicodedata.category(letter) != "Mn")
    latin = bare.translate(_ALIKE)
    for reading in (latin, latin.translate(_LEET)):
        yield reading
        yield re.sub(r"(.)\1{2,}", r"\1", reading)
        yield re.sub(r"(.)\1{2,}", r"\1\1", reading)


def _is_unfit(reading: str) -> bool:
    words = re.findall(r"[^\W\d_]+", reading)
    joined = "".join(words)
    return (
        not _WORDS.isdisjoint([*words, *_spelled(words)])
        or any(stem in word for word in [*words, *_spelled(words)] for stem in _STEMS)
        or any(joined == stem for stem in _STEMS)
    )


def _spelled(words: list[str]) -> Iterator[str]:
    """What is spelled letter by letter: `f u c k`."""
    letters = ""
    for word in [*words, ""]:
        if len(word) == 1:
            letters += word
        else:
            if len(letters) > 1:
                yield letters
            letters = ""
