"""Makers of bodies: the same readings in every format, as other programs write them."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]  # it has no types

from foodflow.plant.usecases.ways_in import Incoming

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reading(NamedTuple):
    """A reading: of whom, when (microseconds since 1970), what, and how good it is."""

    sensor: str
    micros: int
    value: float | None
    status: int


def text_of(micros: int) -> str:
    """A moment as RFC 3339 writes it."""
    return (EPOCH + timedelta(microseconds=micros)).isoformat()


def name_of(readings: Sequence[Reading]) -> str:
    """The column that names the sensors."""
    return "sensor_id" if all(_is_id(reading.sensor) for reading in readings) else "sensor_code"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def objects(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """Rows of JSON."""
    by = name_of(readings)
    return [
        {by: each.sensor, "timestamp": text_of(each.micros), "value": each.value, "status_code": each.status}
        for each in readings
    ]


def as_rows(readings: Sequence[Reading]) -> bytes:
    return json.dumps({"readings": objects(readings)}).encode()


def as_columns(readings: Sequence[Reading]) -> bytes:
    rows = objects(readings)
    columns = {name: [row[name] for row in rows] for name in (name_of(readings), "timestamp", "value", "status_code")}
    return json.dumps({"columns": columns}).encode()


def as_micros(readings: Sequence[Reading]) -> bytes:
    rows = objects(readings)
    columns = {name: [row[name] for row in rows] for name in (name_of(readings), "value", "status_code")}
    return json.dumps({"columns": {**columns, "timestamp_us": [each.micros for each in readings]}}).encode()


def as_series(readings: Sequence[Reading]) -> bytes:
    by = name_of(readings)
    series = [
        {
            by: each.sensor,
            "timestamps": [text_of(each.micros)],
            "values": [each.value],
            "status_codes": [each.status],
        }
        for each in readings
    ]
    return json.dumps({"series": series}).encode()


def as_ndjson(readings: Sequence[Reading]) -> bytes:
    return "\n".join(json.dumps(row) for row in objects(readings)).encode()


def as_csv(readings: Sequence[Reading]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([name_of(readings), "timestamp", "value", "status_code"])
    for each in readings:
        value = "" if each.value is None else repr(each.value)
        writer.writerow([each.sensor, text_of(each.micros), value, each.status])
    return out.getvalue().encode()


def table(readings: Sequence[Reading]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A table of Arrow."""
    return pa.table(
        {
            name_of(readings): pa.array([each.sensor for each in readings], pa.string()),
            "timestamp": pa.array([each.micros for each in readings], pa.timestamp("us", "UTC")),
            "value": pa.array([each.value for each in readings], pa.float64()),
            "status_code": pa.array([each.status for each in readings], pa.uint32()),
        }
    )


def stream(table: Any, *, rows: int | None = None, compression: str | None = None) -> bytes:  # noqa: ANN401 - the same
    """A table as an IPC stream, in batches of so many rows."""
    out = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(out, table.schema, options=options) as writer:
        writer.write_table(table, rows)
    return out.getvalue()


def as_arrow(readings: Sequence[Reading]) -> bytes:
    return stream(table(readings))


def as_arrow_of_dictionaries(readings: Sequence[Reading]) -> bytes:
    plain, by = table(readings), name_of(readings)
    return stream(plain.set_column(0, by, plain[by].dictionary_encode()), rows=3)


def as_arrow_of_bytes(readings: Sequence[Reading]) -> bytes:
    """Ids as 16 bytes; codes stay texts, with 64-bit offsets."""
    plain, by = table(readings), name_of(readings)
    if by == "sensor_code":
        return stream(plain.set_column(0, by, plain[by].cast(pa.large_string())), rows=2)
    return stream(plain.set_column(0, by, pa.array([UUID(each.sensor).bytes for each in readings], pa.binary(16))))


def seen(incoming: Incoming) -> list[tuple[str, int, str, int]]:
    """The readings of decoded columns, to the last bit."""
    names = [str(named.name) for named in incoming.named]
    cells = zip(
        incoming.which.tolist(),
        incoming.times.tolist(),
        incoming.values.tolist(),
        incoming.statuses.tolist(),
        strict=True,
    )
    return [(names[which], time, value.hex(), status) for which, time, value, status in cells]
