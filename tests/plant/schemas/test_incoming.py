"""The decoders: the same readings from every format, and a refusal by place for whatever is none."""

import json
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foodflow.kernel.errors import Invalid, Malformed, Refusal
from foodflow.plant.schemas.incoming import arrow, documents, lines
from foodflow.plant.schemas.incoming.building import MAX_BULK
from foodflow.plant.schemas.incoming.shapes import RowsIn
from foodflow.plant.usecases.ways_in import Incoming
from tests.plant.schemas import make
from tests.plant.schemas.make import Reading

Decode = Callable[[bytes], Incoming]
FORMATS: dict[str, tuple[Callable[[Sequence[Reading]], bytes], Decode]] = {
    "rows": (make.as_rows, documents.decode),
    "columns": (make.as_columns, documents.decode),
    "microseconds": (make.as_micros, documents.decode),
    "series": (make.as_series, documents.decode),
    "ndjson": (make.as_ndjson, lines.decode_ndjson),
    "csv": (make.as_csv, lines.decode_csv),
    "arrow": (make.as_arrow, arrow.decode),
    "arrow with dictionaries": (make.as_arrow_of_dictionaries, arrow.decode),
    "arrow with bytes": (make.as_arrow_of_bytes, arrow.decode),
}
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER = "01890a5d-ac96-774b-bcce-b302099a8058"
AT = "2026-01-31T08:00:00Z"
BAD = 0x8000_0000

IDS = st.sampled_from([ID, OTHER])
CODES = st.sampled_from(["TT-7", "Kühlraum, hinten", 'a"b', "§" * 100])
MOMENTS = st.integers(-(2**45), 2**50)
GOOD = st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0, 0x4090_0000, 2**30]))
NOT_GOOD = st.tuples(st.none() | st.floats(-1e9, 1e9), st.sampled_from([BAD, 0x808C_0000]))


def readings_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[Reading]]:
    row = st.tuples(names, MOMENTS, GOOD | NOT_GOOD).map(lambda each: Reading(each[0], each[1], *each[2]))
    return st.lists(row, min_size=1, max_size=12)


READINGS = readings_of(IDS) | readings_of(CODES)
SOME = [
    Reading(ID, 1_769_846_400_000_000, 1.5, 0),
    Reading(OTHER, 1_769_846_400_500_000, None, BAD),
    Reading(ID, 1_769_846_401_000_000, -0.0, 0x4000_0000),
]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40)
@given(readings=READINGS)
def test_readings_come_out_of_every_format_as_they_went_in(name: str, readings: list[Reading]) -> None:
    write, decode = FORMATS[name]
    expected = [
        (each.sensor, each.micros, (float("nan") if each.value is None else each.value).hex(), each.status)
        for each in readings
    ]
    assert make.seen(decode(write(readings))) == expected


def test_no_reading_at_all_is_a_body_too() -> None:
    empty = make.table([Reading("TT-7", 0, 0, 0)]).slice(0, 0)
    bodies = [
        (documents.decode, b'{"readings": []}'),
        (documents.decode, b'{"columns": {"sensor_id": [], "timestamp": [], "value": []}}'),
        (documents.decode, b'{"series": []}'),
        (lines.decode_ndjson, b"\n"),
        (lines.decode_csv, b"sensor_code,timestamp,value"),
        (arrow.decode, make.stream(empty)),
        (arrow.decode, make.stream(empty, rows=1)),
    ]
    for decode, body in bodies:
        assert make.seen(decode(body)) == []


def test_evenly_spaced_readings_need_no_times() -> None:
    series = [{"sensor_code": "TT-7", "start": "2026-01-31T09:00:00+01:00", "step_ms": 500, "values": [1, 2, 3]}]
    times = [time for _, time, _, _ in make.seen(documents.decode(json.dumps({"series": series}).encode()))]
    assert times == [1_769_846_400_000_000, 1_769_846_400_500_000, 1_769_846_401_000_000]


