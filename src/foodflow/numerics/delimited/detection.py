"""The layout of a delimited text found from its first lines."""

from collections.abc import Iterable, Sequence

from foodflow.numerics.delimited.kinds import (
    MAJORITY,
    Kind,
    calendar_format,
    epoch_format,
    filled,
    named_as_remark,
    named_as_sensor,
    named_as_time,
)
from foodflow.numerics.delimited.layout import Choices, Layout, LayoutError, LeftOut, place_name
from foodflow.numerics.delimited.sample import Sample, cuts, sample_of
from foodflow.numerics.delimited.times import FORMATS, is_date, share_read

_WHY_NOT_VALUES = {
    Kind.TEXT: "holds text",
    Kind.TIME: "holds other times",
    Kind.CLOCK: "holds times of day",
    Kind.BLANK: "is blank",
}


def detect(sample_lines: Iterable[str], choices: Choices | None = None) -> Layout:
    """Find the layout of a text from its first lines, a few hundred or more.

    `sample_lines` are decoded lines from the first one on. What `choices` names is not guessed.
    Raises LayoutError, whose `option` says what to name, where the sample leaves a doubt: two
    columns of times, dates that may be day or month first, no column of numbers.
    """
    wanted = choices or Choices()
    first_error: LayoutError | None = None
    for separator, rows in cuts(sample_lines, wanted):
        try:
            return _layout(sample_of(rows, separator=separator, choices=wanted), wanted)
        except LayoutError as error:
            first_error = first_error or error
    raise first_error or LayoutError("no layout fits")


def _layout(sample: Sample, choices: Choices) -> Layout:
    _require_known(sample, choices)
    _require_distinct(choices)
    time = choices.time_column or _time_column(sample, choices)
    clock = choices.clock_column or _clock_column(sample, choices, time)
    time_format = _time_format(sample, choices, time, clock)
    free = [name for name in sample.names if name not in {time, clock, *choices.skip_columns}]
    sensor = choices.sensor_column or _sensor_column(sample, choices, free)
    values = _value_columns(sample, choices, [name for name in free if name != sensor], sensor)
    return Layout(
        separator=sample.separator,
        decimal=sample.decimal,
        has_header=sample.has_header,
        columns=sample.names,
        time_column=time,
        clock_column=clock,
        time_format=time_format,
        value_columns=values,
        sensor_column=sensor,
        label_candidates=() if sensor or choices.value_columns else values,
        left_out=_left_out(sample, choices, {time, clock, sensor, *values}),
    )


def _require_known(sample: Sample, choices: Choices) -> None:
    named = {
        "time_column": [choices.time_column],
        "clock_column": [choices.clock_column],
        "sensor_column": [choices.sensor_column],
        "value_columns": choices.value_columns,
        "skip_columns": choices.skip_columns,
    }
    for option, names in named.items():
        for name in names:
            if name is not None and name not in sample.cells:
                raise LayoutError(f"there is no column {name}; there are {', '.join(sample.names)}", option=option)


def _require_distinct(choices: Choices) -> None:
    """Refuse one column in two roles, which would read a time as a sensor or a value."""
    named = [choices.time_column, choices.clock_column, choices.sensor_column, *choices.value_columns]
    for name in filter(None, named):
        if named.count(name) > 1:
            raise LayoutError(f"{name} is named for more than one thing", option="value_columns")


def _time_column(sample: Sample, choices: Choices) -> str:
    taken = {choices.clock_column, choices.sensor_column}
    taken |= {*choices.value_columns, *choices.skip_columns}
    found = [name for name in _like_times(sample, choices) if name not in taken]
    if len(found) > 1:
        found = [name for name in found if named_as_time(name)] or found
    if len(found) == 1:
        return found[0]
    message = (
        f"several columns hold times ({', '.join(found)}); give time_column"
        if found
        else "no column of times is recognised; give time_column, and time_format if needed"
    )
    raise LayoutError(message, option="time_column")


def _like_times(sample: Sample, choices: Choices) -> list[str]:
    """Columns that may hold the time: calendar times, else counts since 1970 that say so."""
    wanted = choices.time_format
    if wanted is not None:
        return [name for name, cells in sample.cells.items() if share_read(filled(cells), wanted) > MAJORITY]
    return sample.of_kind(Kind.TIME) or [
        name
        for place, name in enumerate(sample.names)
        if epoch_format(sample.cells[name]) and (named_as_time(name) or not (sample.has_header or place))
    ]


