"""Where a batch may go from where it stands, over HTTP, and what becomes of its line."""

import asyncio
from datetime import datetime
from typing import Final

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import Database
from foodflow.plant.rules.batches import ARROWS, BatchDeed, BatchStatus
from tests.plant import make
from tests.plant.make import PLANT, Json, Witness, good, refusal

BATCHES: Final = f"{PLANT}/batches"
WAYS: Final[dict[str, list[str]]] = {
    "planned": [],
    "in_progress": ["start"],
    "on_hold": ["start", "hold"],
    "completed": ["start", "complete"],
    "cancelled": ["start", "cancel"],
}
"""By status, the deeds that lead there."""
CODES: Final[dict[str, set[str]]] = {
    "start": {"plant.batch.not_planned"},
    "hold": {"plant.batch.not_in_progress"},
    "resume": {"plant.batch.not_on_hold"},
    "complete": {"plant.batch.not_in_progress"},
    "cancel": {"plant.batch.completed", "plant.batch.cancelled"},
}
PAIRS: Final = [(status, deed) for status in BatchStatus for deed in BatchDeed]


@pytest.fixture
async def batch(client: httpx.AsyncClient, line: Json) -> Json:
    """A planned batch."""
    return await make.batch(client, line["id"])


async def now(client: httpx.AsyncClient, thing: Json, noun: str = "batches") -> Json:
    """A thing as it is now."""
    found: Json = good(await client.get(f"{PLANT}/{noun}/{thing['id']}"))
    return found


async def do(client: httpx.AsyncClient, batch: Json, deed: str, **body: object) -> httpx.Response:
    """A deed on a batch."""
    return await client.post(f"{BATCHES}/{batch['id']}/{deed}", json=body)


async def lead(client: httpx.AsyncClient, batch: Json, status: str) -> None:
    """Lead a planned batch to a status, an hour for each deed."""
    for hour, deed in enumerate(WAYS[status]):
        good(await do(client, batch, deed, at=make.at(hours=hour)))


def allowed(status: str, deed: str) -> bool:
    sources, _ = ARROWS[BatchDeed(deed)]
    return status in sources


@pytest.mark.parametrize(("status", "deed"), [pair for pair in PAIRS if allowed(*pair)])
async def test_each_arrow_leads_where_it_points(client: httpx.AsyncClient, batch: Json, status: str, deed: str) -> None:
    await lead(client, batch, status)
    moved = good(await do(client, batch, deed, at=make.at(hours=5), reason="because"))
    assert moved["status"] == ARROWS[BatchDeed(deed)][1] == (await now(client, batch))["status"]
    last = good(await client.get(f"{BATCHES}/{batch['id']}/history"))["moves"][-1]
    told = (last["from_status"], last["to_status"], last["at"], last["reason"])
    assert told == (status, moved["status"], make.at(hours=5), "because")


@pytest.mark.parametrize(("status", "deed"), [pair for pair in PAIRS if not allowed(*pair)])
async def test_where_no_arrow_leads_nothing_goes_and_nothing_is_told(
    client: httpx.AsyncClient, witness: Witness, batch: Json, status: str, deed: str
) -> None:
    await lead(client, batch, status)
    before = await now(client, batch)
    await witness.look_away()
    problem = refusal(await do(client, batch, deed, at=make.at(hours=5)), 409)
    assert problem["code"] in CODES[deed]
    assert status.replace("_", " ") in problem["detail"]
    assert (await now(client, batch), await witness.told(), await witness.recorded()) == (before, [], [])


@pytest.mark.parametrize("status", ["in_progress", "on_hold", "completed", "cancelled"])
async def test_a_status_is_not_patched(client: httpx.AsyncClient, batch: Json, status: str) -> None:
    problem = refusal(await client.patch(f"{BATCHES}/{batch['id']}", json={"status": status}), 422)
    assert "POST" in problem["detail"]
    assert (await now(client, batch))["status"] == "planned"


