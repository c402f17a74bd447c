"""`foodflow ingest`: real files, silly input, and replays."""

from pathlib import Path

import httpx
import pytest

from foodflow.plant.usecases import replaying
from tests.cli.make import foodflow, process
from tests.plant import make
from tests.plant.make import PLANT, good


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file with two readings."""
    path = tmp_path / "readings.csv"
    path.write_text(f"time,v\n{make.at()},1\n{make.at(1)},2\n")
    return path


def write(file: Path, content: str | bytes) -> None:
    """Put something else into a file."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)


async def stored_on(client: httpx.AsyncClient, number: str) -> dict[str, list[float]]:
    """The values of each sensor of a line, by code; nothing where there is no such line."""
    answer = await client.get(f"{PLANT}/lines/by-number/{number}")
    if answer.status_code == 404:
        return {}
    wanted = {"line_id": answer.json()["id"]}
    own = good(await client.get(f"{PLANT}/sensors", params=wanted))["results"]
    return {each["sensor_code"]: [value for _, value in await make.stored(client, each["id"])] for each in own}


async def test_a_real_file_is_stored_by_a_process_of_its_own_and_twice_is_once(
    client: httpx.AsyncClient, environment: dict[str, str]
) -> None:
    file, number = make.real_file("machine_temperature.csv"), make.name("INGEST")
    command = ("ingest", file, "--line", number, "--sensor", f"{number}-TT", "--unit", "[degF]", "--max", 100)
    said = await process(*command, environment=environment)
    assert (said.code, said.err) == (0, "")
    assert f"Sensor {number}-TT created\n22683 readings stored, 0 were there already" in said.out
    assert said.out.count("for this time already") == 12
    assert {code: len(values) for code, values in (await stored_on(client, number)).items()} == {f"{number}-TT": 22_683}


