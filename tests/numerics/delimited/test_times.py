"""Times in every format and zone become the instants that they name."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.delimited.parsing import parse
from tests.numerics.delimited.make import PLAIN, moments, read

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_time_may_be_in_two_columns() -> None:
    found = read("Datum;Uhrzeit;T\n04.03.2024;9:05:00;4,5\n04.03.2024;10:00:00,5;4,6\n")
    assert moments(found.readings["T"]) == ["2024-03-04 09:05:00+00:00", "2024-03-04 10:00:00.500000+00:00"]


@pytest.mark.parametrize(
    ("cell", "time_format"),
    [
        ("2024-03-13T10:20:30.25Z", "iso"),
        ("2024-03-13 10:20:30,250", "iso"),
        ("2024-03-13 11:20:30.250000999 +01:00", "iso"),
        ("2024/3/13T10:20:30.25z", "iso"),
        ("13.03.2024 10:20:30.25", "day_first"),
        ("13/3/2024 12:20:30.25+0200", "day_first"),
        ("03/13/2024 10:20:30.25", "month_first"),
        ("1710325230.25", "epoch_seconds"),
        ("1710325230250", "epoch_milliseconds"),
        ("1710325230250000", "epoch_microseconds"),
        ("1710325230250000999", "epoch_nanoseconds"),
        ("13 Mar 2024 10-20-30.25", "%d %b %Y %H-%M-%S.%f"),
        ("11:20:30.25 20240313 +0100", "%H:%M:%S.%f %Y%m%d %z"),
    ],
)
def test_every_format_of_time_gives_the_same_instant(cell: str, time_format: str) -> None:
    text = f"time;a;b\n{cell};1;2\n"
    found = read(text, replace(PLAIN, separator=";", time_format=time_format))
    assert moments(found.readings["a"]) == ["2024-03-13 10:20:30.250000+00:00"]


def test_local_times_are_told_by_the_zone_and_times_with_offset_are_not() -> None:
    text = "time,a,b\n2024-01-15 12:00,1,1\n2024-07-15 12:00,1,1\n2024-07-15 12:00Z,1,1\n"
    found = read(text, PLAIN, time_zone=BERLIN)
    hours = [moment[11:13] for moment in moments(found.readings["a"])]
    assert hours == ["11", "10", "12"]


def test_a_time_that_the_clocks_jump_over_is_reported() -> None:
    text = "time,a,b\n2024-03-31 01:59,1,1\n2024-03-31 02:30,1,1\n2024-03-31 03:00,1,1\n"
    found = read(text, PLAIN, time_zone=BERLIN)
    assert [moment[11:16] for moment in moments(found.readings["a"])] == ["00:59", "01:00"]
    assert [bad.line for bad in found.report.bad] == [3]
    assert "does not exist" in found.report.bad[0].reason


@pytest.mark.parametrize("minutes", [1, 30, 60])
def test_the_hour_that_comes_twice_is_told_by_the_order_of_rows(minutes: int) -> None:
    first = np.datetime64("2024-10-26T22:00", "m")
    walls = [first + i * minutes + (120 if i * minutes < 180 else 60) for i in range(480 // minutes)]
    rows = ["time,a,b", *(f"{str(wall).replace('T', ' ')},{i},1" for i, wall in enumerate(walls))]
    found = read("\n".join(rows), PLAIN, time_zone=BERLIN)
    assert found.report.bad == ()
    assert found.report.ambiguous_times == 120 // minutes
    assert set(np.diff(found.readings["a"].times).tolist()) == {minutes * 60_000_000}


def test_the_hour_that_comes_twice_is_told_for_each_sensor_apart() -> None:
    hours = ["01:00", "02:00", "02:00", "03:00"]
    rows = ["time,sensor,value", *(f"2024-10-27 {hour},{name},1.5" for hour in hours for name in "xy")]
    found = read("\n".join(rows), time_zone=BERLIN)
    for name in "xy":
        assert [moment[11:13] for moment in moments(found.readings[name])] == ["23", "00", "01", "02"]


def test_a_time_that_comes_a_third_time_is_reported() -> None:
    text = "time,a,b\n" + "2024-10-27 02:30,1,1\n" * 3
    found = read(text, PLAIN, time_zone=BERLIN)
    assert [bad.line for bad in found.report.bad] == [4]
    assert "comes twice" in found.report.bad[0].reason


@given(st.datetimes(datetime(1900, 1, 2), datetime(9998, 12, 30)), st.sampled_from(["T", " "]), st.booleans())  # noqa: DTZ001 - the strategy adds the zone
def test_every_time_is_read_back_exactly(at: datetime, mark: str, first_is_odd: bool) -> None:  # noqa: FBT001 - drawn
    odd = ["2024/1/1 1:00,1,1\n"] if first_is_odd else []
    found = parse(["time,a,b\n", *odd, f"{at.isoformat(mark)},1,1\n"], PLAIN)
    assert found.readings["a"].times[-1] == np.datetime64(at, "us").astype(np.int64)
