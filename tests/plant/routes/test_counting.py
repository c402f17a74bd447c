"""Counts as events over HTTP: rework, repeats, running counters, late counts and what is taken back."""

import asyncio
from decimal import Decimal
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Refusal
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import counts as queries
from foodflow.plant.usecases import batches, counts, lifecycle, lines
from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, Witness, fields_of, good, refusal


@pytest.fixture
async def running(client: httpx.AsyncClient, line: Json) -> Json:
    """A batch in progress since this time yesterday."""
    batch = await make.batch(client, line["id"])
    started: Json = good(await make.run(client, batch["id"], "start", make.at()))
    return started


async def batch_now(client: httpx.AsyncClient, batch: Json) -> Json:
    answer: Json = good(await client.get(f"{PLANT}/batches/{batch['id']}"))
    return answer


def made(batch: Json) -> tuple[float, float, float, float]:
    """Good, scrap, rework and all of a batch."""
    return tuple(batch[f"{kind}_quantity"] for kind in ("good", "scrap", "rework", "produced"))


async def test_what_was_produced_is_good_scrap_and_rework_and_nothing_else(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    good(await make.count(client, line["id"], good=80, scrap=15, rework=5, at=make.at(hours=1)))
    counted = good(await client.post(f"{PLANT}/batches/{running['batch_number']}/counts", json={"rework": 100}))
    assert (counted["batch_id"], counted["rework"]) == (running["id"], 100)
    now = await batch_now(client, running)
    assert made(now) == (80, 15, 105, 200)
    assert (now["yield_rate"], now["scrap_rate"]) == (40, 7.5)
    oee = await make.oee(client, line["id"], make.at(), make.at(hours=1))
    assert (oee["produced"], oee["rework"], oee["quality"]) == (100, 5, 0.8)


async def test_a_batch_is_counted_in_its_own_unit(client: httpx.AsyncClient, line: Json) -> None:
    batch = await make.batch(client, line["id"], unit="kg")
    good(await make.run(client, batch["id"], "start", make.at()))
    for fields in ({}, {"batch_id": batch["id"]}):
        assert fields_of(refusal(await make.count(client, line["id"], good=1, unit="L", **fields), 422)) == ["unit"]
    assert good(await make.count(client, line["id"], good=1, unit="kg"))["unit"] == "kg"
    assert good(await make.count(client, line["id"], good=1))["unit"] == "kg"


async def test_a_report_that_comes_again_is_one_and_another_under_its_name_is_refused(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    named = {"good": 5, "source_id": "scale-7/118"}
    answers = await asyncio.gather(*(make.count(client, line["id"], **named) for _ in range(3)))
    assert len({good(answer)["id"] for answer in answers}) == 1
    for other in ({"good": 6}, {"scrap": 1}, {"at": make.at(7)}, {"scrap_reason": "x"}):
        contradicted = refusal(await make.count(client, line["id"], **{**named, **other}), 409)
        assert contradicted["code"] == "plant.count.contradicted"
    of_moment = {"good": 5, "at": make.at(60)}
    ids = {good(await make.count(client, line["id"], **of_moment))["id"] for _ in range(2)}
    assert len(ids) == 1
    assert good(await make.count(client, line["id"], **of_moment, scrap_reason="other"))["id"] not in ids
    assert (await batch_now(client, running))["good_quantity"] == 15
    elsewhere = await make.line(client)
    assert good(await make.count(client, elsewhere["id"], **named))["line_id"] == elsewhere["id"]


async def totals(client: httpx.AsyncClient, line: Json, minute: float, **shown: object) -> httpx.Response:
    return await make.count(client, line["id"], at=make.at(minutes=minute), **shown)


async def test_of_a_running_counter_the_differences_are_counted_and_a_reset_is_noticed(
    client: httpx.AsyncClient, line: Json, running: Json, witness: Witness
) -> None:
    first = await totals(client, line, 1, total_good=1000, total_scrap=50)
    assert (first.status_code, first.json()["because"]) == (200, "first")
    second = await totals(client, line, 2, total_good=1080, total_scrap=53)
    assert (second.status_code, second.json()["good"], second.json()["scrap"]) == (201, 80, 3)
    again = await totals(client, line, 2, total_good=1080, total_scrap=53)
    assert good(again)["id"] == second.json()["id"]
    contradicted = await totals(client, line, 2, total_good=1081, total_scrap=53)
    assert refusal(contradicted, 409)["code"] == "plant.count.contradicted"
    for minute, because in ((1.5, "late"), (3, "unchanged"), (3, "repeated")):
        nothing = await totals(client, line, minute, total_good=1080, total_scrap=53)
        assert (nothing.status_code, nothing.json()["because"]) == (200, because)
    await witness.look_away()
    reset = await totals(client, line, 4, total_good=7, total_scrap=1)
    assert (reset.status_code, reset.json()["good"], reset.json()["scrap"]) == (201, 7, 1)
    assert [entry.action for entry in await witness.recorded()] == ["line.counter_reset", "line.counted"]
    other = await totals(client, line, 5, total_good=9, counter="packer")
    assert (other.status_code, other.json()["counter"]) == (200, "packer")
    assert made(await batch_now(client, running)) == (87, 4, 0, 91)


async def test_of_looks_at_a_counter_at_once_nothing_is_counted_twice(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    await totals(client, line, 1, total_good=0)
    looks = [totals(client, line, 2, total_good=10) for _ in range(4)]
    answers = await asyncio.gather(*looks, *(totals(client, line, 3, total_good=15) for _ in range(2)))
    assert all(answer.is_success for answer in answers)
    assert (await batch_now(client, running))["good_quantity"] == 15


@pytest.mark.parametrize(
    "fields",
    [
        {"total_good": 1, "good": 1},
        {"total_good": 1, "source_id": "x"},
        {"total_good": -1},
        {"rework": -1},
        {"good": 1, "unit": "a b"},
        {"good": 1, "source_id": ""},
    ],
    ids=str,
)
async def test_a_report_that_is_no_report_is_refused(client: httpx.AsyncClient, line: Json, fields: Json) -> None:
    refusal(await make.count(client, line["id"], **fields), 422)


async def complete(client: httpx.AsyncClient, batch: Json, database: Database) -> Json:
    good(await make.run(client, batch["id"], "complete", make.at(hours=1)))
    await make.work_off(database)
    return await batch_now(client, batch)


async def test_a_late_count_of_a_completed_batch_is_a_supervisor_s_and_measures_it_anew(
    client: httpx.AsyncClient, client_of: ClientOf, line: Json, running: Json, database: Database
) -> None:
    good(await make.count(client, line["id"], good=2400, at=make.at(minutes=30)))
    assert (await complete(client, running, database))["oee"] == 0.5
    late = {"good": 2400, "at": make.at(minutes=45), "batch_id": running["id"]}
    for role in ("operator", "integration"):
        refused = refusal(await make.count(client_of(role), line["id"], **late), 409)
        assert refused["code"] == "plant.batch.not_in_progress"
    supervisor = client_of("supervisor")
    unnamed = await make.count(supervisor, line["id"], good=1, at=make.at(minutes=45))
    assert refusal(unnamed, 409)["code"] == "plant.batch.not_in_progress"
    after = await make.count(supervisor, line["id"], **{**late, "at": make.at(minutes=61)})
    assert fields_of(refusal(after, 422)) == ["at"]
    good(await make.count(supervisor, line["id"], **late))
    await make.work_off(database)
    now = await batch_now(client, running)
    assert (now["good_quantity"], now["oee"]) == (4800, 1)
    at_its_end = good(await client.post(f"{PLANT}/batches/{running['id']}/counts", json={"scrap": 1}))
    assert at_its_end["at"] == make.at(hours=1)


async def test_what_is_counted_while_a_batch_is_held_is_not_its_own(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    good(await client.post(f"{PLANT}/batches/{running['id']}/hold", json={"at": make.at(minutes=10)}))
    assert good(await make.count(client, line["id"], good=1, at=make.at(minutes=9)))["batch_id"] == running["id"]
    assert good(await make.count(client, line["id"], good=2, at=make.at(minutes=11)))["batch_id"] is None
    named = await make.count(client, line["id"], good=4, at=make.at(minutes=11), batch_id=running["id"])
    assert "on hold" in refusal(named, 409)["detail"]
    assert (await batch_now(client, running))["good_quantity"] == 1


async def test_a_count_is_taken_back_by_its_opposite_once(
    client: httpx.AsyncClient, line: Json, running: Json, witness: Witness
) -> None:
    good(await make.count(client, line["id"], good=10, at=make.at(minutes=1)))
    wrong = good(await make.count(client, line["id"], good=100, scrap=5, rework=2, at=make.at(minutes=2)))
    address = f"{PLANT}/counts/{wrong['id']}/reverse"
    assert fields_of(refusal(await client.post(address, json={"reason": " "}), 422)) == ["reason"]
    await witness.look_away()
    both = await asyncio.gather(*(client.post(address, json={"reason": "typed twice"}) for _ in range(2)))
    won, lost = sorted(both, key=lambda answer: answer.status_code)
    assert refusal(lost, 409)["code"] == "plant.count.reversed"
    opposite = good(won)
    told = (opposite["good"], opposite["scrap"], opposite["rework"], opposite["at"], opposite["reverses_id"])
    assert told == (-100, -5, -2, wrong["at"], wrong["id"])
    again = await client.post(f"{PLANT}/counts/{opposite['id']}/reverse", json={"reason": "x"})
    assert refusal(again, 409)["code"] == "plant.count.reversed"
    [entry] = await witness.recorded()
    assert (entry.action, entry.details["reason"]) == ("count.reversed", "typed twice")
    assert made(await batch_now(client, running)) == (10, 0, 0, 10)
    assert (await make.oee(client, line["id"], make.at(), make.at(minutes=2)))["produced"] == 10
    assert good(await client.get(f"{PLANT}/counts/{wrong['id']}"))["good"] == 100
    listed = good(await client.get(f"{PLANT}/batches/{running['id']}/counts"))
    assert listed["count"] == 3
    redone = good(await make.count(client, line["id"], good=100, scrap=5, rework=2, at=make.at(minutes=2)))
    assert redone["id"] != wrong["id"]


async def test_what_a_completed_batch_made_is_taken_back_by_a_supervisor_alone(
    client: httpx.AsyncClient, client_of: ClientOf, line: Json, running: Json, database: Database
) -> None:
    wrong = good(await make.count(client, line["id"], good=2400, at=make.at(minutes=30)))
    good(await make.count(client, line["id"], good=2400, at=make.at(minutes=40)))
    assert (await complete(client, running, database))["oee"] == 1
    address, why = f"{PLANT}/counts/{wrong['id']}/reverse", {"reason": "other line"}
    assert refusal(await client_of("operator").post(address, json=why), 403)["code"] == "plant.count.may_not_correct"
    good(await client_of("supervisor").post(address, json=why))
    await make.work_off(database)
    assert (await batch_now(client, running))["oee"] == 0.5


async def test_a_count_of_another_company_or_none_is_not_found(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, line: Json
) -> None:
    count = good(await make.count(client, line["id"], good=1))
    for answer in (
        await akron_client.get(f"{PLANT}/counts/{count['id']}"),
        await akron_client.post(f"{PLANT}/counts/{count['id']}/reverse", json={"reason": "x"}),
        await client.get(f"{PLANT}/counts/{NOWHERE}"),
    ):
        assert refusal(answer, 404)["code"] == "plant.count.not_found"


STEPS: Final = st.lists(
    st.one_of(
        st.sampled_from(["start", "hold", "release", "resume", "complete", "cancel", "reverse"]).map(lambda it: (it,)),
        st.tuples(st.just("count"), *(st.integers(0, 3) for _ in range(3))),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
async def test_whatever_is_done_a_batch_has_made_what_its_counts_add_up_to(
    database: Database, demo: Actor, steps: list[tuple[Any, ...]]
) -> None:
    async with tenant_transaction(database, demo) as session:
        line = await lines.find_or_create(session, demo, make.name("ANY"))
        texts = dict.fromkeys(("work_order_number", "operator_name", "shift", "notes"), "")
        product = {"product_code": "P", "product_name": "P", "target_quantity": Decimal(1)}
        fields = {"batch_number": make.name("B"), "line_id": line.id, **product, **texts}
        batch = await batches.create_batch(session, demo, fields)
        counted: list[Any] = []
        for step in steps:
            try:
                async with session.begin_nested():
                    await _do(session, demo, batch.id, step, counted)
            except Refusal:
                await session.refresh(batch)
            sums = await queries.sums_of_batch(session, batch.id)
            quantities = (batch.good_quantity, batch.scrap_quantity, batch.rework_quantity)
            assert quantities == sums
            assert min(quantities) >= 0


async def _do(session: Any, demo: Actor, id: Any, step: tuple[Any, ...], counted: list[Any]) -> None:  # noqa: ANN401 - whatever a step is made of
    batch = await batch_queries.batch(session, demo, id)
    match step:
        case ("count", one, two, three):
            report = counts.Report(good=Decimal(one), scrap=Decimal(two), rework=Decimal(three), batch_id=id)
            if any(report.amounts):
                counted.append((await counts.record_report(session, demo, batch.line_id, report)).id)
        case ("reverse",) if counted:
            await counts.reverse_count(session, demo, counted.pop(), reason="x")
        case ("release",):
            await lifecycle.hold_batch(session, demo, id, release_line=True)
        case (deed,) if deed != "reverse":
            await getattr(lifecycle, f"{deed}_batch")(session, demo, id)
        case _:
            pass