@pytest.mark.usefixtures("on_database")
async def test_the_same_file_twice_stores_it_once(client: httpx.AsyncClient) -> None:
    file, number = make.real_file("water_rig_1.csv"), make.name("INGEST")
    first = await foodflow("ingest", file, "--line", number)
    assert (first.code, first.err) == (0, "")
    assert "Left out anomaly: holds only 0 and 1, as a label does" in first.out
    before = await stored_on(client, number)
    assert len(before) == 8
    assert {len(values) for values in before.values()} == {1145}
    again = await foodflow("ingest", file, "--line", number)
    assert "0 readings stored, 9160 were there already" in again.out
    assert await stored_on(client, number) == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--line", ""], "line: must have 1 to 50 characters"),
        (["--line", "x" * 51], "line: must have 1 to 50 characters"),
        (["--line", "L", "--sensor", "x" * 101], "sensor: must have 1 to 100 characters"),
        (["--line", "L", "--company", "nobody"], "there is no company nobody"),
        (["--line", "L", "--company", "No Body"], "there is no company No Body"),
        (["--line", "L", "--time-zone", "Nowhere"], "Nowhere is no time zone"),
        (["--line", "L", "--separator", "abc"], "a separator is one character, not 'abc'"),
        (["--line", "L", "--decimal", "x"], "a point or a comma, not 'x'"),
        (["--line", "L", "--column", "w"], "there is no column w; there are time, v"),
        (["--line", "L", "--skip", "v"], "give column"),
        (["--line", "L", "--time-format", "%Y %Y"], "%Y %Y is no pattern of times"),
        (["--line", "L", "--encoding", "klingon"], "unknown encoding: klingon"),
        (["--line", "L", "--encoding", "utf-16"], "cannot be read as utf-16"),
        (["--line", "L", "--min", "nan"], "min_value: nan is no limit"),
        (["--line", "L", "--min", "5", "--max", "0"], "min_value: 5.0 is above max_value 0.0"),
        (["--line", "L", "--min", "cold"], "--min"),
        (["--line", "L", "--unit", ""], "unit: must have 1 to 50 characters"),
        (["--line", "L", "--replay", "inf"], "--replay"),
        (["--line", "L", "--replay", "-1"], "--replay"),
        ([], "--line"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("on_database")
async def test_silly_options_are_answered_with_one_line_and_leave_nothing(
    client: httpx.AsyncClient, text: Path, options: list[str], says: str
) -> None:
    said = await foodflow("ingest", text, *options)
    assert says in said.refusal
    assert await stored_on(client, "L") == {}
    assert (await client.get(f"{PLANT}/lines/by-number/L")).status_code == 404


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the text is empty"),
        (b"time,v\n", "no rows below the header"),
        (b"time,v\n2001-01-01,1\n2001-01-02,x\n2001-01-03,3\n", "bad cells: 1 in 3 rows; nothing was stored"),
        (b"time,v\n1999-01-01,1\n2001-01-02,2\n", "lines with times that cannot be: 1"),
        (b"time,v,v\n2001-01-01,1,2\n", "more than one column v"),
        (b"time,v\n2001-01-01,1\n2001-01-02,0\n", "no readings (v holds only 0 and 1"),
        (b"time,v\n2001-01-01,\xff\n", "cannot be read as utf-8"),
        (b"PK\x03\x04\0\0", "NUL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("on_database")
async def test_files_that_cannot_be_stored_are_answered_with_one_line_and_leave_no_line_behind(
    client: httpx.AsyncClient, text: Path, content: bytes, says: str
) -> None:
    write(text, content)
    assert says in (await foodflow("ingest", text, "--line", "L")).refusal
    assert (await client.get(f"{PLANT}/lines/by-number/L")).status_code == 404


@pytest.mark.usefixtures("on_database")
async def test_bad_rows_are_named_with_their_lines(text: Path) -> None:
    write(text, "time,v\n2001-01-01,1\nnever,2\n2001-01-03,warm\n2001-01-04,4\n2001-01-05,5\n")
    said = await foodflow("ingest", text, "--line", "L")
    assert said.err.splitlines()[0].startswith("line 3, time: not a time")
    assert said.err.splitlines()[1] == "line 4, v: not a number: 'warm'"


@pytest.mark.usefixtures("on_database")
async def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    assert "does not exist" in (await foodflow("ingest", tmp_path / "absent.csv", "--line", "L")).refusal
    assert "is a directory" in (await foodflow("ingest", tmp_path, "--line", "L")).refusal


@pytest.mark.usefixtures("on_database")
async def test_several_columns_cannot_be_one_sensor_and_a_replay_says_so_before_it_begins(
    client: httpx.AsyncClient, text: Path
) -> None:
    write(text, f"time,a,b\n{make.at()},1,\n{make.at(60)},2,3\n")
    for options in ([], ["--replay", "1000"]):
        said = await foodflow("ingest", text, "--line", "L", "--sensor", "S", *options)
        assert "sensor: the text has 2 columns of values" in said.refusal
    assert (await client.get(f"{PLANT}/lines/by-number/L")).status_code == 404


@pytest.mark.usefixtures("on_database")
async def test_a_sensor_of_another_line_is_refused(client: httpx.AsyncClient, text: Path) -> None:
    sensor = await make.sensor(client)
    for options in ([], ["--replay", "1000"]):
        said = await foodflow("ingest", text, "--line", "L", "--sensor", sensor["sensor_code"], *options)
        assert f"sensor {sensor['sensor_code']} belongs to another line" in said.refusal
    assert (await client.get(f"{PLANT}/lines/by-number/L")).status_code == 404


@pytest.mark.usefixtures("on_database")
async def test_a_replay_stores_what_an_import_stores(
    client: httpx.AsyncClient, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "STEP_SECONDS", 0.001)
    write(text, "\n".join(["time;a", *(f"{make.at(second)};{second},5" for second in range(20))]))
    number = make.name("REPLAY")
    said = await foodflow("ingest", text, "--line", number, "--replay", 4000)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("20 of 20 readings, 0 of the last 4 outside limits\n")
    assert await stored_on(client, number) == {f"{number}.a": [second + 0.5 for second in range(20)]}
