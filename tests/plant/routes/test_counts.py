"""Counts over HTTP: what a line made, for which batch, and what it adds up to."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal


@pytest.fixture
async def running(client: httpx.AsyncClient, line: Json) -> Json:
    """A batch in progress since this time yesterday."""
    batch = await make.batch(client, line["id"])
    started: Json = good(await make.run(client, batch["id"], "start", make.at()))
    return started


async def batch_now(client: httpx.AsyncClient, batch: Json) -> Json:
    answer: Json = good(await client.get(f"{PLANT}/batches/{batch['id']}"))
    return answer


async def test_a_count_belongs_to_the_batch_in_progress_and_adds_to_its_quantities(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    first = good(await make.count(client, line["id"], good=90.25, scrap=9.75, scrap_reason="temperature"))
    assert (first["batch_id"], first["good"], first["scrap"], first["ideal_speed"]) == (running["id"], 90.25, 9.75, 80)
    good(await make.count(client, line["id"], good=100, batch_id=running["id"]))
    now = await batch_now(client, running)
    assert (now["good_quantity"], now["scrap_quantity"], now["produced_quantity"]) == (190.25, 9.75, 200)
    assert (now["scrap_rate"], now["yield_rate"]) == (pytest.approx(4.875), pytest.approx(95.125))


async def test_counts_of_many_callers_at_once_add_up_exactly(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    answers = await asyncio.gather(*(make.count(client, line["id"], good=0.1, scrap=0.02) for _ in range(24)))
    assert {answer.status_code for answer in answers} == {201}
    now = await batch_now(client, running)
    assert (now["good_quantity"], now["scrap_quantity"]) == (2.4, 0.48)
    listed = good(await client.get(f"{PLANT}/lines/{line['id']}/counts", params={"batch_id": running["id"]}))
    assert listed["count"] == 24


async def test_the_speed_of_the_batch_is_the_ideal_one_where_it_has_one(client: httpx.AsyncClient, line: Json) -> None:
    assert good(await make.count(client, line["id"], good=1))["ideal_speed"] == 80
    batch = await make.batch(client, line["id"], target_speed=60.5)
    good(await make.run(client, batch["id"], "start", make.at()))
    assert good(await make.count(client, line["id"], good=1))["ideal_speed"] == 60.5
    unknown = await make.line(client)
    assert good(await make.count(client, unknown["id"], good=1))["ideal_speed"] is None


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("body", {}),
        ("body", {"good": 0, "scrap": 0}),
        ("good", {"good": -1}),
        ("good", {"good": 0.001}),
        ("good", {"good": 10**10}),
        ("good", {"good": None}),
        ("scrap", {"good": 1, "scrap": "NaN"}),
        ("at", {"good": 1, "at": "1999-12-31T23:59:59Z"}),
        ("at", {"good": 1, "at": "2999-01-01T00:00:00Z"}),
        ("at", {"good": 1, "at": "2024-01-01T00:00:00"}),
        ("batch_id", {"good": 1, "batch_id": "7"}),
        ("scrap_reason", {"good": 1, "scrap_reason": "x" * 256}),
        ("ideal_speed", {"good": 1, "ideal_speed": 1}),
    ],
    ids=str,
)
async def test_a_wrong_count_is_refused_and_counts_for_nothing(
    client: httpx.AsyncClient, line: Json, field: str, fields: Json
) -> None:
    assert fields_of(refusal(await make.count(client, line["id"], **fields), 422)) == [field]
    assert good(await client.get(f"{PLANT}/lines/{line['id']}/counts"))["count"] == 0


async def test_what_a_batch_made_has_an_end_that_is_no_failure(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    good(await make.count(client, line["id"], good=9_999_999_999.99))
    refusal(await make.count(client, line["id"], good=9_999_999_999.99), 422)
    assert (await batch_now(client, running))["good_quantity"] == 9_999_999_999.99


async def test_only_a_batch_in_progress_on_this_line_is_counted(client: httpx.AsyncClient, line: Json) -> None:
    planned = await make.batch(client, line["id"])
    elsewhere = await make.batch(client, (await make.line(client))["id"])
    good(await make.run(client, elsewhere["id"], "start", make.at()))
    for batch in (planned, elsewhere):
        answer = await make.count(client, line["id"], good=1, batch_id=batch["id"])
        assert refusal(answer, 409)["code"] == "plant.batch.not_in_progress"
    refusal(await make.count(client, line["id"], good=1, batch_id=NOWHERE), 404)
    refusal(await make.count(client, NOWHERE, good=1), 404)


async def test_what_was_made_before_the_batch_began_is_not_its_own(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    assert good(await make.count(client, line["id"], good=5, at=make.at()))["batch_id"] is None
    named = await make.count(client, line["id"], good=5, at=make.at(-1), batch_id=running["id"])
    assert fields_of(refusal(named, 422)) == ["at"]
    assert good(await make.count(client, line["id"], good=5, at=make.at(1)))["batch_id"] == running["id"]
    assert (await batch_now(client, running))["good_quantity"] == 5


async def test_what_a_completed_batch_made_is_final(
    client: httpx.AsyncClient, client_of: ClientOf, line: Json, running: Json
) -> None:
    good(await make.count(client, line["id"], good=5, at=make.at(minutes=59)))
    early = await make.run(client, running["id"], "complete", make.at(minutes=58))
    assert fields_of(refusal(early, 422)) == ["at"]
    good(await make.run(client, running["id"], "complete", make.at(minutes=60)))
    for fields in ({"batch_id": running["id"]}, {"at": make.at(minutes=60)}, {"at": make.at(1)}):
        answer = await make.count(client_of("operator"), line["id"], good=1, **fields)
        assert refusal(answer, 409)["code"] == "plant.batch.not_in_progress"
    assert good(await make.count(client, line["id"], good=1, at=make.at(minutes=61)))["batch_id"] is None
    assert (await batch_now(client, running))["good_quantity"] == 5


async def test_counts_are_listed_latest_first_and_found_by_time(client: httpx.AsyncClient, line: Json) -> None:
    for minute in (3, 1, 2):
        good(await make.count(client, line["id"], good=minute, at=make.at(minutes=minute)))
    address = f"{PLANT}/lines/{line['id']}/counts"
    assert [row["good"] for row in good(await client.get(address))["results"]] == [3, 2, 1]
    window = {"at__gte": make.at(minutes=1), "at__lt": make.at(minutes=3), "ordering": "at"}
    assert [row["good"] for row in good(await client.get(address, params=window))["results"]] == [1, 2]
    assert fields_of(refusal(await client.get(address, params={"good": "1"}), 422)) == ["good"]


async def test_a_clock_that_is_a_little_fast_counts_now_and_not_in_the_future(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=4)
    counted = good(await make.count(client, line["id"], good=1, at=make.wire(ahead)))
    assert datetime.fromisoformat(counted["at"]) <= datetime.now(UTC)
    good(await make.run(client, running["id"], "complete"))
