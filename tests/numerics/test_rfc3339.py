"""Moments of RFC 3339, many at a time, against Python's own reading of them one by one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.epoch import to_micros
from foodflow.numerics.rfc3339 import parse

ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES | st.just(UTC))  # noqa: DTZ001 - zones follow


@given(st.lists(st.tuples(MOMENTS, st.sampled_from(["T", "t", " "]), st.booleans()), max_size=20))
def test_texts_of_all_layouts_are_the_moments_that_they_write(rows: list[tuple[datetime, str, bool]]) -> None:
    texts = []
    for moment, separator, short in rows:
        text = moment.isoformat(separator)
        texts.append(text.replace("+00:00", "z" if separator == "t" else "Z") if short else text)
    moments, wrong = parse(texts)
    assert not wrong.any()
    assert moments.tolist() == [to_micros(moment) for moment, _, _ in rows]


def test_known_moments() -> None:
    known = {
        "1970-01-01T00:00:00Z": 0,
        "2000-02-29T12:00:00.5Z": 951_825_600_500_000,
        "2026-01-01T00:00:00+05:45": 1_767_204_900_000_000,
        "1969-12-31T23:59:59.999999Z": -1,
        "2026-01-01T00:00:00.1234569Z": 1_767_225_600_123_456,
        "2026-01-01T00:00:00.123456999-00:00": 1_767_225_600_123_456,
    }
    moments, wrong = parse(list(known))
    assert not wrong.any()
    assert moments.tolist() == list(known.values())


WRONG = [
    "",
    "yesterday",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00,5Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+00:60",
    "2026-01-01T00:00:00*00:00",
    "2026-01-01T00:00:00+0000",
    "2026-01-01X00:00:00Z",
    "2026/01/01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-01-01T00:00:0éZ",
    "\uff12026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000000000000000000000000000000000000000000000000000000Z",
    "1767225600",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_moment_is_found_among_those_that_are(text: str) -> None:
    good = "2026-01-01T00:00:00Z"
    assert parse([good, text, good])[1].tolist() == [False, True, False]


@given(st.lists(st.text(alphabet="0123456789-:TZ+. é", max_size=40), max_size=20))
def test_no_text_is_taken_that_python_does_not_take(texts: list[str]) -> None:
    moments, wrong = parse(texts)
    for text, moment, is_wrong in zip(texts, moments.tolist(), wrong.tolist(), strict=True):
        if not is_wrong:
            assert to_micros(datetime.fromisoformat(text)) == moment
