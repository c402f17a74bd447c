"""Imports over HTTP: real files and hostile ones, all of each or nothing."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, YESTERDAY, Json, Witness, fields_of, good, refusal

FIRST, SECOND, THIRD = (make.at(second) for second in range(3))


def table(*rows: str, header: str = "time,v") -> str:
    return "\n".join((header, *rows)) + "\n"


async def sensors_of(client: httpx.AsyncClient, line: Json) -> dict[str, Json]:
    listed = good(await client.get(f"{PLANT}/sensors", params={"line_id": line["id"], "page_size": 500}))
    return {row["sensor_code"]: row for row in listed["results"]}


async def nothing_came_of(client: httpx.AsyncClient, witness: Witness, line: Json) -> bool:
    """Whether no sensor, no reading and no record is left over."""
    return await sensors_of(client, line) == {} and await witness.recorded() == [] and await witness.told() == []


@pytest.mark.parametrize(
    ("file", "columns", "rows", "conflicting"),
    [
        ("machine_temperature.csv", ["value"], 22_695, 12),
        ("ambient_temperature.csv", ["value"], 7267, 0),
        ("water_rig_0.csv", ["Accelerometer1RMS", "Volume Flow RateRMS"], 1147, 0),
    ],
)
async def test_a_real_file_is_stored_to_the_last_reading_and_its_odd_rows_are_told(
    client: httpx.AsyncClient, line: Json, file: str, columns: Sequence[str], rows: int, conflicting: int
) -> None:
    body = make.real_file(file).read_bytes()
    told = good(await make.upload(client, line["id"], body))
    own = await sensors_of(client, line)
    assert set(told["sensors"]) == set(told["created_sensors"]) == set(own)
    assert {f"{line['line_number']}.{column}" for column in columns} <= set(own)
    assert told["stored"] == rows * len(own) - conflicting
    assert (told["repeated"], len(told["conflicting"])) == (0, conflicting)
    for row in told["conflicting"]:
        assert body.splitlines()[row["line"] - 1].endswith(str(row["given"]).encode())
    again = good(await make.upload(client, line["id"], body))
    assert (again["stored"], again["created_sensors"]) == (0, [])
    assert again["repeated"] == told["stored"]


async def test_what_a_real_file_says_is_what_is_read_back(client: httpx.AsyncClient, line: Json) -> None:
    path = make.real_file("water_rig_0.csv")
    good(await make.upload(client, line["id"], path.read_bytes()))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    for code, sensor in (await sensors_of(client, line)).items():
        column = code.partition(".")[2]
        wanted = [(f"{row['datetime'].replace(' ', 'T')}Z", float(row[column])) for row in rows]
        assert await make.stored(client, sensor["id"]) == sorted(wanted), column


async def test_a_preview_says_what_a_text_holds_and_stores_nothing(
    client: httpx.AsyncClient, witness: Witness, line: Json
) -> None:
    await witness.look_away()
    text = table(f"{FIRST},1.5,a,0", f"{THIRD},-2,b,1", header="time,v,note,anomaly")
    answer = await make.upload(client, line["id"], text, preview="true")
    assert answer.status_code == 200
    preview = answer.json()
    assert (preview["separator"], preview["time_column"], preview["rows"]) == (",", "time", 2)
    column = {"name": "v", "readings": 2, "first_time": FIRST, "last_time": THIRD, "lowest": -2, "highest": 1.5}
    assert preview["columns"] == [column]
    assert [each["column"] for each in preview["left_out"]] == ["note", "anomaly"]
    assert await nothing_came_of(client, witness, line)


@pytest.mark.parametrize("preview", ["true", "false"])
async def test_bad_rows_are_named_by_their_lines_and_nothing_is_stored(
    client: httpx.AsyncClient, witness: Witness, line: Json, preview: str
) -> None:
    await witness.look_away()
    rows = [f"{make.at(second)},{second}" for second in range(20)]
    rows[3], rows[7], rows[9] = f"{make.at(3)},warm", "yesterday,7", f"{make.at(9)},9,9"
    problem = refusal(await make.upload(client, line["id"], table(*rows), preview=preview), 422)
    assert problem["code"] == "plant.import.bad_rows"
    assert fields_of(problem) == ["line 5, v", "line 9, time", "line 11"]
    assert "warm" in problem["errors"][0]["message"]
    assert await nothing_came_of(client, witness, line)


async def test_times_that_no_reading_can_have_are_bad_rows_too(
    client: httpx.AsyncClient, witness: Witness, line: Json
) -> None:
    await witness.look_away()
    tomorrow = make.wire(datetime.now(UTC) + timedelta(days=1))
    text = table(f"{FIRST},1,2", "1999-12-31T23:59:59Z,3,4", f"{tomorrow},5,6", header="time,a,b")
    problem = refusal(await make.upload(client, line["id"], text), 422)
    assert fields_of(problem) == ["line 3, time", "line 4, time"]
    assert await nothing_came_of(client, witness, line)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (table(f"{FIRST};1,5;2", header="time;a;b"), {}),
        (table(f"{FIRST}\t1,5\t2", header="time\ta\tb"), {"separator": "tab", "decimal": ","}),
        (table(f"{FIRST}|1.5|2", header="time|a|b"), {}),
        ("\ufeff" + table(f'"{FIRST}","1.5","2"', header="time,a,b"), {}),
        (table(f"{FIRST},1.5,2", "", ",,", header="time,a,b").replace("\n", "\r\n"), {}),
        (f"{FIRST},1.5,2\n", {}),
        (table(f"{int(YESTERDAY.timestamp())},1.5,2", header="epoch,a,b"), {}),
        (table(f"{YESTERDAY:%d.%m.%Y %H:%M:%S},1.5,2", header="t,a,b"), {"time_format": "%d.%m.%Y %H:%M:%S"}),
        (table(f"{YESTERDAY:%Y-%m-%d},{YESTERDAY:%H:%M:%S},1.5,2", header="day,clock,a,b"), {"clock_column": "clock"}),
    ],
    ids=["semicolons", "tabs", "bars", "quotes", "windows", "no header", "epoch", "pattern", "two columns"],
)
async def test_the_ways_in_which_plants_write_a_table_are_all_read(
    client: httpx.AsyncClient, line: Json, text: str, wanted: dict[str, str]
) -> None:
    told = good(await make.upload(client, line["id"], text.encode(), **wanted))
    assert told["stored"] == 2
    for sensor, value in zip((await sensors_of(client, line)).values(), (1.5, 2), strict=True):
        assert await make.stored(client, sensor["id"]) == [(FIRST, value)]


async def test_a_long_table_has_a_sensor_for_each_name(client: httpx.AsyncClient, line: Json) -> None:
    rows = [f"{make.at(second)},{name},{second}" for second in range(3) for name in ("pump", "valve")]
    told = good(await make.upload(client, line["id"], table(*rows, header="time,tag,value")))
    assert told["sensors"] == [f"{line['line_number']}.{name}" for name in ("pump", "valve")]
    assert told["stored"] == 6


async def test_times_without_a_zone_are_those_of_the_zone_that_is_named(client: httpx.AsyncClient, line: Json) -> None:
    text = table("2021-07-01 12:00:00,1", "2021-12-01 12:00:00,2")
    good(await make.upload(client, line["id"], text, time_zone="Europe/Paris"))
    [sensor] = (await sensors_of(client, line)).values()
    moments = [moment for moment, _ in await make.stored(client, sensor["id"])]
    assert moments == ["2021-07-01T10:00:00Z", "2021-12-01T11:00:00Z"]


async def test_only_the_named_columns_are_taken(client: httpx.AsyncClient, line: Json) -> None:
    text = table(f"{FIRST},1,2,3", header="time,a,b,c")
    address = f"{PLANT}/lines/{line['id']}/readings/import?column=a&column=c"
    told = good(await client.post(address, content=text, headers={"content-type": "text/csv"}))
    assert [code.partition(".")[2] for code in told["sensors"]] == ["a", "c"]
    assert told["left_out"] == [{"column": "b", "reason": "is not among the named columns"}]


async def test_a_new_sensor_has_the_unit_and_limits_that_are_named(client: httpx.AsyncClient, line: Json) -> None:
    code, wanted = make.name("TT"), {"unit": "[degF]", "min_value": 0, "max_value": 5}
    told = good(await make.upload(client, line["id"], table(f"{FIRST},-1", f"{SECOND},3"), sensor=code, **wanted))
    assert (told["created_sensors"], told["outside_limits"]) == ([code], 1)
    made = good(await client.get(f"{PLANT}/sensors/by-code/{code}"))
    assert (made["unit_of_measure"], made["min_value"], made["max_value"], made["name"]) == ("[degF]", 0, 5, code)


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("sensor", {"sensor": "x" * 101}),
        ("unit", {"unit": ""}),
        ("min_value", {"min_value": "nan"}),
        ("min_value", {"min_value": "6", "max_value": "5"}),
        ("max_value", {"max_value": "inf"}),
        ("time_zone", {"time_zone": "Europe/Nowhere"}),
        ("time_zone", {"time_zone": "../../etc/passwd"}),
        ("separator", {"separator": "::"}),
        ("decimal", {"decimal": "x"}),
        ("time_column", {"time_column": "zeit"}),
        ("time_format", {"time_format": "%H"}),
        ("time_format", {"time_format": "%Y %Y"}),
        ("column", {"column": "w"}),
        ("skip", {"skip": "w"}),
        ("column", {"skip": "v"}),
        ("sensor_column", {"sensor_column": "w"}),
        ("colunm", {"colunm": "v"}),
    ],
    ids=str,
)
async def test_a_wrong_parameter_is_named_by_its_own_name_and_nothing_is_stored(
    client: httpx.AsyncClient, witness: Witness, line: Json, field: str, wanted: dict[str, str]
) -> None:
    await witness.look_away()
    assert fields_of(refusal(await make.upload(client, line["id"], table(f"{FIRST},1"), **wanted), 422)) == [field]
    assert await nothing_came_of(client, witness, line)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"time,v\n", "no rows"),
        (b"just some words\nand more of them\n", "separator"),
        (table(f"{FIRST},1,2", header="time,v,v").encode(), "more than one column v"),
        (table(f"{FIRST},").encode(), "no readings"),
        (table(f"{FIRST},1", f"{SECOND},0").encode(), "0 and 1"),
        (table(f"{FIRST},1").encode("utf-16"), "not UTF-8"),
        (table(f"{FIRST},1", header="time,temp °C").encode("latin-1"), "line 1: not UTF-8"),
        (table(f"{FIRST},1\0").encode(), "NUL"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        (table(f"{FIRST},1", header="time," + "x" * 30_000).encode(), "1 to 100 characters"),
        (table(f"{FIRST}," + "1" * 40_000).encode(), "32767"),
        (table(*(f"{FIRST},tag {number},1" for number in range(1001)), header="time,tag,v").encode(), "1001 sensors"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_table_of_readings_is_refused_and_says_why(
    client: httpx.AsyncClient, witness: Witness, line: Json, body: bytes, says: str
) -> None:
    await witness.look_away()
    assert says in refusal(await make.upload(client, line["id"], body), 422)["detail"]
    assert await nothing_came_of(client, witness, line)


async def test_lines_are_counted_as_editors_count_them(client: httpx.AsyncClient, line: Json) -> None:
    """A form feed or a Unicode line separator inside a cell ends no line."""
    text = table(f"{FIRST},1,a\x0cb\u2028c\x85d", f"{SECOND},2,plain", f"{THIRD},warm,plain", header="time,v,note")
    assert fields_of(refusal(await make.upload(client, line["id"], text), 422)) == ["line 4, v"]


@pytest.mark.parametrize(
    "kind", [None, "application/json", "multipart/form-data; boundary=x", "text/csv; charset=latin-1", "text/html"]
)
async def test_another_type_of_content_is_not_taken(client: httpx.AsyncClient, line: Json, kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    address = f"{PLANT}/lines/{line['id']}/readings/import"
    problem = refusal(await client.post(address, content=table(f"{FIRST},1"), headers=headers), 415)
    assert problem["code"] == "wrong_content_type"


async def test_a_file_that_is_too_big_is_refused_before_it_is_read(client: httpx.AsyncClient, line: Json) -> None:
    headers = {"content-type": "text/csv", "content-length": "64000001"}
    answer = await client.post(f"{PLANT}/lines/{line['id']}/readings/import", content=b"time,v", headers=headers)
    assert refusal(answer, 413)["code"] == "too_large"


async def test_a_text_with_several_columns_cannot_be_one_sensor(
    client: httpx.AsyncClient, witness: Witness, line: Json
) -> None:
    await witness.look_away()
    text = table(f"{FIRST},1,2", header="time,a,b")
    assert fields_of(refusal(await make.upload(client, line["id"], text, sensor="S"), 422)) == ["sensor"]
    assert await nothing_came_of(client, witness, line)
    good(await make.upload(client, line["id"], text, sensor=make.name("S"), skip="a"))


async def test_a_sensor_of_another_line_or_out_of_service_is_refused_and_named(
    client: httpx.AsyncClient, line: Json, sensor: Json
) -> None:
    text, code = table(f"{FIRST},1"), sensor["sensor_code"]
    other = refusal(await make.upload(client, line["id"], text, sensor=code), 409)
    assert (other["code"], code in other["detail"]) == ("plant.sensor.other_line", True)
    good(await client.patch(f"{PLANT}/sensors/{sensor['id']}", json={"is_active": False}))
    inactive = refusal(await make.upload(client, sensor["line_id"], text, sensor=code), 409)
    assert (inactive["code"], code in inactive["detail"]) == ("plant.sensor.inactive", True)
    refusal(await make.upload(client, NOWHERE, text), 404)
