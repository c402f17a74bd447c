"""How texts fit on paper: how wide they are, where they are broken, and how much room each column gets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_NARROWEST: Final = 18.0
_CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Measure:
    """How wide letters are, in thousandths of their size, by their code point."""

    widths: Mapping[int, float]
    otherwise: float

    def width(self, text: str, size: float) -> float:
        """How wide a text is, in points, without kerning."""
        return sum(self.widths.get(ord(letter), self.otherwise) for letter in text) * size / 1000


def column_widths(natural: Sequence[float], room: float) -> list[float]:
    """What each column gets: all that it needs and its part of what is left; or, where that is more than there is, the
    narrow ones what they need and the others the same.
    """
    needed = sum(natural)
    if needed <= room:
        return [width * room / needed for width in natural]
    share, left, waiting = 0.0, room, sorted(natural)
    for place, width in enumerate(waiting):
        share = left / (len(waiting) - place)
        if width > share:
            break
        left -= width
    return [max(min(width, share), _NARROWEST) for width in natural]


def lines_of(text: str, width: float, measure: Measure, *, size: float, most: int) -> list[str]:
    """A text as lines that fit into a width, broken between words where there are any, and cut after so many."""
    lines: list[str] = []
    for paragraph in re.split(r"\r\n?|\n", text):
        lines += _broken(re.sub(r"[\x00-\x1f\x7f]", " ", paragraph), width, measure, size)
        if len(lines) > most:
            return [*lines[: most - 1], _shortened(lines[most - 1], width, measure, size)]
    return lines


def _broken(text: str, width: float, measure: Measure, size: float) -> list[str]:
    if measure.width(text, size) <= width:
        return [text]
    lines, line = [], ""
    for word in re.findall(r"\s*\S+", text):
        if line and measure.width(line + word, size) > width:
            lines.append(line)
            line = word.lstrip()
        else:
            line += word
        *full, line = _chopped(line, width, measure, size)
        lines += full
    return [*lines, line]


def _chopped(word: str, width: float, measure: Measure, size: float) -> list[str]:
    """A word in pieces that fit; each holds a letter at least."""
    pieces, piece, used = [], "", 0.0
    for letter in word:
        more = measure.width(letter, size)
        if piece and used + more > width:
            pieces.append(piece)
            piece, used = "", 0.0
        piece, used = piece + letter, used + more
    return [*pieces, piece]


def _shortened(line: str, width: float, measure: Measure, size: float) -> str:
    while line and measure.width(line + _CUT, size) > width:
        line = line[:-1]
    return line + _CUT