def test_rows_may_name_sensors_by_id_and_by_code_side_by_side() -> None:
    rows = [{"sensor_id": ID}, {"sensor_code": "TT-7"}, {"sensor_id": OTHER}, {"sensor_code": "TT-7"}]
    body = json.dumps({"readings": [row | {"timestamp": AT, "value": 1} for row in rows]}).encode()
    assert [name for name, *_ in make.seen(documents.decode(body))] == [ID, "TT-7", OTHER, "TT-7"]


def test_an_older_program_says_that_a_value_is_not_valid() -> None:
    row = {"sensor_id": ID, "timestamp": AT, "value": 1}
    body = {"readings": [row | {"is_valid": False}, row | {"is_valid": True}, row]}
    assert [status for *_, status in make.seen(documents.decode(json.dumps(body).encode()))] == [BAD, 0, 0]
    for contradiction in ({"is_valid": False, "status_code": 0}, {"is_valid": True, "status_code": BAD}):
        assert fields(documents.decode, json.dumps({"readings": [row | contradiction]})) == ["readings.0.is_valid"]


def fields(decode: Decode, body: str | bytes) -> list[str]:
    """The places that a refusal names."""
    with pytest.raises(Invalid) as refused:
        decode(body.encode() if isinstance(body, str) else body)
    return [error.field for error in refused.value.errors]


def outcome(decode: Decode, body: bytes) -> int:
    """What a call with a body is answered with, as far as its decoder decides."""
    try:
        decode(body)
    except Refusal as refusal:
        return refusal.status
    return 201


def row(**cells: Any) -> str:  # noqa: ANN401 - JSON
    good = {"sensor_id": ID, "timestamp": AT, "value": 1}
    cells = {name: cell for name, cell in (good | cells).items() if cell != "absent"}
    return json.dumps({"readings": [good, cells]})


def columns(**cells: Any) -> str:  # noqa: ANN401 - JSON
    good = {"sensor_id": [ID, ID], "timestamp": [AT, AT], "value": [1, 2]}
    return json.dumps({"columns": {name: cell for name, cell in (good | cells).items() if cell != "absent"}})


def series(**cells: Any) -> str:  # noqa: ANN401 - JSON
    good = {"sensor_id": ID, "timestamps": [AT, AT], "values": [1, 2]}
    second = {name: cell for name, cell in (good | cells).items() if cell != "absent"}
    return json.dumps({"series": [good, second]})


WRONG_JSON = [
    (row(value="1"), ["readings.1.value"]),
    (row(value=None), ["readings.1.value"]),
    (row(value=None, status_code=0x4000_0000), ["readings.1.value"]),
    (row(timestamp="2026-01-31T08:00:00"), ["readings.1.timestamp"]),
    (row(timestamp=1_769_846_400), ["readings.1.timestamp"]),
    (row(sensor_id="7"), ["readings.1.sensor_id"]),
    (row(sensor_id=None), ["readings.1.sensor_id"]),
    (row(sensor_id="absent"), ["readings.1.sensor_id"]),
    (row(sensor_code="TT-7"), ["readings.1.sensor_id"]),
    (row(sensor_id="absent", sensor_code=""), ["readings.1.sensor_code"]),
    (row(sensor_id="absent", sensor_code="a\0b"), ["readings.1.sensor_code"]),
    (row(status_code=-1), ["readings.1.status_code"]),
    (row(status_code=2**32), ["readings.1.status_code"]),
    (row(status_code="0"), ["readings.1.status_code"]),
    (row(is_valid="no"), ["readings.1.is_valid"]),
    (row(is_anomaly=False), ["readings.1.is_anomaly"]),
    (row(batch_id=ID), ["readings.1.batch_id"]),
    (row(value="absent"), ["readings.1.value"]),
    (columns(value=[1, None]), ["columns.value.1"]),
    (columns(value=[1, "2"]), ["columns.value.1"]),
    (columns(value=[1]), ["columns.sensor_id"]),
    (columns(value=[1, 2, 3]), ["columns.sensor_id"]),
    (columns(timestamp=[AT, "never"]), ["columns.timestamp.1"]),
    (columns(timestamp="absent"), ["columns.timestamp"]),
    (columns(timestamp="absent", timestamp_us=[1, 1.5]), ["columns.timestamp_us.1"]),
    (columns(timestamp="absent", timestamp_us=[1, 2**63]), ["columns.timestamp_us.1"]),
    (columns(timestamp_us=[1, 2]), ["columns.timestamp_us"]),
    (columns(sensor_id=[ID, "x"]), ["columns.sensor_id.1"]),
    (columns(sensor_code=["a", "b"]), ["columns.sensor_code"]),
    (columns(status_code=[0]), ["columns.status_code"]),
    (columns(quality=[0, 0]), ["columns.quality"]),
    (series(values=[1]), ["series.1.timestamps"]),
    (series(values=[1, None]), ["series.1.values.1"]),
    (series(timestamps=[AT, "x"]), ["series.1.timestamps.1"]),
    (series(timestamps="absent", start="x", step_ms=1), ["series.1.start"]),
    (series(timestamps="absent", start=AT), ["series.1.step_ms"]),
    (series(timestamps="absent", start=AT, step_ms=0), ["series.1.step_ms"]),
    (series(step_ms=5), ["series.1.step_ms"]),
    (series(timestamps="absent"), ["series.1.timestamps"]),
    (series(sensor_id="x"), ["series.1.sensor_id"]),
    (series(sensor_id="absent"), ["series.1.sensor_id"]),
    (series(unit=""), ["series.1.unit"]),
    ("{}", ["readings"]),
    ('{"readings": [], "series": []}', ["series"]),
    ('{"readings": null}', ["readings"]),
    ('{"reading": []}', ["readings", "reading"]),
]


