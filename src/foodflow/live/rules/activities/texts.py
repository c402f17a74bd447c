"""Texts that people write: what may stand in one, how words are compared, and what key of a tally one becomes."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, Field

MOST_BYTES_OF_KEY: Final = 300
"""Of a key of a tally, in UTF-8; a longer text is counted under its digest."""
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tabs and ends of lines, halves of characters, and what turns round the text beside it."""
_UNSEEN: Final = frozenset("ZC")
"""Classes of characters that leave no mark (Unicode's general categories: separators, and controls and formats)."""


def readable(text: str) -> str:
    """A text that can be read; a ValueError where there is nothing to read, or more than characters in it."""
    if _UNREADABLE.search(text):
        message = "must not hold control characters"
        raise ValueError(message)
    if all(unicodedata.category(character)[0] in _UNSEEN for character in text):
        message = "must not be blank"
        raise ValueError(message)
    return text


def different(texts: list[str]) -> list[str]:
    """Texts of which none is there twice; a ValueError otherwise."""
    if len(set(texts)) < len(texts):
        message = "must all be different"
        raise ValueError(message)
    return texts


Readable: Final = AfterValidator(readable)
Different: Final = AfterValidator(different)
Title = Annotated[str, Field(min_length=1, max_length=200), Readable]
Prompt = Annotated[str, Field(min_length=1, max_length=500), Readable]
Option = Annotated[str, Field(min_length=1, max_length=200), Readable]


def normalised(text: str, *, is_case_sensitive: bool = False) -> str:
    """A text as it is compared: composed (Unicode NFC), in lower case, without punctuation but hyphens, one space
    between words; empty where nothing but hyphens is left.
    """
    kept = "".join(each for each in text if each == "-" or unicodedata.category(each)[0] != "P")
    composed = unicodedata.normalize("NFC", kept if is_case_sensitive else kept.lower())
    words = " ".join(composed.split())
    return words if words.strip("- ") else ""


def key(prefix: str, text: str) -> str:
    """The key of a tally under which a text is counted."""
    whole = f"{prefix}:{text}"
    if len(whole.encode()) <= MOST_BYTES_OF_KEY:
        return whole
    return f"{prefix}#{hashlib.sha256(text.encode()).hexdigest()}"


def listing(texts: Sequence[str]) -> list[str]:
    """Texts without those that were there before, in their order."""
    return list(dict.fromkeys(texts))
