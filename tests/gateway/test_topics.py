"""Messages of plain topics become measurements as the configuration says, or say what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.gateway import topics
from foodflow.gateway.configuration import Topic
from foodflow.gateway.measurements import BAD, UNCERTAIN, Measurement
from foodflow.gateway.topics import UnreadableError, names_in, read

NOW = 1_767_225_600_000_000
LOCAL = b'{"v": 1, "t": "2026-01-01T01:00:00.5+01:00"}'
MILLIS = b'{"v": 1, "t": 1767225600250}'
LEVELS = {"line": "L1", "sensor": "oven"}


def rule(**fields: str) -> Topic:
    return Topic(topic="plant/{line}/{sensor}", sensor=fields.pop("sensor", "{line}.{sensor}"), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("topic", "pattern", "names"),
    [
        ("plant/L1/oven", "plant/{line}/{sensor}", {"line": "L1", "sensor": "oven"}),
        ("plant/L1/oven", "plant/+/{sensor}", {"sensor": "oven"}),
        ("plant/L1/oven/top", "plant/{line}/#", {"line": "L1"}),
        ("plant", "plant/#", {}),
        ("plant/L1", "plant/{line}/{sensor}", None),
        ("plant/L1/oven/top", "plant/{line}/{sensor}", None),
        ("other/L1/oven", "plant/{line}/{sensor}", None),
    ],
)
def test_levels_get_their_names(topic: str, pattern: str, names: dict[str, str] | None) -> None:
    assert names_in(topic, pattern) == names


@pytest.mark.parametrize(
    ("fields", "message", "expected"),
    [
        ({}, b"21.5", Measurement("L1.oven", NOW, 21.5)),
        ({}, b"true", Measurement("L1.oven", NOW, 1.0)),
        ({}, b"null", Measurement("L1.oven", NOW, None, BAD)),
        ({}, b"NaN", Measurement("L1.oven", NOW, None, BAD)),
        ({"value": "v"}, b'{"v": "3.25"}', Measurement("L1.oven", NOW, 3.25)),
        ({"value": "data.v"}, b'{"data": {"v": -4}}', Measurement("L1.oven", NOW, -4.0)),
        (
            {"value": "v", "time": "t"},
            b'{"v": 1, "t": "2026-01-01T01:00:00.5+01:00"}',
            Measurement("L1.oven", NOW + 500_000, 1.0),
        ),
        (
            {"value": "v", "time": "t", "time_unit": "ms"},
            b'{"v": 1, "t": 1767225600250}',
            Measurement("L1.oven", NOW + 250_000, 1.0),
        ),
        ({"value": "v", "status": "q"}, b'{"v": 1, "q": "uncertain"}', Measurement("L1.oven", NOW, 1.0, UNCERTAIN)),
        ({"value": "v", "status": "q"}, b'{"v": 1, "q": false}', Measurement("L1.oven", NOW, 1.0, BAD)),
        ({"value": "v", "status": "q"}, b'{"v": null, "q": 2150825984}', Measurement("L1.oven", NOW, None, 0x80330000)),
        ({"value": "v", "status": "q"}, b'{"v": 1}', Measurement("L1.oven", NOW, 1.0)),
    ],
)
def test_a_message_is_read_as_configured(fields: dict[str, str], message: bytes, expected: Measurement) -> None:
    assert read(rule(**fields), LEVELS, message, now=NOW) == [expected]


def test_each_number_of_an_object_is_a_sensor_where_no_value_is_named() -> None:
    wanted = rule(sensor="{sensor}.{member}", time="t", time_unit="s")
    found = read(wanted, LEVELS, b'{"t": 1767225600, "temperature": 4, "door": true, "name": "cold store"}', now=0)
    assert found == [Measurement("oven.temperature", NOW, 4.0), Measurement("oven.door", NOW, 1.0)]


@pytest.mark.parametrize(
    ("fields", "message", "says"),
    [
        ({}, b"hello", "no JSON"),
        ({}, b"\xff\xfe", "no JSON"),
        ({}, b"[" * 100_000, "no JSON"),
        ({}, b"[1]", "is a list"),
        ({}, b'{"name": "x"}', "no member that is a number"),
        ({"value": "v"}, b'{"w": 1}', "no member v"),
        ({"value": "v"}, b"7", "no member v"),
        ({"value": "v"}, b'{"v": "warm"}', "'warm' is no number"),
        ({"value": "v"}, b'{"v": 1' + b"0" * 400 + b"}", "is no number"),
        ({"value": "v", "time": "t"}, b'{"v": 1, "t": "2026-01-01T00:00:00"}', "has no zone"),
        ({"value": "v", "time": "t"}, b'{"v": 1, "t": "yesterday"}', "no time"),
        ({"value": "v", "time": "t", "time_unit": "s"}, b'{"v": 1, "t": 1e400}', "no time"),
        ({"value": "v", "status": "q"}, b'{"v": 1, "q": "fine"}', "no status"),
    ],
)
def test_what_cannot_be_read_says_why(fields: dict[str, str], message: bytes, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        read(rule(**fields), LEVELS, message, now=NOW)


@given(st.binary(max_size=200), st.sampled_from(["", "v"]), st.sampled_from(["", "t"]))
def test_no_message_does_anything_else_than_be_read_or_refused(message: bytes, value: str, time: str) -> None:
    try:
        for each in topics.read(rule(value=value, time=time), LEVELS, message, now=NOW):
            assert each.value is None or abs(each.value) < float("inf")
    except UnreadableError:
        pass
