"""Delimited text becomes readings; what cannot be read is reported with its line."""

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.delimited.detection import detect
from foodflow.numerics.delimited.layout import Choices, DelimitedError
from foodflow.numerics.delimited.parsing import KEPT_BAD_ROWS, parse, parse_chunks
from foodflow.numerics.delimited.results import Parsed
from tests.numerics.delimited.make import PLAIN, moments, read
from tests.numerics.make import real_lines

BERLIN = ZoneInfo("Europe/Berlin")


def complaints(parsed: Parsed) -> list[tuple[int, str, str]]:
    """Line, column and reason of what was refused."""
    return [(bad.line, bad.column, bad.reason) for bad in parsed.report.bad]


def test_each_value_has_its_line_its_time_and_its_sensor() -> None:
    found = read("time,a,b\n2024-03-04 10:00:00,1.5,2\n2024-03-04 10:00:01.25,1.6,-3e2\n").readings
    assert found["a"].lines.tolist() == [2, 3]
    assert moments(found["a"]) == ["2024-03-04 10:00:00+00:00", "2024-03-04 10:00:01.250000+00:00"]
    assert found["a"].values.tolist() == [1.5, 1.6]
    assert found["b"].values.tolist() == [2, -300]


def test_blank_cells_are_no_reading_and_are_counted() -> None:
    found = read("time,a,b\n2024-03-04 10:00:00,,2\n2024-03-04 10:00:01,1.6, \n2024-03-04 10:00:02,,3\n")
    assert found.readings["a"].lines.tolist() == [3]
    assert found.readings["b"].values.tolist() == [2, 3]
    assert found.report.blank_cells == {"a": 2, "b": 1}
    assert found.report.bad == ()


def test_blank_lines_are_ignored_but_numbered() -> None:
    found = read("\n\ntime,a\n\n2024-03-04 10:00:00,1.5\n   \n,\n2024-03-04 10:00:01,1.6\n\n")
    assert found.readings["a"].lines.tolist() == [5, 8]
    assert found.report.rows == 2


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("NaN", "not a finite number"),
        ("-inf", "not a finite number"),
        ("1e999", "too large a number"),
        ("1_000", "not a number"),
        ("0x10", "not a number"),
        ("1 000", "not a number"),
        ("\u0661", "not a number"),
        ("3;5", "not a number"),
        ("error", "not a number"),
    ],
)
def test_what_is_no_finite_number_is_reported_with_its_place(cell: str, reason: str) -> None:
    found = read(f"time,a,b\n2024-03-04 10:00:00,1,2\n2024-03-04 10:00:01,{cell},3\n", PLAIN)
    assert complaints(found) == [(3, "a", reason)]
    assert found.report.bad[0].text == cell
    assert found.readings["a"].values.tolist() == [1]
    assert found.readings["b"].values.tolist() == [2, 3]


@pytest.mark.parametrize(("decimal", "good", "bad"), [(",", "1,5", "1.5"), (".", "1.5", "1,5")])
def test_the_other_decimal_sign_is_not_guessed(decimal: str, good: str, bad: str) -> None:
    text = f"time;a;b\n2024-03-04 10:00:00;{good};{bad}\n"
    found = read(text, replace(PLAIN, separator=";", decimal=decimal))
    assert found.readings["a"].values.tolist() == [1.5]
    assert complaints(found) == [(2, "b", f"the decimal sign here is '{decimal}'")]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "no time"),
        ("yesterday", "not a time in the format iso"),
        ("2024-02-30 10:00:00", "not a time in the format iso"),
        ("20240304", "not a time in the format iso"),
        ("2024030410:00", "not a time in the format iso"),
        ("0001-01-01 00:00:00", "a time out of range"),
        ("9999-12-31 23:59:59", "a time out of range"),
    ],
)
def test_a_row_without_a_usable_time_is_reported(cell: str, reason: str) -> None:
    text = f"time,a,b\n2024-03-04 10:00:00,1,2\n{cell},3,4\n2024-03-04 10:00:02,5,6\n"
    for zone in (UTC, BERLIN):
        found = read(text, PLAIN, time_zone=zone)
        assert complaints(found) == [(3, "time", reason)]
        assert found.readings["b"].values.tolist() == [2, 6]


