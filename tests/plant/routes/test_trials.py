"""Trials over HTTP."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.queries.trials import trials_between
from foodflow.plant.rules.trials import ARROWS, TrialDeed, TrialStatus
from tests.plant import make
from tests.plant.make import PLANT, YESTERDAY, Json, Witness, fields_of, good, refusal

TRIALS = f"{PLANT}/trials"
WAYS = {"planned": [], "in_progress": ["start"], "completed": ["start", "complete"], "cancelled": ["cancel"]}
METHODS = {"start": ("POST", "PUT"), "complete": ("POST", "PUT"), "cancel": ("POST", "DELETE")}


async def trial(client: httpx.AsyncClient, line: Json, **fields: object) -> Json:
    body = {"trial_number": make.name("TR"), "name": "Slower belt", "line_id": line["id"], **fields}
    made: Json = good(await client.post(TRIALS, json=body))
    return made


async def lead(client: httpx.AsyncClient, trial: Json, status: str) -> None:
    for deed in WAYS[status]:
        good(await client.post(f"{TRIALS}/{trial['id']}/{deed}"))


async def test_parameters_survive_the_round_trip(client: httpx.AsyncClient, line: Json) -> None:
    parameters = {"belt": {"speed": 0.25, "steps": [1, None, True, "ü"]}, "": []}
    made = await trial(client, line, parameters=parameters, expected_outcome="crisper")
    assert (made["parameters"], made["status"], made["results"]) == (parameters, "planned", {})
    assert good(await client.get(f"{TRIALS}/{made['id']}")) == made
    assert good(await client.get(f"{TRIALS}/by-number/{made['trial_number']}")) == made


@pytest.mark.parametrize("wrong", [[1], "x", 7])
async def test_parameters_are_an_object(client: httpx.AsyncClient, line: Json, wrong: object) -> None:
    body = {"trial_number": make.name("TR"), "name": "x", "line_id": line["id"], "parameters": wrong}
    assert fields_of(refusal(await client.post(TRIALS, json=body), 422)) == ["parameters"]


async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, line: Json) -> None:
    number = make.name("TR")
    text = f'{{"trial_number": "{number}", "name": "x", "line_id": "{line["id"]}", "parameters": {{"a": [NaN]}}}}'
    headers = {"content-type": "application/json"}
    assert (await client.post(TRIALS, content=text, headers=headers)).status_code in {400, 422}


@pytest.mark.parametrize("method", [0, 1])
async def test_a_trial_is_started_completed_with_its_findings_and_counts_as_engineering(
    client: httpx.AsyncClient, session: AsyncSession, witness: Witness, line: Json, method: int
) -> None:
    batch = await make.batch(client, line["id"])
    made = await trial(client, line, batch_ids=[batch["id"], batch["id"]])
    assert made["batch_ids"] == [batch["id"]]
    await witness.look_away()
    address = f"{TRIALS}/{made['id']}"
    good(await client.request(METHODS["start"][method], f"{address}/start", json={"at": make.at()}))
    findings = {"results": {"waste": 0.1}, "was_successful": True, "learnings": "slower is better"}
    ended = await client.request(
        METHODS["complete"][method], f"{address}/complete", json={**findings, "at": make.at(hours=2)}
    )
    assert good(ended).items() >= {**findings, "status": "completed", "actual_end_time": make.at(hours=2)}.items()
    assert [told.type for told in await witness.told()] == ["plant.trial.started", "plant.trial.completed"]
    id, hour = UUID(line["id"]), timedelta(hours=1)
    found = await trials_between(session, [id], YESTERDAY + hour, YESTERDAY + 3 * hour)
    assert [(each.start, each.end) for each in found[id]] == [(YESTERDAY, YESTERDAY + 2 * hour)]
    assert await trials_between(session, [id], YESTERDAY + 2 * hour, YESTERDAY + 3 * hour) == {}
    assert await trials_between(session, [id], YESTERDAY - hour, YESTERDAY) == {}


PAIRS = [(status, deed) for status in TrialStatus for deed in TrialDeed]


@pytest.mark.parametrize(("status", "deed"), PAIRS)
async def test_each_arrow_is_taken_or_refused(client: httpx.AsyncClient, line: Json, status: str, deed: str) -> None:
    made = await trial(client, line)
    await lead(client, made, status)
    answer = await client.post(f"{TRIALS}/{made['id']}/{deed}")
    sources, target = ARROWS[TrialDeed(deed)]
    if status in sources:
        assert good(answer)["status"] == target
    else:
        assert refusal(answer, 409)["code"] == "plant.trial.not_there"


async def test_a_trial_is_given_up_for_a_reason(client: httpx.AsyncClient, line: Json) -> None:
    made = await trial(client, line)
    gone = good(await client.delete(f"{TRIALS}/{made['id']}/cancel", params={"reason": "no time"}))
    assert (gone["status"], gone["cancel_reason"]) == ("cancelled", "no time")
    frozen = refusal(await client.patch(f"{TRIALS}/{made['id']}", json={"name": "x"}), 409)
    assert frozen["code"] == "plant.trial.cancelled"


async def test_of_two_who_start_a_trial_at_once_one_does(client: httpx.AsyncClient, line: Json) -> None:
    made = await trial(client, line)
    both = await asyncio.gather(*(client.post(f"{TRIALS}/{made['id']}/start") for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409]


async def test_a_put_says_everything_anew_and_a_patch_what_it_names(client: httpx.AsyncClient, line: Json) -> None:
    made = await trial(client, line, description="d", owner_name="Ann")
    patched = good(await client.patch(f"{TRIALS}/{made['id']}", json={"owner_name": "Bea"}))
    assert (patched["description"], patched["owner_name"], patched["version"]) == ("d", "Bea", 2)
    put = good(await client.put(f"{TRIALS}/{made['id']}", json={"name": "n"}))
    assert (put["name"], put["description"], put["owner_name"], put["version"]) == ("n", "", "", 3)
    stale = await client.put(f"{TRIALS}/{made['id']}", json={"name": "m"}, headers={"if-match": '"2"'})
    refusal(stale, 412)


async def test_trials_are_listed_by_line_status_and_batch(client: httpx.AsyncClient, line: Json) -> None:
    batch = await make.batch(client, line["id"])
    one, other = await trial(client, line, batch_ids=[batch["id"]]), await trial(client, line)
    await lead(client, other, "in_progress")

    async def found(**wanted: str) -> set[str]:
        rows = good(await client.get(TRIALS, params={"line_id": line["id"], **wanted}))["results"]
        return {row["id"] for row in rows}

    assert await found() == {one["id"], other["id"]}
    assert await found(status="in_progress") == {other["id"]}
    assert await found(batch_id=batch["id"]) == {one["id"]}
    assert await found(search=one["trial_number"]) == {one["id"]}
    file = await client.get(TRIALS, params={"line_id": line["id"], "format": "csv"})
    assert one["trial_number"] in file.text


async def test_batches_of_a_trial_are_made_on_its_line(client: httpx.AsyncClient, line: Json) -> None:
    elsewhere = await make.batch(client, (await make.line(client))["id"])
    body = {"trial_number": make.name("TR"), "name": "x", "line_id": line["id"], "batch_ids": [elsewhere["id"]]}
    assert fields_of(refusal(await client.post(TRIALS, json=body), 422)) == ["batch_ids.0"]
