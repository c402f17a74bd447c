"""Layouts are found, and where a sample leaves a doubt the option that settles it is named."""

import pytest

from foodflow.numerics.delimited.detection import detect
from foodflow.numerics.delimited.layout import Choices, Layout, LayoutError
from tests.numerics.make import real_lines


def layout_of(text: str, choices: Choices | None = None) -> Layout:
    """The layout of a text, with choices."""
    return detect(text.splitlines(keepends=True), choices)


def refused(text: str, choices: Choices | None = None) -> LayoutError:
    """The refusal of a text."""
    with pytest.raises(LayoutError) as error:
        layout_of(text, choices)
    return error.value


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    rows = ["time,a,b", "2024-03-04 10:00:00,1.5,2", "2024-03-04 10:00:01,1.6,2"]
    found = layout_of("\n".join(row.replace(",", separator) for row in rows))
    assert (found.separator, found.time_column, found.value_columns) == (separator, "time", ("a", "b"))
    assert (found.has_header, found.decimal, found.time_format) == (True, ".", "iso")


def test_a_decimal_comma_between_semicolons_is_found() -> None:
    found = layout_of("2024-03-04 10:00:00;1,5\n2024-03-04 10:00:01;1,6\n")
    assert (found.separator, found.decimal, found.has_header) == (";", ",", False)
    assert (found.time_column, found.value_columns) == ("column 1", ("column 2",))


def test_a_comma_in_the_seconds_is_not_a_separator() -> None:
    found = layout_of("time;a\n2024-03-04 10:00:00,250;1.5\n2024-03-04 10:00:01,250;1.6\n")
    assert (found.separator, found.decimal) == (";", ".")


def test_a_comma_that_may_group_thousands_is_a_doubt() -> None:
    assert refused("time\ta\n2024-03-04\t1,500\n2024-03-05\t2,500\n").option == "decimal"
    assert layout_of("time\ta\n2024-03-04\t1,500\n2024-03-05\t2,5\n").decimal == ","


def test_sensors_may_be_called_by_number() -> None:
    found = layout_of("time,101,102\n2024-03-04 10:00:00,1,2\n")
    assert (found.has_header, found.value_columns) == (True, ("101", "102"))


def test_a_text_without_header_that_begins_with_a_bad_cell_has_no_header() -> None:
    found = layout_of("2024-03-04 10:00:00,NaN\n2024-03-04 10:00:01,1.5\n2024-03-04 10:00:02,1.5\n")
    assert not found.has_header


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2024-03-04", "2024-03-05"], "iso"),
        (["2024-03-04T10:00Z", "2024-03-04T10:01Z"], "iso"),
        (["2024-03-04T10:00:00.123456+01:00"], "iso"),
        (["2024/3/4 9:05"], "iso"),
        (["04.03.2024 10:00", "05.03.2024 10:00"], "day_first"),
        (["04.03.2024 10:00:05.5"], "day_first"),
        (["04/03/2024 10:00", "13/03/2024 10:00"], "day_first"),
        (["03/04/2024 10:00", "03/13/2024 10:00"], "month_first"),
        (["13-03-2024 10:00"], "day_first"),
        (["1709546400", "1709546460"], "epoch_seconds"),
        (["1709546400.25"], "epoch_seconds"),
        (["1709546400000"], "epoch_milliseconds"),
        (["1709546400000000"], "epoch_microseconds"),
        (["1709546400000000000"], "epoch_nanoseconds"),
    ],
)
def test_the_format_of_times_is_found(cells: list[str], expected: str) -> None:
    found = layout_of("timestamp,a\n" + "".join(f"{cell},1.5\n" for cell in cells))
    assert (found.time_column, found.time_format) == ("timestamp", expected)


@pytest.mark.parametrize("dates", ["03/04/2024,1\n05/06/2024,2\n", "13/04/2024,1\n05/26/2024,2\n"])
def test_day_and_month_that_cannot_be_told_apart_are_a_doubt(dates: str) -> None:
    error = refused("time,a\n" + dates)
    assert error.option == "time_format"
    assert "%d/%m/%Y" in str(error)


