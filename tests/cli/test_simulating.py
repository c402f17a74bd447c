"""`foodflow simulate`: a plant to look at, and more of it the next time."""

import httpx
import pytest

from foodflow.numerics.plant_simulation.equipment import ROUND_THE_CLOCK
from tests.cli.make import foodflow
from tests.plant import make
from tests.plant.make import PLANT, Json, good

pytestmark = pytest.mark.usefixtures("on_database")


async def listed(client: httpx.AsyncClient, kind: str, **wanted: str) -> list[Json]:
    rows: list[Json] = good(await client.get(f"{PLANT}/{kind}", params={"page_size": "500"} | wanted))["results"]
    return rows


async def test_two_hours_are_made_up_and_the_next_call_goes_on_from_there(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foodflow.cli.simulating.TWO_SHIFTS", ROUND_THE_CLOCK)  # whatever the time of this test is
    said = await foodflow("simulate", "--history-only", "--hours", 2)
    assert (said.code, said.err) == (0, "")
    lines, sensors = await listed(client, "lines"), await listed(client, "sensors")
    assert {line["plant_name"] for line in lines} == {"Simulated plant"}
    assert len(lines) == 3
    assert all(sensor["last_reading_time"] for sensor in sensors)
    assert await listed(client, "batches")
    for line in lines:
        oee = good(await client.get(f"{PLANT}/lines/{line['id']}/oee"))
        for name in ("availability", "quality", "oee"):
            assert oee[name] is None or 0 <= oee[name] <= 1, name
        assert oee["produced"] > 0
    before = {sensor["id"]: await make.stored(client, sensor["id"]) for sensor in sensors}
    assert (await foodflow("simulate", "--history-only", "--hours", 2, "--seed", 8)).code == 0
    assert {sensor["id"] for sensor in await listed(client, "sensors")} == set(before)
    for id, readings in before.items():
        assert (await make.stored(client, id))[: len(readings)] == readings
    left = await listed(client, "batches", status="in_progress")
    assert len({batch["line_id"] for batch in left}) == len(left)
    assert (await foodflow("audit", "verify", "--company", "demo")).code == 0


async def test_a_company_with_such_a_line_of_its_own_is_left_alone(akron_client: httpx.AsyncClient) -> None:
    own = await make.line(akron_client, line_number="FILL-1")
    said = await foodflow("simulate", "--history-only", "--hours", 1, "--company", "akron")
    assert "line FILL-1 is a line of your own" in said.refusal
    assert await listed(akron_client, "lines") == [own]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--hours", "nan"], "--hours"),
        (["--hours", "-1"], "--hours"),
        (["--hours", "1e9"], "--hours"),
        (["--seed", "x"], "--seed"),
        (["--company", "nobody"], "there is no company nobody"),
    ],
)
async def test_silly_options_are_answered_with_one_line(options: list[str], says: str) -> None:
    assert says in (await foodflow("simulate", "--history-only", *options)).refusal