async def test_a_held_batch_keeps_its_line_until_that_is_released(client: httpx.AsyncClient, line: Json) -> None:
    first, second = [await make.batch(client, line["id"]) for _ in range(2)]
    good(await do(client, first, "start", at=make.at()))
    held = good(await do(client, first, "hold", at=make.at(hours=1)))
    assert held["held_since"] == make.at(hours=1)
    assert (await now(client, line, "lines"))["current_batch_id"] == first["id"]
    assert (await now(client, line, "lines"))["status"] == "idle"
    busy = refusal(await do(client, second, "start", at=make.at(hours=2)), 409)
    assert busy["code"] == "plant.line.busy"
    good(await do(client, first, "resume", at=make.at(hours=2)))
    assert (await now(client, line, "lines"))["status"] == "running"
    good(await do(client, first, "hold", at=make.at(hours=3), release_line=True))
    good(await do(client, second, "start", at=make.at(hours=4)))
    taken = refusal(await do(client, first, "resume", at=make.at(hours=5)), 409)
    assert taken["code"] == "plant.line.busy"
    good(await do(client, second, "complete", at=make.at(hours=5)))
    between = refusal(await do(client, first, "resume", at=make.at(hours=4.5)), 409)
    assert second["batch_number"] in between["detail"]
    good(await do(client, first, "resume", at=make.at(hours=5)))
    done = good(await do(client, first, "complete", at=make.at(hours=6)))
    assert done["duration_minutes"] == 360
    history = good(await client.get(f"{BATCHES}/{first['id']}/history"))
    assert (history["in_progress_minutes"], history["on_hold_minutes"]) == (180, 180)
    assert [move["line_released"] for move in history["moves"]] == [False, False, False, True, False, True]


async def test_a_line_that_stands_still_for_another_reason_goes_on_doing_so_when_its_batch_is_held(
    client: httpx.AsyncClient, line: Json, batch: Json
) -> None:
    good(await do(client, batch, "start", at=make.at()))
    good(await make.state(client, line["id"], "downtime", make.at(minutes=5)))
    good(await do(client, batch, "hold", at=make.at(minutes=6)))
    assert (await now(client, line, "lines"))["status"] == "downtime"


async def test_what_a_batch_made_before_and_after_another_had_its_line_is_its_own(
    client: httpx.AsyncClient, line: Json, database: Database
) -> None:
    """80 items a minute: an hour of the first, an hour of the second, an hour of the first again."""
    first, second = [await make.batch(client, line["id"]) for _ in range(2)]
    good(await do(client, first, "start", at=make.at()))
    good(await make.count(client, line["id"], good=4800, at=make.at(hours=1)))
    good(await do(client, first, "hold", at=make.at(hours=1), release_line=True))
    good(await do(client, second, "start", at=make.at(hours=1)))
    good(await make.count(client, line["id"], good=2400, at=make.at(hours=2)))
    good(await do(client, second, "complete", at=make.at(hours=2)))
    good(await do(client, first, "resume", at=make.at(hours=2)))
    late = good(await make.count(client, line["id"], good=2400, at=make.at(hours=3)))
    assert late["batch_id"] == first["id"]
    refused = await make.count(client, line["id"], good=1, at=make.at(hours=1.5), batch_id=first["id"])
    assert refusal(refused, 422)["errors"][0]["code"] == "plant.batch.not_on_line"
    good(await do(client, first, "complete", at=make.at(hours=3)))
    await make.work_off(database)
    one, two = await now(client, first), await now(client, second)
    assert (one["good_quantity"], one["availability"], one["oee"]) == (7200, 1, 0.75)
    assert (two["good_quantity"], two["oee"]) == (2400, 0.5)
    assert one["average_speed"] == 60


@pytest.mark.parametrize("way", [["start"], ["start", "hold"]], ids="+".join)
async def test_a_cancelled_batch_frees_its_line_and_what_was_counted_stays_counted(
    client: httpx.AsyncClient, line: Json, batch: Json, way: list[str]
) -> None:
    good(await do(client, batch, way[0], at=make.at()))
    good(await make.count(client, line["id"], good=50, at=make.at(minutes=1)))
    for deed in way[1:]:
        good(await do(client, batch, deed, at=make.at(minutes=2)))
    gone = good(await do(client, batch, "cancel", at=make.at(minutes=3), reason="no sugar"))
    assert (gone["status"], gone["good_quantity"], gone["actual_end_time"]) == ("cancelled", 50, make.at(minutes=3))
    assert (await now(client, line, "lines"))["current_batch_id"] is None
    assert (await make.oee(client, line["id"], make.at(), make.at(minutes=4)))["good"] == 50
    frozen = refusal(await client.patch(f"{BATCHES}/{batch['id']}", json={"notes": "x"}), 409)
    assert frozen["code"] == "plant.batch.cancelled"
    other = await make.batch(client, line["id"])
    good(await do(client, other, "start", at=make.at(minutes=3)))