def test_a_named_format_settles_the_doubt() -> None:
    text = "time,a\n03/04/2024,1\n05/06/2024,2\n"
    assert layout_of(text, Choices(time_format="month_first")).time_format == "month_first"
    assert layout_of(text, Choices(time_format="%d/%m/%Y")).time_format == "%d/%m/%Y"


@pytest.mark.parametrize("pattern", ["%H:%M", "%Y%m%d"])
def test_a_named_format_that_does_not_fit_is_refused(pattern: str) -> None:
    assert refused("time,a\n03/04/2024,1\n", Choices(time_format=pattern, time_column="time")).option == "time_format"


def test_date_and_time_of_day_in_two_columns_belong_together() -> None:
    found = layout_of("Datum;Uhrzeit;Temperatur\n04.03.2024;10:00:00;4,5\n04.03.2024;10:00:01;4,6\n")
    assert (found.time_column, found.clock_column, found.value_columns) == ("Datum", "Uhrzeit", ("Temperatur",))


def test_of_several_columns_of_times_the_one_named_so_is_taken() -> None:
    found = layout_of("batch,time,a\n2024-03-01,2024-03-04 10:00,1.5\n2024-03-01,2024-03-04 10:01,1.5\n")
    assert found.time_column == "time"
    assert [(each.column, each.reason) for each in found.left_out] == [("batch", "holds other times")]


def test_two_columns_named_as_times_are_a_doubt() -> None:
    text = "start_time,end_time,a\n2024-03-04 10:00,2024-03-04 10:01,1\n"
    error = refused(text)
    assert error.option == "time_column"
    assert "start_time, end_time" in str(error)
    assert layout_of(text, Choices(time_column="end_time")).time_column == "end_time"


def test_a_row_that_names_its_sensor_makes_a_long_layout() -> None:
    found = layout_of("time,sensor,value\n2024-03-04 10:00,T1,4.5\n2024-03-04 10:00,P1,1.1\n")
    assert (found.sensor_column, found.value_columns, found.label_candidates) == ("sensor", ("value",), ())


def test_any_text_beside_one_column_of_numbers_names_the_sensor() -> None:
    assert layout_of("2024-03-04 10:00;kettle;4.5\n2024-03-04 10:00;filler;1.1\n").sensor_column == "column 2"


def test_sensors_named_by_whole_numbers_make_a_long_layout() -> None:
    found = layout_of("time,sensor_id,value\n2024-03-04 10:00,1,4.5\n2024-03-04 10:00,2,1.1\n")
    assert (found.sensor_column, found.value_columns) == ("sensor_id", ("value",))


def test_a_quality_beside_one_column_of_numbers_is_not_a_sensor() -> None:
    found = layout_of("time,value,quality\n2024-03-04 10:00,4.5,Good\n2024-03-04 10:01,4.6,Good\n")
    assert (found.sensor_column, found.value_columns) == (None, ("value",))


def test_sensors_named_by_row_beside_two_columns_of_numbers_are_a_doubt() -> None:
    text = "time,tag,value,raw\n2024-03-04 10:00,T1,4.5,17\n2024-03-04 10:00,P1,1.1,18\n"
    assert refused(text).option == "value_columns"
    assert layout_of(text, Choices(value_columns=("value",))).sensor_column == "tag"


def test_two_columns_that_may_name_the_sensor_are_a_doubt() -> None:
    text = "time,tag,channel,value\n2024-03-04 10:00,T1,a,4.5\n2024-03-04 10:00,P1,b,1.1\n"
    assert refused(text).option == "sensor_column"
    assert layout_of(text, Choices(sensor_column="channel")).sensor_column == "channel"


