"""Wire types: what is read of a text, and what is not taken for a moment."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from foodflow.kernel.wire import Instant, Out

MOMENT = TypeAdapter(Instant)
Read = Callable[[object], datetime]


def of_json(value: object) -> datetime:
    return MOMENT.validate_json(json.dumps(value))


READERS = pytest.mark.parametrize("read", [MOMENT.validate_python, of_json], ids=["python", "json"])


@READERS
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2001-02-03T04:05:06Z", datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2001-02-03T04:05:06+02:00", datetime(2001, 2, 3, 2, 5, 6, tzinfo=UTC)),
        ("2001-02-03t04:05:06.25z", datetime(2001, 2, 3, 4, 5, 6, 250_000, tzinfo=UTC)),
        ("2001-02-03 04:05:06-00:00", datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_from_rfc_3339_and_is_in_utc(read: Read, text: str, moment: datetime) -> None:
    assert read(text) == moment
    assert read(text).tzinfo is UTC


@READERS
@pytest.mark.parametrize(
    "value",
    [
        981173106,
        981173106.5,
        "981173106",
        "981173106000",
        True,
        "",
        "2001-02-03",
        "2001-02-03T04:05:06",
        "2001-02-03T04:05Z",
        "20010203T040506Z",
        "2001-02-03T04:05:06 UTC",
        "2001-02-03T04:05:06+02",
        "٢٠٠١-02-03T04:05:06Z",
    ],
)
def test_nothing_else_is_taken_for_a_moment_and_the_message_says_what_would_be(read: Read, value: object) -> None:
    with pytest.raises(ValidationError, match="RFC 3339"):
        read(value)


@READERS
@pytest.mark.parametrize("text", ["2001-02-30T00:00:00Z", "2001-02-03T24:61:00Z", "0001-01-01T00:00:00+12:00"])
def test_a_moment_that_does_not_exist_is_refused(read: Read, text: str) -> None:
    with pytest.raises(ValidationError):
        read(text)


def test_a_moment_of_a_row_is_answered_in_utc() -> None:
    class Shape(Out):
        at: Instant

    row = {"at": datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))}
    assert Shape.model_validate(row).model_dump_json() == '{"at":"2001-02-03T02:05:06Z"}'


def test_the_description_of_a_moment_is_a_text_of_that_format() -> None:
    assert MOMENT.json_schema() == {"type": "string", "format": "date-time"}