@pytest.mark.parametrize("deed", ["hold", "complete", "cancel"])
async def test_nothing_ends_before_it_began_or_before_what_was_counted(
    client: httpx.AsyncClient, line: Json, batch: Json, deed: str
) -> None:
    good(await do(client, batch, "start", at=make.at()))
    good(await make.count(client, line["id"], good=1, at=make.at(minutes=10)))
    for moment in (make.at(), make.at(minutes=9)):
        assert make.fields_of(refusal(await do(client, batch, deed, at=moment), 422)) == ["at"]
    good(await do(client, batch, deed, at=make.at(minutes=10)))


async def test_a_resumption_comes_after_the_hold(client: httpx.AsyncClient, batch: Json) -> None:
    await lead(client, batch, "on_hold")
    problem = refusal(await do(client, batch, "resume", at=make.at(hours=1)), 422)
    assert problem["errors"][0]["code"] == "plant.batch.out_of_order"


@pytest.mark.parametrize(("status", "deed"), [pair for pair in PAIRS if allowed(*pair)])
async def test_of_two_who_do_the_same_at_once_one_does_it(
    client: httpx.AsyncClient, batch: Json, status: str, deed: str
) -> None:
    await lead(client, batch, status)
    both = await asyncio.gather(*(do(client, batch, deed) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409]


async def test_of_a_resumption_and_a_start_at_once_one_has_the_line(client: httpx.AsyncClient, line: Json) -> None:
    held, planned = [await make.batch(client, line["id"]) for _ in range(2)]
    good(await do(client, held, "start", at=make.at()))
    good(await do(client, held, "hold", at=make.at(hours=1), release_line=True))
    both = await asyncio.gather(do(client, held, "resume"), do(client, planned, "start"))
    assert sorted(answer.status_code for answer in both) == [200, 409]


async def test_the_database_itself_lets_one_batch_be_in_progress_and_one_have_the_line(
    client: httpx.AsyncClient, session: AsyncSession, line: Json
) -> None:
    first, second = [await make.batch(client, line["id"]) for _ in range(2)]
    good(await do(client, first, "start", at=make.at()))
    for statement in (
        "UPDATE production_batches SET status = 'in_progress' WHERE id = :id",
        "INSERT INTO batch_runs SELECT id, now(), line_id FROM production_batches WHERE id = :id",
    ):
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await session.execute(text(statement), {"id": second["id"]})


async def test_a_planned_batch_without_records_can_be_removed_and_no_other(
    client: httpx.AsyncClient, batch: Json, line: Json
) -> None:
    recipe = {"parameters": [{"code": "T", "set_point": 4}]}
    good(await client.put(f"{BATCHES}/{batch['id']}/parameters", json=recipe))
    good(await client.delete(f"{BATCHES}/{batch['id']}"))
    refusal(await client.get(f"{BATCHES}/{batch['id']}"), 404)
    other = await make.batch(client, line["id"])
    trial = {"trial_number": make.name("TR"), "name": "x", "line_id": line["id"], "batch_ids": [other["id"]]}
    good(await client.post(f"{PLANT}/trials", json=trial))
    assert refusal(await client.delete(f"{BATCHES}/{other['id']}"), 409)["code"] == "plant.in_use"
    await lead(client, other, "in_progress")
    assert refusal(await client.delete(f"{BATCHES}/{other['id']}"), 409)["code"] == "plant.batch.not_planned"


DEEDS: Final = [
    ("hold", "in_progress", "plant.batch.held", {"reason": "metal", "line_released": False}),
    ("resume", "on_hold", "plant.batch.resumed", {"reason": "metal"}),
    ("cancel", "in_progress", "plant.batch.cancelled", {"reason": "metal", "good_quantity": 0}),
]


@pytest.mark.parametrize(("deed", "status", "event", "data"), DEEDS)
async def test_each_deed_is_told_and_recorded(
    client: httpx.AsyncClient, witness: Witness, batch: Json, deed: str, status: str, event: str, data: Json
) -> None:
    await lead(client, batch, status)
    await witness.look_away()
    good(await do(client, batch, deed, at=make.at(hours=5), reason="metal"))
    [told] = await witness.told("plant.batch")
    assert (told.type, told.subject) == (event, f"plant.batch/{batch['id']}")
    assert told.data.items() >= data.items()
    [entry] = [each for each in await witness.recorded() if each.action.startswith("batch.")]
    assert (f"plant.{entry.action}", entry.details["reason"]) == (event, "metal")


async def test_a_batch_is_addressed_by_its_number_wherever_it_is_by_its_id(
    client: httpx.AsyncClient, line: Json
) -> None:
    batch = await make.batch(client, line["id"])
    by_number = f"{BATCHES}/{batch['batch_number']}"
    assert good(await client.get(by_number))["id"] == batch["id"]
    for deed in ("start", "hold", "resume", "complete"):
        good(await client.post(f"{by_number}/{deed}"))
    assert len(good(await client.get(f"{by_number}/history"))["moves"]) == 4
    assert refusal(await client.get(f"{BATCHES}/no-such-number"), 404)["code"] == "plant.batch.not_found"


async def test_the_list_knows_days_numbers_and_what_is_overdue(client: httpx.AsyncClient, line: Json) -> None:
    on_line = {"line_id": line["id"]}
    plans = ["2020-05-01T23:30:00Z", "2020-05-02T00:00:00Z", "2020-05-02T23:59:59Z"]
    for plan in plans:
        end = plan.replace("2020", "2021")
        await make.batch(client, line["id"], planned_start_time=plan, planned_end_time=end)
    begun = await make.batch(client, line["id"], planned_start_time=plans[0])
    good(await do(client, begun, "start", at=make.at()))

    async def found(**wanted: str) -> list[str]:
        rows = good(await client.get(BATCHES, params={**on_line, "ordering": "planned_start_time", **wanted}))
        return [row["planned_start_time"] for row in rows["results"]]

    assert await found(start_date="2020-05-02", end_date="2020-05-02") == plans[1:]
    assert await found(end_date="2020-05-01") == plans[:1]
    assert await found(start_date="2020-05-02T00:00:01Z", end_date="2020-05-03") == plans[2:]
    assert await found(end_date="2020-05-02T00:00:00Z") == plans[:2]
    assert await found(overdue="true") == plans
    assert await found(overdue="false") == plans[:1]
    assert await found(batch_number=begun["batch_number"]) == plans[:1]
    assert await found(search=begun["batch_number"], end_date="9999-12-31") == plans[:1]
    for name, value in {"start_date": "yesterday", "end_date": "2020-13-01", "overdue": "perhaps"}.items():
        assert make.fields_of(refusal(await client.get(BATCHES, params={name: value}), 422)) == [name]


async def test_a_list_of_batches_costs_the_same_however_long_it_is(
    client: httpx.AsyncClient, line: Json, statements: list[str]
) -> None:
    costs = []
    for _ in range(2):
        await make.batch(client, line["id"])
        statements.clear()
        good(await client.get(BATCHES, params={"line_id": line["id"], "overdue": "false"}))
        costs.append(len(statements))
    assert costs[0] == costs[1]


async def test_a_duration_lasts_from_start_to_end(client: httpx.AsyncClient, batch: Json) -> None:
    await lead(client, batch, "completed")
    found = await now(client, batch)
    lasted = datetime.fromisoformat(found["actual_end_time"]) - datetime.fromisoformat(found["actual_start_time"])
    assert found["duration_minutes"] == lasted.total_seconds() / 60 == 60


async def test_the_board_shows_a_held_batch_on_its_line_until_that_is_released(
    client: httpx.AsyncClient, line: Json, batch: Json
) -> None:
    card = f"/fragments/line/{line['id']}"
    await lead(client, batch, "on_hold")
    shown = (await client.get(card)).text
    assert batch["batch_number"] in shown
    assert "on hold" in shown
    good(await do(client, batch, "resume", at=make.at(hours=2)))
    assert "on hold" not in (await client.get(card)).text
    good(await do(client, batch, "hold", at=make.at(hours=3), release_line=True))
    assert batch["batch_number"] not in (await client.get(card)).text