def test_a_row_of_another_width_or_with_open_quotes_is_reported_and_the_rest_is_read() -> None:
    text = 'time,a,b\n2024-03-04 10:00:00,1\n2024-03-04 10:00:01,1,2,3\n2024-03-04,"1,2\n2024-03-05,1,2\n'
    found = read(text, PLAIN)
    assert complaints(found) == [
        (2, "", "2 cells instead of 3"),
        (3, "", "4 cells instead of 3"),
        (4, "", "quotes that are not closed"),
    ]
    assert found.readings["a"].lines.tolist() == [5]
    assert found.report.rows == 4


def test_bad_cells_come_in_the_order_of_lines() -> None:
    rows = ["time,a,b", *(f"2024-03-04 10:00:0{i},x,y" for i in range(3)), "bad,1,2"]
    found = read("\n".join(rows), PLAIN)
    assert [bad.line for bad in found.report.bad] == [2, 2, 3, 3, 4, 4, 5]


def test_only_the_first_bad_cells_are_kept_but_all_are_counted() -> None:
    rows = ["time,a,b", *(f"2024-03-04,x{i},1" for i in range(2 * KEPT_BAD_ROWS))]
    lines = [row + "\n" for row in rows]
    *_, last = parse_chunks(lines, PLAIN, rows_per_chunk=300)
    assert last.report is not None
    assert len(last.report.bad) == KEPT_BAD_ROWS
    assert last.report.bad[-1].text == f"x{KEPT_BAD_ROWS - 1}"
    assert last.report.bad_count == last.bad_count == 2 * KEPT_BAD_ROWS


def test_a_long_bad_cell_is_shown_shortened() -> None:
    found = read("time,a,b\n2024-03-04,1," + "x" * 5000 + "\n", PLAIN)
    assert len(found.report.bad[0].text) == 100


def test_quoted_cells_may_hold_separators_and_quotes() -> None:
    found = read('"time","a, ""raw""",b\n"2024-03-04 10:00:00", "1.5",2\n')
    assert found.readings['a, "raw"'].values.tolist() == [1.5]


def test_a_byte_order_mark_is_ignored() -> None:
    assert len(read("\ufefftime,a,b\n2024-03-04,1,2\n", PLAIN).readings["a"]) == 1


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("time,a,c\n2024-03-04,1,2\n", "header", 1),
        ("time,a,b\n2024-03-04,1,2\n2024-03-05,\0,2\n", "NUL", 3),
        ("time,a,b\n2024-03-04,1,2\n2024-03-05," + "1" * 40_000 + ",2\n", "characters", 3),
    ],
)
def test_a_text_that_is_another_thing_is_refused_with_the_line(text: str, says: str, line: int) -> None:
    with pytest.raises(DelimitedError, match=says) as error:
        read(text, PLAIN)
    assert error.value.line == line


def test_a_long_layout_gives_readings_by_sensor() -> None:
    text = (
        "time,sensor,value\n2024-03-04 10:00,T,4.5\n2024-03-04 10:00,P,1\n2024-03-04 10:01,T,0\n"
        "2024-03-04 10:01,P,\n2024-03-04 10:02,T,x\n2024-03-04 10:03,,1\nwhen,P,1\n2024-03-04 10:04,P,0\n"
    )
    found = read(text)
    assert {name: part.values.tolist() for name, part in found.readings.items()} == {"T": [4.5, 0], "P": [1, 0]}
    assert found.readings["P"].lines.tolist() == [3, 9]
    assert complaints(found) == [
        (6, "value", "not a number"),
        (7, "sensor", "no sensor"),
        (8, "time", "not a time in the format iso"),
    ]
    assert found.report.blank_cells == {"T": 0, "P": 1}
    assert found.report.readings == {"T": 2, "P": 2}
    assert found.report.left_out == ()