def test_columns_can_be_named_and_skipped() -> None:
    text = "time,a,b,c\n2024-03-04 10:00,1,2,3\n"
    assert layout_of(text, Choices(value_columns=("b",))).value_columns == ("b",)
    assert layout_of(text, Choices(value_columns=("b",))).label_candidates == ()
    assert layout_of(text, Choices(skip_columns=("b",))).value_columns == ("a", "c")


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("time_column", Choices(time_column="nowhere")),
        ("clock_column", Choices(clock_column="nowhere")),
        ("sensor_column", Choices(sensor_column="nowhere")),
        ("value_columns", Choices(value_columns=("a", "nowhere"))),
        ("skip_columns", Choices(skip_columns=("nowhere",))),
    ],
)
def test_a_named_column_that_is_not_there_is_refused(option: str, choices: Choices) -> None:
    error = refused("time,a\n2024-03-04 10:00,1\n", choices)
    assert error.option == option
    assert "there are time, a" in str(error)


@pytest.mark.parametrize(
    "choices",
    [
        Choices(time_column="time", value_columns=("time", "a")),
        Choices(time_column="time", sensor_column="time"),
        Choices(value_columns=("a", "a")),
    ],
)
def test_a_column_named_for_two_things_is_refused(choices: Choices) -> None:
    assert "more than one thing" in str(refused("time,a\n2024-03-04 10:00,1\n", choices))


def test_a_named_value_column_that_holds_text_is_refused() -> None:
    text = "time,a,b\n2024-03-04 10:00,1,x\n2024-03-04 10:01,1,y\n"
    assert refused(text, Choices(value_columns=("b",))).option == "value_columns"


def test_a_column_that_is_blank_in_the_sample_may_be_a_sensor_that_starts_later() -> None:
    assert layout_of("time,a,b\n2024-03-04 10:00,1,\n").value_columns == ("a", "b")


def test_a_column_that_says_not_a_number_is_a_column_of_numbers() -> None:
    assert layout_of("time,a\n2024-03-04 10:00,NaN\n2024-03-04 10:01,NaN\n").value_columns == ("a",)


def test_a_column_without_name_is_left_out_with_the_reason() -> None:
    found = layout_of(",time,a\n0,2024-03-04 10:00,1.5\n1,2024-03-04 10:01,1.5\n")
    assert found.value_columns == ("a",)
    assert [(each.column, each.reason) for each in found.left_out] == [("column 1", "has no name")]


def test_a_byte_order_mark_and_quotes_are_no_part_of_a_name() -> None:
    assert layout_of('\ufeff"time","a, b"\n"2024-03-04 10:00","1"\n').columns == ("time", "a, b")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\n  \n", "empty"),
        ("time,a\n", "no rows below"),
        ("time,a,a\n2024-03-04 10:00,1,2\n", "more than one column a"),
        ("just a sentence\nand another\n", "separator"),
        ("time,a\n2024-03-04 10:00,\0\n", "NUL"),
        ("time,a\n2024-03-04 10:00," + "1" * 40_000 + "\n", "characters"),
        ("time,a\n2024-03-04 10:00,x\n2024-03-04 10:01,y\n", "no column of numbers"),
        ("name,a\nx,1\ny,2\n", "give time_column"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        layout_of(text)


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("separator", Choices(separator="::")),
        ("separator", Choices(separator="")),
        ("decimal", Choices(decimal="'")),
    ],
)
def test_a_choice_that_is_none_is_refused(option: str, choices: Choices) -> None:
    assert refused("time,a\n2024-03-04 10:00,1\n", choices).option == option


def test_the_real_machine_has_one_sensor() -> None:
    found = detect(real_lines("machine_temperature.csv")[:200])
    assert (found.separator, found.time_column, found.value_columns) == (",", "timestamp", ("value",))


def test_the_real_water_rig_has_ten_columns_of_numbers() -> None:
    found = detect(real_lines("water_rig_0.csv")[:200])
    assert (found.separator, found.decimal, found.time_column, len(found.value_columns)) == (";", ".", "datetime", 10)