@pytest.mark.parametrize(("body", "places"), WRONG_JSON, ids=map(str, range(len(WRONG_JSON))))
def test_a_wrong_cell_of_json_is_named_by_its_place(body: str, places: list[str]) -> None:
    assert fields(documents.decode, body) == places


WRONG_LINES = [
    (lines.decode_ndjson, f'{{"sensor_id": "{ID}", "timestamp": "{AT}", "value": 1}}\n{{}}', 2),
    (lines.decode_ndjson, f'{{"sensor_id": "{ID}", "timestamp": "{AT}", "value": "1"}}', ["readings.0.value"]),
    (lines.decode_ndjson, '{"sensor_id": "7", "timestamp": "x", "value": 1}', 2),
    (lines.decode_csv, "", ["header"]),
    (lines.decode_csv, "sensor_id,timestamp", ["header"]),
    (lines.decode_csv, "sensor_id,sensor_code,timestamp,value", ["header"]),
    (lines.decode_csv, "sensor_id,timestamp,value,value", ["header"]),
    (lines.decode_csv, "sensor_id,timestamp,value,colour", ["header"]),
    (lines.decode_csv, f"sensor_code,timestamp,value\na,{AT},1\nb,{AT}", ["readings.1"]),
    (lines.decode_csv, f"sensor_code,timestamp,value\na,{AT},nan", ["readings.0.value"]),
    (lines.decode_csv, f"sensor_code,timestamp,value\na,{AT},1_0", ["readings.0.value"]),
    (lines.decode_csv, f"sensor_code,timestamp,value\na,{AT},1e999", ["readings.0.value"]),
    (lines.decode_csv, f"sensor_code,timestamp,value\na,{AT},", ["readings.0.value"]),
    (lines.decode_csv, f"sensor_code,timestamp,value\na,{AT},1-2", ["readings.0.value"]),
    (lines.decode_csv, f"sensor_code,timestamp,value,status_code\na,{AT},1,-1", ["readings.0.status_code"]),
    (lines.decode_csv, f"sensor_code,timestamp,value,status_code\na,{AT},1,4294967296", ["readings.0.status_code"]),
    (lines.decode_csv, "sensor_code,timestamp,value\na,noon,1", ["readings.0.timestamp"]),
]


@pytest.mark.parametrize(("decode", "body", "places"), WRONG_LINES, ids=map(str, range(len(WRONG_LINES))))
def test_a_wrong_line_is_named_by_its_place(decode: Decode, body: str, places: list[str] | int) -> None:
    found = fields(decode, body)
    assert len(found) == places if isinstance(places, int) else found == places