def test_a_column_of_only_0_and_1_is_left_out_as_a_label_unless_named() -> None:
    lines = ["time,a,alarm\n", "2024-03-04 10:00,5,0\n", "2024-03-04 10:01,5,1.0\n"]
    found = parse(lines, detect(lines))
    assert list(found.readings) == ["a"]
    assert [each.column for each in found.report.left_out] == ["alarm"]
    assert "alarm" not in found.report.readings
    named = parse(lines, detect(lines, Choices(value_columns=("a", "alarm"))))
    assert named.readings["alarm"].values.tolist() == [0, 1]


def test_a_column_that_shows_another_value_late_is_no_label() -> None:
    lines = ["time,a\n", *(f"2024-03-04 10:{i:02},{i % 2}\n" for i in range(50)), "2024-03-04 11:00,7\n"]
    assert len(parse(lines, detect(lines[:20])).readings["a"]) == 51


@pytest.mark.parametrize(("value", "name", "kept"), [("4", "x", True), ("0", "flow", True), ("0", "anomaly", False)])
def test_a_constant_column_is_kept_unless_it_is_a_mark_by_value_and_name(value: str, name: str, kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    found = read(f"time,a,{name}\n2024-03-04 10:00,5,{value}\n2024-03-04 10:01,6,{value}\n")
    assert (name in found.readings) == kept


def test_a_column_without_any_value_is_left_out_with_the_reason() -> None:
    found = read("time,a,b\n2024-03-04 10:00,5,\n2024-03-04 10:01,6,\n")
    assert [(each.column, each.reason) for each in found.report.left_out] == [("b", "holds no value")]


@given(st.integers(1, 60), st.lists(st.sampled_from(["1.5", "", "x", "-2", "1e999"]), max_size=50))
def test_chunks_of_any_size_give_the_same_readings(rows_per_chunk: int, cells: list[str]) -> None:
    lines = ["time,a,b\n", *(f"2024-10-27 {i // 20:02}:{i % 20:02},{cell},{i}\n" for i, cell in enumerate(cells))]
    whole = parse(lines, PLAIN, time_zone=BERLIN)
    chunks = list(parse_chunks(lines, PLAIN, time_zone=BERLIN, rows_per_chunk=rows_per_chunk))
    assert [chunk.report is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert chunks[-1].report == whole.report
    for name, readings in whole.readings.items():
        joined = np.concatenate([chunk.readings[name].times for chunk in chunks])
        assert joined.tolist() == readings.times.tolist()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from([".", ","]))
def test_every_finite_number_is_read_back_exactly(numbers: list[float], decimal: str) -> None:
    cells = [repr(number).replace(".", decimal) for number in numbers]
    lines = ["time;a;b\n", *(f"2024-03-04;{cell};0\n" for cell in cells)]
    found = parse(lines, replace(PLAIN, separator=";", decimal=decimal))
    assert found.report.bad == ()
    assert found.readings["a"].values.tolist() == numbers


@given(st.lists(st.text(max_size=40), max_size=8))
def test_no_text_makes_it_fail_in_another_way(lines: list[str]) -> None:
    text = ["time,a,b\n", "2024-03-04 10:00,1,2\n", *lines]
    try:
        found = parse(text, detect(text), time_zone=BERLIN)
    except DelimitedError:
        return
    assert all(np.isfinite(part.values).all() for part in found.readings.values())


def test_the_real_machine_is_read_whole() -> None:
    lines = real_lines("machine_temperature.csv")
    found = parse(lines, detect(lines[:500]))
    readings = found.readings["value"]
    assert len(readings) == 22_695
    assert (readings.lines[0], readings.lines[-1]) == (2, 22_696)
    assert moments(readings)[0] == "2013-12-02 21:15:00+00:00"
    assert readings.values[0] == 73.96732207
    assert len(set(readings.times.tolist())) == 22_695 - 12
    assert found.report.bad_count == 0


def test_the_real_water_rig_brings_eight_sensors_and_leaves_out_its_labels() -> None:
    lines = real_lines("water_rig_0.csv")
    found = parse(lines, detect(lines[:500]))
    assert {len(readings) for readings in found.readings.values()} == {1147}
    assert len(found.readings) == 8
    assert [each.column for each in found.report.left_out] == ["anomaly", "changepoint"]
