"""Batches over HTTP: planned, found, changed, started and completed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

BATCHES = f"{PLANT}/batches"


@pytest.fixture
async def batch(client: httpx.AsyncClient, line: Json) -> Json:
    """A planned batch."""
    return await make.batch(client, line["id"])


async def test_a_planned_batch_is_found_where_its_location_says_and_by_its_number(
    client: httpx.AsyncClient, line: Json
) -> None:
    number = f"{make.name('2024')}/001"
    body = {"batch_number": number, "product_code": "P", "product_name": "Pea", "line_id": line["id"]}
    response = await client.post(BATCHES, json=body | {"target_quantity": 10_000.5, "target_speed": 60})
    made = response.json()
    assert (response.status_code, made["status"], made["target_quantity"]) == (201, "planned", 10_000.5)
    assert (made["produced_quantity"], made["scrap_rate"], made["oee"]) == (0, None, None)
    assert good(await client.get(response.headers["location"])) == made
    assert good(await client.get(f"{BATCHES}/by-number/{number.replace('/', '%2F')}")) == made


BAD_FIELDS: list[tuple[str, Json]] = [
    ("target_quantity", {"target_quantity": 0}),
    ("target_quantity", {"target_quantity": -5}),
    ("target_quantity", {"target_quantity": 0.001}),
    ("target_quantity", {"target_quantity": 10**10}),
    ("target_quantity", {"target_quantity": None}),
    ("target_speed", {"target_speed": 0}),
    ("batch_number", {"batch_number": "x" * 101}),
    ("line_id", {"line_id": "7"}),
    ("line_id", {"line_id": None}),
    ("planned_start_time", {"planned_start_time": "2024-01-01T00:00:00"}),
    ("planned_start_time", {"planned_start_time": "tomorrow"}),
    ("planned_end_time", {"planned_start_time": make.at(1), "planned_end_time": make.at(0)}),
    ("status", {"status": "completed"}),
    ("oee", {"oee": 1}),
    ("good_quantity", {"good_quantity": 9}),
]


@pytest.mark.parametrize(("field", "fields"), BAD_FIELDS)
async def test_a_wrong_field_refuses_a_new_batch_and_is_named(
    client: httpx.AsyncClient, line: Json, field: str, fields: dict[str, Any]
) -> None:
    body = {"batch_number": make.name("B"), "product_code": "P", "product_name": "P", "target_quantity": 1}
    response = await client.post(BATCHES, json=body | {"line_id": line["id"]} | fields)
    assert fields_of(refusal(response, 422)) == [field]


async def test_a_batch_needs_a_line_in_service(client: httpx.AsyncClient, line: Json) -> None:
    body = {"batch_number": make.name("B"), "product_code": "P", "product_name": "P", "target_quantity": 1}
    unknown = refusal(await client.post(BATCHES, json=body | {"line_id": NOWHERE}), 404)
    assert unknown["code"] == "plant.line.not_found"
    await client.patch(f"{PLANT}/lines/{line['id']}", json={"is_active": False})
    inactive = refusal(await client.post(BATCHES, json=body | {"line_id": line["id"]}), 409)
    assert inactive["code"] == "plant.line.inactive"


async def test_a_batch_number_is_given_once(client: httpx.AsyncClient, batch: Json) -> None:
    body = {"batch_number": batch["batch_number"], "product_code": "P", "product_name": "P", "target_quantity": 1}
    taken = refusal(await client.post(BATCHES, json=body | {"line_id": batch["line_id"]}), 409)
    assert taken["code"] == "plant.taken"


async def test_batches_are_filtered_by_line_state_product_and_time(client: httpx.AsyncClient, line: Json) -> None:
    for hour, product in enumerate(("A", "B", "A")):
        await make.batch(client, line["id"], product_code=product, planned_start_time=make.at(hours=hour))
    own = {"line_id": line["id"]}

    async def count(**wanted: str) -> int:
        answer: int = good(await client.get(BATCHES, params=own | wanted))["count"]
        return answer

    assert await count() == 3
    assert await count(product_code="A") == 2
    assert await count(product_code="A", planned_start_time__gte=make.at(hours=1)) == 1
    assert await count(planned_start_time__lt=make.at(hours=1)) == 1
    assert await count(status="planned") == 3
    assert await count(status="in_progress") == 0
    for name, value in {"status": "banana", "line_id": "7", "oee__gte": "1", "planned_start_time__in": "x"}.items():
        assert fields_of(refusal(await client.get(BATCHES, params={name: value}), 422)) == [name]


async def test_a_change_touches_the_given_fields_only_and_null_clears(client: httpx.AsyncClient, batch: Json) -> None:
    address = f"{BATCHES}/{batch['id']}"
    good(await client.patch(address, json={"target_speed": 60, "planned_start_time": make.at()}))
    changed = good(await client.patch(address, json={"target_speed": None, "notes": "Late"}))
    assert (changed["target_speed"], changed["notes"]) == (None, "Late")
    assert changed["planned_start_time"] == make.at()
    ends_first = await client.patch(address, json={"planned_end_time": make.at(-1)})
    assert fields_of(refusal(ends_first, 422)) == ["planned_end_time"]


@pytest.mark.parametrize("field", ["status", "oee", "id", "good_quantity", "actual_start_time", "line_id", "colour"])
async def test_what_a_deed_decides_cannot_be_changed(client: httpx.AsyncClient, batch: Json, field: str) -> None:
    response = await client.patch(f"{BATCHES}/{batch['id']}", json={field: "completed"})
    assert fields_of(refusal(response, 422)) == [field]


async def test_a_started_batch_runs_on_its_line_and_a_completed_one_leaves_it_idle(
    client: httpx.AsyncClient, line: Json, batch: Json
) -> None:
    started = good(await make.run(client, batch["id"], "start", make.at()))
    assert (started["status"], started["actual_start_time"]) == ("in_progress", make.at())
    running = good(await client.get(f"{PLANT}/lines/{line['id']}"))
    assert (running["status"], running["status_since"]) == ("running", make.at())
    assert running["current_batch_id"] == batch["id"]
    completed = good(await make.run(client, batch["id"], "complete", make.at(minutes=90)))
    assert (completed["status"], completed["duration_minutes"]) == ("completed", 90)
    idle = good(await client.get(f"{PLANT}/lines/{line['id']}"))
    assert (idle["status"], idle["status_since"]) == ("idle", make.at(minutes=90))
    assert idle["current_batch_id"] is None


async def test_a_batch_is_started_and_completed_now_unless_a_time_is_named(
    client: httpx.AsyncClient, batch: Json
) -> None:
    before = datetime.now(UTC)
    started = good(await client.post(f"{BATCHES}/{batch['id']}/start"))
    completed = good(await client.post(f"{BATCHES}/{batch['id']}/complete"))
    times = [datetime.fromisoformat(each) for each in (started["actual_start_time"], completed["actual_end_time"])]
    assert before <= times[0] < times[1] <= datetime.now(UTC)


async def test_completing_a_batch_keeps_any_state_but_running(client: httpx.AsyncClient, line: Json) -> None:
    """Also where the line runs by now: what counts is its state at the end of the batch."""
    batch = await make.batch(client, line["id"])
    await make.run(client, batch["id"], "start", make.at())
    await make.state(client, line["id"], "downtime", make.at(minutes=60))
    await make.state(client, line["id"], "running", make.at(minutes=90))
    good(await make.run(client, batch["id"], "complete", make.at(minutes=75)))
    window = {"start_time": make.at(), "end_time": make.at(minutes=120)}
    states = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    assert [each["state"] for each in states] == ["running", "downtime", "running"]


async def test_steps_out_of_order_are_refused_and_say_where_the_batch_stands(
    client: httpx.AsyncClient, batch: Json
) -> None:
    early = refusal(await make.run(client, batch["id"], "complete"), 409)
    assert (early["code"], "planned" in early["detail"]) == ("plant.batch.not_in_progress", True)
    good(await make.run(client, batch["id"], "start", make.at()))
    again = refusal(await make.run(client, batch["id"], "start"), 409)
    assert (again["code"], "in progress" in again["detail"]) == ("plant.batch.not_planned", True)
    good(await make.run(client, batch["id"], "complete", make.at(minutes=1)))
    for deed in ("start", "complete"):
        assert "completed" in refusal(await make.run(client, batch["id"], deed), 409)["detail"]
    frozen = refusal(await client.patch(f"{BATCHES}/{batch['id']}", json={"notes": "x"}), 409)
    assert frozen["code"] == "plant.batch.completed"
    refusal(await make.run(client, NOWHERE, "start"), 404)


async def test_a_time_before_2000_in_the_future_or_before_the_start_is_refused(
    client: httpx.AsyncClient, batch: Json
) -> None:
    tomorrow = make.wire(datetime.now(UTC) + timedelta(days=1))
    for moment in (tomorrow, "1999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        assert fields_of(refusal(await make.run(client, batch["id"], "start", moment), 422)) == ["at"]
    good(await make.run(client, batch["id"], "start", make.at()))
    for moment in (tomorrow, make.at(-1), make.at()):
        assert fields_of(refusal(await make.run(client, batch["id"], "complete", moment), 422)) == ["at"]


async def test_of_two_who_start_a_batch_at_once_one_wins(client: httpx.AsyncClient, batch: Json) -> None:
    answers = await asyncio.gather(*(make.run(client, batch["id"], "start") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_of_two_batches_started_on_a_line_at_once_one_wins(client: httpx.AsyncClient, line: Json) -> None:
    batches = [await make.batch(client, line["id"]) for _ in range(2)]
    answers = await asyncio.gather(*(make.run(client, batch["id"], "start") for batch in batches))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert refusal(lost, 409)["code"] == "plant.line.busy"
    assert good(await client.get(f"{PLANT}/lines/{line['id']}"))["current_batch_id"] == won.json()["id"]


async def test_of_two_who_complete_a_batch_at_once_one_wins(client: httpx.AsyncClient, batch: Json) -> None:
    good(await make.run(client, batch["id"], "start", make.at()))
    answers = await asyncio.gather(*(make.run(client, batch["id"], "complete") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_two_batches_never_share_time_on_a_line(client: httpx.AsyncClient, line: Json) -> None:
    first, second = [await make.batch(client, line["id"]) for _ in range(2)]
    good(await make.run(client, first["id"], "start", make.at(hours=2)))
    good(await make.run(client, first["id"], "complete", make.at(hours=4)))
    inside = refusal(await make.run(client, second["id"], "start", make.at(hours=3)), 409)
    assert (inside["code"], first["batch_number"] in inside["detail"]) == ("plant.line.busy", True)
    good(await make.run(client, second["id"], "start", make.at(hours=1)))
    across = refusal(await make.run(client, second["id"], "complete", make.at(hours=3)), 409)
    assert across["code"] == "plant.line.busy"
    good(await make.run(client, second["id"], "complete", make.at(hours=2)))


async def test_a_batch_may_begin_at_the_very_moment_at_which_the_last_one_ended(
    client: httpx.AsyncClient, line: Json
) -> None:
    for hour in range(3):
        batch = await make.batch(client, line["id"])
        good(await make.run(client, batch["id"], "start", make.at(hours=hour)))
        good(await make.run(client, batch["id"], "complete", make.at(hours=hour + 1)))
    window = {"start_time": make.at(), "end_time": make.at(hours=4)}
    states = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    assert [(each["state"], each["end"]) for each in states] == [
        ("running", make.at(hours=3)),
        ("idle", make.at(hours=4)),
    ]
    assert good(await client.get(f"{PLANT}/lines/{line['id']}"))["status"] == "idle"


async def test_a_batch_cannot_begin_where_the_line_is_reported_to_stand_still(
    client: httpx.AsyncClient, line: Json, batch: Json
) -> None:
    good(await make.state(client, line["id"], "maintenance", make.at()))
    problem = refusal(await make.run(client, batch["id"], "start", make.at()), 409)
    assert problem["code"] == "plant.line.state_contradicted"


async def test_a_line_out_of_service_starts_nothing(client: httpx.AsyncClient, line: Json, batch: Json) -> None:
    good(await client.patch(f"{PLANT}/lines/{line['id']}", json={"is_active": False}))
    assert refusal(await make.run(client, batch["id"], "start"), 409)["code"] == "plant.line.inactive"


async def test_another_company_cannot_see_or_run_a_batch(akron_client: httpx.AsyncClient, batch: Json) -> None:
    for answer in (
        await akron_client.get(f"{BATCHES}/{batch['id']}"),
        await akron_client.get(f"{BATCHES}/by-number/{batch['batch_number']}"),
        await akron_client.patch(f"{BATCHES}/{batch['id']}", json={"notes": "mine"}),
        await make.run(akron_client, batch["id"], "start"),
        await make.run(akron_client, batch["id"], "complete"),
    ):
        assert refusal(answer, 404)["code"] == "plant.batch.not_found"


@pytest.mark.parametrize(("role", "may_run"), [("operator", True), ("integration", False), ("viewer", False)])
async def test_each_role_runs_batches_only_if_it_may(
    client_of: ClientOf, line: Json, batch: Json, role: str, *, may_run: bool
) -> None:
    own = client_of(role)
    body = {"batch_number": make.name("B"), "product_code": "P", "product_name": "P", "target_quantity": 1}
    for answer in (
        await own.post(BATCHES, json=body | {"line_id": line["id"]}),
        await own.patch(f"{BATCHES}/{batch['id']}", json={"notes": role}),
        await make.run(own, batch["id"], "start", make.at()),
        await make.run(own, batch["id"], "complete"),
    ):
        assert answer.is_success if may_run else answer.status_code == 403