MALFORMED: list[tuple[Decode, bytes]] = [
    (documents.decode, b""),
    (documents.decode, b"{"),
    (documents.decode, b"\xff"),
    (documents.decode, b'{"readings": [}'),
    (lines.decode_ndjson, b"{"),
    (lines.decode_ndjson, b'{"a": 1}\n\xff'),
    (lines.decode_csv, b"\xff\xfe"),
    (lines.decode_csv, b'a,"b'),
    (arrow.decode, b""),
    (arrow.decode, b"ARROW1\0\0"),
    (arrow.decode, b"\xff\xff\xff\xff"),
    (arrow.decode, b"\xff\xff\xff\xff\xff\xff\xff\x7f"),
    (arrow.decode, b"\xff\xff\xff\xff\0\0\0\0"),
    (arrow.decode, make.as_arrow(SOME)[:-100]),
    (arrow.decode, make.as_arrow(SOME)[200:]),
]


@pytest.mark.parametrize(("decode", "body"), MALFORMED, ids=map(str, range(len(MALFORMED))))
def test_what_cannot_be_read_is_malformed(decode: Decode, body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body)


def test_deep_nesting_is_refused_and_not_followed() -> None:
    for body in (b"[" * 100_000, b'{"readings": ' + b"[" * 100_000, b'{"readings": [{"a": ' + b"[" * 100_000):
        with pytest.raises(Refusal):
            documents.decode(body)
        with pytest.raises(Refusal):
            lines.decode_ndjson(body)


ARROW_COLUMNS = {
    "sensor_code": pa.array(["a", "b"]),
    "timestamp": pa.array([0, 1], pa.timestamp("us", "UTC")),
    "value": pa.array([1.0, 2.0]),
}
WRONG_ARROW = [
    ({"timestamp": pa.array([0, 1], pa.timestamp("us"))}, ["timestamp"]),
    ({"timestamp": pa.array([AT, AT])}, ["timestamp"]),
    ({"timestamp": pa.array([0, None], pa.timestamp("us", "UTC"))}, ["readings.1.timestamp"]),
    ({"timestamp": pa.array([0, 2**62], pa.timestamp("s", "UTC"))}, ["readings.1.timestamp"]),
    ({"timestamp": pa.array([0, -(2**63)], pa.timestamp("s", "UTC"))}, ["readings.1.timestamp"]),
    ({"value": pa.array(["1", "2"])}, ["value"]),
    ({"value": pa.array([1.0, 2.0], pa.float16())}, ["value"]),
    ({"value": pa.array([[1.0], [2.0]])}, ["value"]),
    ({"value": pa.array([{"x": 1}, {"x": 2}])}, ["value"]),
    ({"value": pa.array([1.0, float("nan")])}, ["readings.1.value"]),
    ({"value": pa.array([1.0, float("inf")])}, ["readings.1.value"]),
    ({"value": pa.array([1.0, None])}, ["readings.1.value"]),
    ({"value": pa.array([1.0, 2.0]).dictionary_encode()}, ["value"]),
    ({"value": pa.nulls(2)}, ["value"]),
    ({"sensor_code": pa.array(["a", None])}, ["readings.1.sensor_code"]),
    ({"sensor_code": pa.array(["a", "x" * 101])}, ["readings.1.sensor_code"]),
    ({"sensor_code": pa.array([b"a", b"b"])}, ["sensor_code"]),
    ({"sensor_code": pa.array([1, 2])}, ["sensor_code"]),
    ({"status_code": pa.array([0, -1])}, ["readings.1.status_code"]),
    ({"status_code": pa.array([0, 2**32])}, ["readings.1.status_code"]),
    ({"status_code": pa.array(["Good", "Good"])}, ["status_code"]),
    ({"colour": pa.array(["red", "red"])}, ["columns"]),
    ({"sensor_id": pa.array([ID, ID])}, ["columns"]),
]


