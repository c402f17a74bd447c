"""Every deed leaves its record with who did it, and tells what others have to know; a refused one leaves neither."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.make import Person
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, Witness, good


class Stage:
    """A line with a sensor, a planned batch and one in progress, to do deeds on."""

    def __init__(self, line: Json, sensor: Json, planned: Json, running: Json) -> None:
        self.line, self.sensor, self.planned, self.running = line, sensor, planned, running
        self.at_line = f"{PLANT}/lines/{line['id']}"
        self.at_sensor = f"{PLANT}/sensors/{sensor['id']}"


Deed = Callable[[httpx.AsyncClient, Stage], Awaitable[object]]


@pytest.fixture
async def stage(client: httpx.AsyncClient, sensor: Json) -> Stage:
    line = await make.line(client)
    planned, running = [await make.batch(client, line["id"]) for _ in range(2)]
    good(await make.run(client, running["id"], "start", make.at()))
    return Stage(line, sensor, planned, running)


async def complete(client: httpx.AsyncClient, stage: Stage) -> object:
    return await make.run(client, stage.running["id"], "complete", make.at(hours=1))


async def start(client: httpx.AsyncClient, stage: Stage) -> object:
    batch = await make.batch(client, (await make.line(client))["id"])
    return await make.run(client, batch["id"], "start")


DEEDS: list[tuple[Deed, list[str], list[str]]] = [
    (lambda client, _: make.line(client), ["line.created"], []),
    (lambda client, on: client.patch(on.at_line, json={"name": "x"}), ["line.changed"], []),
    (
        lambda client, on: make.state(client, on.line["id"], "downtime"),
        ["line.state_recorded"],
        ["plant.line.state_recorded", "plant.line.stopped"],
    ),
    (lambda client, on: make.count(client, on.line["id"], good=1), ["line.counted"], []),
    (lambda client, on: make.batch(client, on.line["id"]), ["batch.created"], ["plant.batch.created"]),
    (
        lambda client, on: client.patch(f"{PLANT}/batches/{on.planned['id']}", json={"notes": "x"}),
        ["batch.changed"],
        [],
    ),
    (
        start,
        ["line.created", "batch.created", "line.state_recorded", "batch.started"],
        ["plant.batch.created", "plant.line.state_recorded", "plant.batch.started"],
    ),
    (
        complete,
        ["line.state_recorded", "batch.completed"],
        ["plant.line.state_recorded", "plant.batch.completed"],
    ),
    (lambda client, on: make.sensor(client, on.line["id"]), ["sensor.created"], []),
    (lambda client, on: client.patch(on.at_sensor, json={"max_value": 9}), ["sensor.changed"], []),
    (lambda client, on: client.delete(on.at_sensor), ["sensor.deleted"], []),
    (
        lambda client, on: make.store(client, on.sensor["id"], {0: 9}),
        [],
        ["plant.sensor.limits_broken", "plant.anomaly.raised"],
    ),
    (
        lambda client, on: make.upload(client, on.line["id"], f"time,v\n{make.at()},1\n"),
        ["sensor.created", "readings.imported"],
        [],
    ),
]


@pytest.mark.parametrize(
    ("deed", "actions", "types"), DEEDS, ids=lambda value: "+".join(value) if isinstance(value, list) else ""
)
async def test_a_deed_is_recorded_with_who_did_it_and_tells_what_happened(
    client: httpx.AsyncClient,
    witness: Witness,
    people: dict[tuple[str, str], Person],
    stage: Stage,
    deed: Deed,
    actions: list[str],
    types: list[str],
) -> None:
    await witness.look_away()
    await deed(client, stage)
    recorded = await witness.recorded()
    assert [each.action for each in recorded] == actions
    assert {each.actor for each in recorded} <= {f"user:{people['demo', 'administrator'].id}"}
    assert [each.type for each in await witness.told()] == types


REFUSED: list[Deed] = [
    lambda client, on: client.post(f"{PLANT}/lines", json={"line_number": on.line["line_number"], "name": "x"}),
    lambda client, on: client.patch(on.at_line, json={"name": "x", "status": "idle"}),
    lambda client, on: client.delete(on.at_line),
    lambda client, on: make.state(client, on.line["id"], "idle", make.at()),
    lambda client, on: make.state(client, on.line["id"], "idle", make.wire(datetime.now(UTC) + timedelta(days=1))),
    lambda client, on: make.run(client, on.planned["id"], "start"),
    lambda client, on: make.run(client, on.planned["id"], "complete"),
    lambda client, on: make.run(client, on.running["id"], "complete", make.at(-1)),
    lambda client, on: make.count(client, on.line["id"], good=0),
    lambda client, on: client.patch(on.at_sensor, json={"min_value": 6}),
    lambda client, on: make.send(client, [make.reading(on.sensor["id"], 0, 9), make.reading(NOWHERE, 0, 9)]),
    lambda client, on: make.upload(client, on.line["id"], f"time,v\n{make.at()},1\n{make.at(1)},x\n{make.at(2)},2\n"),
    lambda client, on: make.upload(client, on.line["id"], f"time,v\n{make.at()},1\n", sensor=on.sensor["sensor_code"]),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
async def test_a_refused_deed_leaves_no_record_and_tells_nothing(
    client: httpx.AsyncClient, witness: Witness, stage: Stage, number: int
) -> None:
    await witness.look_away()
    answer = await REFUSED[number](client, stage)
    assert isinstance(answer, httpx.Response)
    assert 400 <= answer.status_code < 500
    assert await witness.recorded() == []
    assert await witness.told() == []


async def test_the_record_of_a_change_says_from_what_to_what(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    good(await client.patch(f"{PLANT}/sensors/{sensor['id']}", json={"max_value": 6.5, "min_value": None}))
    [entry] = [each for each in await witness.recorded() if each.action == "sensor.changed"]
    assert entry.details == {"before": {"max_value": 5, "min_value": 0}, "after": {"max_value": 6.5, "min_value": None}}


async def test_what_is_told_of_a_batch_says_what_it_made(
    client: httpx.AsyncClient, witness: Witness, stage: Stage
) -> None:
    good(await make.count(client, stage.line["id"], good=95.5, scrap=4.5, at=make.at(60)))
    await witness.look_away()
    await complete(client, stage)
    told = {each.type: each for each in await witness.told()}
    completed = told["plant.batch.completed"]
    assert completed.subject == f"plant.batch/{stage.running['id']}"
    assert (completed.data["good_quantity"], completed.data["scrap_quantity"]) == (95.5, 4.5)
    idle = told["plant.line.state_recorded"].data
    assert (idle["state"], idle["since"][:19], idle["line_number"]) == (
        "idle",
        make.at(hours=1)[:19],
        stage.line["line_number"],
    )


async def test_nobody_in_another_company_hears_of_it(
    client: httpx.AsyncClient, akron_witness: Witness, line: Json
) -> None:
    good(await make.state(client, line["id"], "idle"))
    assert await akron_witness.told() == []
    assert await akron_witness.recorded() == []