def _clock_column(sample: Sample, choices: Choices, time: str) -> str | None:
    """Find the time of day beside a column of mere dates."""
    if sample.kinds[time] is not Kind.TIME or not all(map(is_date, sample.cells[time])):
        return None
    taken = {choices.sensor_column, *choices.value_columns, *choices.skip_columns}
    found = [name for name in sample.of_kind(Kind.CLOCK) if name not in taken]
    if len(found) > 1:
        raise LayoutError(
            f"several columns hold times of day ({', '.join(found)}); give clock_column", option="clock_column"
        )
    return found[0] if found else None


def _time_format(sample: Sample, choices: Choices, time: str, clock: str | None) -> str:
    cells = sample.cells[time]
    if choices.time_format is not None:
        return _named_format(sample, choices.time_format, time, clock)
    if sample.kinds[time] is Kind.TIME:
        return calendar_format(cells, column=time)
    found = epoch_format(cells)
    if found is None:
        raise LayoutError(
            f"the times of {time} are in no format that is recognised; give time_format", option="time_format"
        )
    return found


def _named_format(sample: Sample, wanted: str, time: str, clock: str | None) -> str:
    dates, clocks = sample.cells[time], sample.cells[clock] if clock else [""]
    if wanted not in FORMATS and not any(sign in wanted for sign in ("%Y", "%y", "%c", "%x", "%G")):
        raise LayoutError(
            f"{wanted} gives no year; patterns are those of strptime, or {', '.join(FORMATS)}", option="time_format"
        )
    joined = [f"{date.strip()} {clocks[i].strip()}" for i, date in enumerate(dates)] if clock else dates
    if not share_read(filled(joined), wanted):
        raise LayoutError(
            f"{wanted} reads no time of {time} ({next(iter(filled(joined)), 'blank')}, …)", option="time_format"
        )
    return wanted


def _sensor_column(sample: Sample, choices: Choices, free: Sequence[str]) -> str | None:
    """Find the column that names the sensor of the row, if there is one.

    A text column named as such, or any text beside a single column of numbers that is filled
    throughout and not named as a remark, or whole numbers under such a name.
    """
    numbers = [name for name in free if sample.kinds[name] is Kind.NUMBER]
    values = choices.value_columns or tuple(n for n in numbers if not _is_numbered(sample, n))
    single = len(values) == 1
    texts = [name for name in free if sample.kinds[name] is Kind.TEXT and name not in values]
    found = [name for name in texts if named_as_sensor(name) and (single or _varies(sample, name))]
    if not found and single:
        found = [name for name in numbers if name not in values and _is_numbered(sample, name)]
        found = found or [name for name in texts if _may_name(sample, name)]
    if len(found) > 1:
        raise LayoutError(
            f"several columns may name the sensor ({', '.join(found)}); give sensor_column", option="sensor_column"
        )
    return found[0] if found else None


def _is_numbered(sample: Sample, name: str) -> bool:
    return named_as_sensor(name) and all(cell.isdigit() for cell in filled(sample.cells[name]))


def _varies(sample: Sample, name: str) -> bool:
    return len(set(filled(sample.cells[name]))) > 1


def _may_name(sample: Sample, name: str) -> bool:
    cells = sample.cells[name]
    return not named_as_remark(name) and len(filled(cells)) == len(cells)


def _value_columns(sample: Sample, choices: Choices, free: Sequence[str], sensor: str | None) -> tuple[str, ...]:
    """Settle the columns of values.

    One that is blank all through the sample may be a sensor that starts later, but not in a long
    layout.
    """
    wanted = (Kind.NUMBER,) if sensor else (Kind.NUMBER, Kind.BLANK)
    values = choices.value_columns or tuple(
        name for name in free if sample.kinds[name] in wanted and _has_name(sample, name)
    )
    texts = [name for name in values if name not in free or sample.kinds[name] not in (*wanted, Kind.BLANK)]
    if texts or not values or (sensor and len(values) > 1):
        message = _what_is_wrong(values, texts, sensor)
        raise LayoutError(message, option="value_columns")
    return values


def _what_is_wrong(values: Sequence[str], texts: Sequence[str], sensor: str | None) -> str:
    if texts:
        return f"{', '.join(texts)}: no column of numbers that is free to be a value"
    if not values:
        return "no column of numbers is found; give value_columns, and decimal if needed"
    return f"{sensor} names the sensor of each row, so there is one value: give value_columns, {values}"


def _has_name(sample: Sample, name: str) -> bool:
    return not sample.has_header or name != place_name(sample.names.index(name))


def _left_out(sample: Sample, choices: Choices, used: set[str | None]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(name, _why_left_out(sample, choices, name)) for name in sample.names if name not in used)


def _why_left_out(sample: Sample, choices: Choices, name: str) -> str:
    if name in choices.skip_columns:
        return "is to be skipped"
    if choices.value_columns:
        return "is not among the named columns"
    return _WHY_NOT_VALUES.get(sample.kinds[name], "has no name")
