"""Moments in the notation of RFC 3339, many at a time, as microseconds since 1970.

A text is `YYYY-MM-DD`, one of `T`, `t` or a space, `HH:MM:SS`, perhaps a fraction, and a zone (`Z`, `z` or `±HH:MM`).
Digits of the fraction beyond microseconds are cut off. A leap second is refused: no clock of ours can show one.
Days are counted in years that begin in March (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Characters = NDArray[np.uint8]
"""Texts of one length as a matrix: one row for each place in the text, one column for each text."""

SHORTEST = len("2026-01-31T08:00:00Z")
LONGEST = 64
_SEPARATORS = ((4, b"-"), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":"))
_SECONDS_END = 19
_OFFSET = len("+00:00")
_FRACTION_DIGITS = 6
_DAYS_OF_MONTH = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int32)
_FEBRUARY, _MONTHS = 2, 12
_HOURS, _MINUTES = 24, 60
_MICROSECONDS = 1_000_000
_MARCH_1_OF_YEAR_0 = 719_468  # days before 1970-01-01


def parse(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The moments of texts, and which of them are none (their moments mean nothing); both of shape (n,).

    Texts of one length are read together, so that a call in one layout costs no step in Python for each.
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    moments, wrong = np.zeros(len(texts), np.int64), np.ones(len(texts), np.bool_)
    for length in np.unique(lengths).tolist():
        if SHORTEST <= length <= LONGEST:
            places = np.flatnonzero(lengths == length)
            some = texts if len(places) == len(texts) else [texts[place] for place in places.tolist()]
            # What is not ASCII becomes a question mark, which stands nowhere in a moment: one byte for each character.
            flat = np.frombuffer("".join(some).encode("ascii", "replace"), np.uint8)
            moments[places], wrong[places] = parse_matrix(flat.reshape(-1, length).T)
    return moments, wrong


def parse_matrix(characters: Characters) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The same for texts of one length from SHORTEST to LONGEST, as a matrix of shape (length, n)."""
    characters = np.ascontiguousarray(characters)
    in_utc = np.isin(characters[-1], (ord("Z"), ord("z")))
    if in_utc.all():
        return _in_utc(characters)
    if not in_utc.any():
        return _with_offset(characters)
    moments, wrong = np.zeros(len(in_utc), np.int64), np.ones(len(in_utc), np.bool_)
    moments[in_utc], wrong[in_utc] = _in_utc(np.ascontiguousarray(characters[:, in_utc]))
    moments[~in_utc], wrong[~in_utc] = _with_offset(np.ascontiguousarray(characters[:, ~in_utc]))
    return moments, wrong


def _in_utc(characters: Characters) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return _local(characters[:-1])


def _with_offset(characters: Characters) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if len(characters) < _SECONDS_END + _OFFSET:
        return np.zeros(characters.shape[1], np.int64), np.ones(characters.shape[1], np.bool_)
    local, wrong = _local(characters[:-_OFFSET])
    sign, zone = characters[-_OFFSET], characters[-_OFFSET + 1 :]
    (hours, minutes), bad = _numbers(zone, ((0, 2), (3, 5)))
    wrong |= bad | (hours >= _HOURS) | (minutes >= _MINUTES) | (zone[2] != ord(":"))
    wrong |= (sign != ord("+")) & (sign != ord("-"))
    ahead = (hours * _MINUTES + minutes).astype(np.int64) * (60 * _MICROSECONDS)
    return local - np.where(sign == ord("-"), -ahead, ahead), wrong


def _local(characters: Characters) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Date, time and fraction as if they were in UTC."""
    spans = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
    (year, month, day, hour, minute, second), wrong = _numbers(characters, spans)
    for place, allowed in _SEPARATORS:
        wrong |= ~np.isin(characters[place], list(allowed))
    wrong |= (hour >= _HOURS) | (minute >= _MINUTES) | (second >= _MINUTES) | (year < 1)
    wrong |= (month < 1) | (month > _MONTHS) | (day < 1) | (day > _last_day(year, np.minimum(month, _MONTHS)))
    fraction, bad = _fraction(characters[_SECONDS_END:])
    days = _days(year, month, day).astype(np.int64)
    seconds = (days * _HOURS + hour) * 3600 + minute * _MINUTES + second
    return seconds * _MICROSECONDS + fraction, wrong | bad


def _numbers(
    characters: Characters, spans: Sequence[tuple[int, int]]
) -> tuple[list[NDArray[np.int32]], NDArray[np.bool_]]:
    """The numbers in some spans of places, and where they are none."""
    found, wrong = [], np.zeros(characters.shape[1], np.bool_)
    for start, end in spans:
        number = np.zeros(characters.shape[1], np.int32)
        for row in characters[start:end]:
            digit = row - np.uint8(ord("0"))  # wraps around below "0"
            wrong |= digit > 9  # noqa: PLR2004 - the last digit
            number *= 10
            number += digit
        found.append(number)
    return found, wrong


def _fraction(characters: Characters) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The microseconds of `.ffffff`; nothing is none of them, a point alone is wrong."""
    if not len(characters):
        return np.zeros(characters.shape[1], np.int32), np.zeros(characters.shape[1], np.bool_)
    if len(characters) == 1:
        return np.zeros(characters.shape[1], np.int32), np.ones(characters.shape[1], np.bool_)
    kept = min(len(characters) - 1, _FRACTION_DIGITS)
    (fraction,), wrong = _numbers(characters, [(1, 1 + kept)])
    for row in characters[1 + kept :]:
        wrong |= row - np.uint8(ord("0")) > 9  # noqa: PLR2004 - the last digit
    return fraction * np.int32(10 ** (_FRACTION_DIGITS - kept)), wrong | (characters[0] != ord("."))


def _last_day(year: NDArray[np.int32], month: NDArray[np.int32]) -> NDArray[np.int32]:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last: NDArray[np.int32] = _DAYS_OF_MONTH[month] + ((month == _FEBRUARY) & leap)
    return last


def _days(year: NDArray[np.int32], month: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.int32]:
    """Days since 1970-01-01."""
    year = year - (month <= _FEBRUARY)
    of_year = (153 * ((month + 9) % _MONTHS) + 2) // 5 + day - 1
    days: NDArray[np.int32] = year * 365 + year // 4 - year // 100 + year // 400 + of_year - _MARCH_1_OF_YEAR_0
    return days