@pytest.mark.parametrize(("changed", "places"), WRONG_ARROW, ids=map(str, range(len(WRONG_ARROW))))
def test_a_wrong_column_of_arrow_is_named(changed: dict[str, Any], places: list[str]) -> None:
    assert fields(arrow.decode, make.stream(pa.table(ARROW_COLUMNS | changed))) == places


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_a_compressed_stream_is_refused_as_such(compression: str) -> None:
    with pytest.raises(Invalid, match="compressed"):
        arrow.decode(make.stream(pa.table(ARROW_COLUMNS), compression=compression))


def test_arrow_takes_every_kind_of_number_and_unit_of_time() -> None:
    for kind in (pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.float32()):
        for unit in ("s", "ms", "us", "ns"):
            moments = pa.array([1_769_846_400, 1_769_846_401], pa.timestamp("s", "UTC")).cast(pa.timestamp(unit, "UTC"))
            found = arrow.decode(
                make.stream(pa.table(ARROW_COLUMNS | {"value": pa.array([1, 2], kind), "timestamp": moments}))
            )
            assert found.values.tolist() == [1, 2]
            assert found.times.tolist() == [1_769_846_400_000_000, 1_769_846_401_000_000]


def test_more_readings_than_a_call_may_have_are_refused_without_unfolding_them() -> None:
    many = MAX_BULK + 1
    rows = (json.dumps({"sensor_code": "a", "timestamp": AT, "value": 1}, separators=(",", ":")),) * many
    bodies: list[tuple[Decode, bytes]] = [
        (documents.decode, b'{"readings":[%s]}' % ",".join(rows).encode()),
        (lines.decode_ndjson, "\n".join(rows).encode()),
        (lines.decode_csv, b"sensor_code,timestamp,value\n" + f"a,{AT},1\n".encode() * many),
        (documents.decode, b'{"columns":{"sensor_code":[],"timestamp":[],"value":[' + b"1," * 9_000_000 + b"1]}}"),
        (arrow.decode, make.stream(pa.table({"value": pa.nulls(many, pa.float64())} | _long(many)))),
        (arrow.decode, make.stream(pa.table({"value": pa.nulls(many, pa.float64())} | _long(many)), rows=1000)),
    ]
    for decode, body in bodies:
        tracemalloc.start()
        assert fields(decode, body) == ["readings"]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 4 * len(body) + 150_000_000


def _long(rows: int) -> dict[str, Any]:
    return {"sensor_code": pa.array(["a"] * rows), "timestamp": pa.array([0] * rows, pa.int64())}


@given(READINGS, st.data())
def test_what_is_refused_fast_is_explained_and_what_is_taken_fast_is_right(
    readings: list[Reading], data: st.DataObject
) -> None:
    """The compiled decoder and the shapes of the interface's document agree, whatever one cell is changed to."""
    rows = make.objects(readings)
    number = data.draw(st.integers(0, len(rows) - 1))
    cell = data.draw(
        st.sampled_from(["sensor_id", "sensor_code", "timestamp", "value", "status_code", "is_valid", "x"])
    )
    anything: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30) | st.just([])
    )
    rows[number][cell] = data.draw(anything)
    body = json.dumps({"readings": rows}).encode()
    try:
        documents.decode(body)
    except Refusal as refusal:
        told = refusal
    else:
        RowsIn.model_validate_json(body)
        return
    assert told.errors
    assert all(error.code != "invalid" for error in told.errors), "refused, and nobody can say why"


BODIES = [write(SOME) for write, _ in FORMATS.values()] + [
    make.stream(make.table([each._replace(sensor="TT-7") for each in SOME]), rows=1)
]
DECODERS = [documents.decode, lines.decode_ndjson, lines.decode_csv, arrow.decode]


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_hostile_bytes_are_decoded_or_refused(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(BODIES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        put = data.draw(
            st.binary(max_size=8)
            | st.sampled_from([b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f", (2**62).to_bytes(8, "little")])
        )
        body[at : at + data.draw(st.integers(0, 16))] = put
    for decode in DECODERS:
        assert outcome(decode, bytes(body)) in {201, 400, 422}


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from(DECODERS))
def test_any_bytes_are_decoded_or_refused(body: bytes, decode: Decode) -> None:
    assert outcome(decode, body) in {201, 400, 422}
