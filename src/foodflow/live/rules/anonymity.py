"""Decisions about names: which answers bear that of whoever gave them, wherever they are given out."""

from collections.abc import Mapping
from typing import Any, Final

_SIGNED: Final = "participant_info"
_NAMELESS: Final = frozenset({"poll", "qna", "word_cloud", "rating", "ranking", "planning_poker", "open_text"})
"""Kinds whose answers bear a name only where they were signed: nobody is shown who said what there."""


def is_named(kind: str, answer: Mapping[str, Any]) -> bool:
    """Whether an answer bears the name of its participant: where they signed it, in a quiz, whose points go to
    somebody, and in what is no kind of ours, of which nobody said that it is anonymous.
    """
    return _SIGNED in answer or kind not in _NAMELESS
