"""A plain layout, and texts read with it."""

from datetime import UTC, datetime, tzinfo

from foodflow.numerics.delimited.detection import detect
from foodflow.numerics.delimited.layout import Layout
from foodflow.numerics.delimited.parsing import parse
from foodflow.numerics.delimited.results import Parsed, Readings

PLAIN = Layout(
    separator=",",
    decimal=".",
    has_header=True,
    columns=("time", "a", "b"),
    time_column="time",
    clock_column=None,
    time_format="iso",
    value_columns=("a", "b"),
    sensor_column=None,
    label_candidates=(),
    left_out=(),
)


def read(text: str, found: Layout | None = None, *, time_zone: tzinfo = UTC) -> Parsed:
    """A text read with a layout, or with that which is detected."""
    lines = text.splitlines(keepends=True)
    return parse(lines, found or detect(lines), time_zone=time_zone)


def moments(readings: Readings) -> list[str]:
    """The times of readings as people write them."""
    return [datetime.fromtimestamp(tick / 1e6, UTC).isoformat(" ") for tick in readings.times.tolist()]
