"""Stops over HTTP: they are those of the line's own time, whoever reports them, and in whatever order."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, Witness, fields_of, good, refusal


async def post(client: httpx.AsyncClient, line: Json, **fields: object) -> httpx.Response:
    return await client.post(f"{PLANT}/downtimes", json={"line_id": line["id"], **fields})


async def stops(client: httpx.AsyncClient, line: Json, **wanted: object) -> list[Json]:
    params = {"line_id": line["id"], "ordering": "start_time", **wanted}
    found: list[Json] = good(await client.get(f"{PLANT}/downtimes", params=params))["results"]
    return found


async def states(client: httpx.AsyncClient, line: Json, until: float = 60) -> list[tuple[str, str]]:
    window = {"start_time": make.at(), "end_time": make.at(minutes=until)}
    found = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    return [(each["state"], each["start"]) for each in found]


async def recorded(client: httpx.AsyncClient, line: Json, *minutes: tuple[float, str]) -> None:
    for minute, status in minutes:
        good(await make.state(client, line["id"], status, make.at(minutes=minute)))


async def reason(client: httpx.AsyncClient, code: str) -> str:
    waiting = good(await client.get(f"{PLANT}/stop-reasons"))
    while waiting:
        each = waiting.pop()
        if each["code"] == code:
            return str(each["id"])
        waiting += each["children"]
    raise LookupError(code)


async def test_a_line_that_goes_down_opens_a_stop_and_going_up_ends_it(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (10, "downtime"))
    (opened,) = await stops(client, line, standing="open")
    assert (opened["start_time"], opened["end_time"]) == (make.at(minutes=10), None)
    await recorded(client, line, (30, "running"))
    (ended,) = await stops(client, line)
    assert (ended["id"], ended["end_time"], ended["duration_minutes"]) == (opened["id"], make.at(minutes=30), 20)


async def test_a_stop_between_two_moments_is_laid_over_what_is_there(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (40, "idle"))
    told = {"start_time": make.at(minutes=5), "end_time": make.at(minutes=20)}
    made = good(await post(client, line, **told, reason_category="mechanical"))
    assert (made["duration_minutes"], made["reason_category"], made["is_planned"]) == (15, "mechanical", False)
    assert await states(client, line) == [
        ("running", make.at()),
        ("downtime", make.at(minutes=5)),
        ("running", make.at(minutes=20)),
        ("idle", make.at(minutes=40)),
    ]


async def test_overlapping_stops_never_give_a_negative_availability(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"))
    for start, end in ((0, 50), (10, 60), (5, 55), (0, 60), (30, 60)):
        good(await post(client, line, start_time=make.at(minutes=start), end_time=make.at(minutes=end)))
    found = await make.oee(client, line["id"], make.at(), make.at(minutes=60))
    assert (found["availability"], found["planned_busy_seconds"]) == (0, 3600)
    rows = await stops(client, line)
    assert sum(each["duration_minutes"] for each in rows) == 60
    assert all(one["end_time"] <= two["start_time"] for one, two in pairwise(rows))


async def test_an_open_stop_ends_once_and_the_line_goes_on_as_before(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"))
    made = good(await post(client, line, start_time=make.at(minutes=10)))
    body = {"end_time": make.at(minutes=25), "resolution": "Cleared the jam"}
    ended = good(await client.put(f"{PLANT}/downtimes/{made['id']}/end", json=body))
    assert (ended["duration_minutes"], ended["resolution"], ended["id"]) == (15, "Cleared the jam", made["id"])
    assert ended["resolved_by"].startswith("user:")
    assert (await states(client, line))[-1] == ("running", make.at(minutes=25))
    again = refusal(await client.put(f"{PLANT}/downtimes/{made['id']}/end"), 409)
    assert again["code"] == "plant.downtime.ended"


async def test_a_stop_without_a_length_or_with_a_negative_one_is_refused(client: httpx.AsyncClient, line: Json) -> None:
    for end in (10, 5):
        told = {"start_time": make.at(minutes=10), "end_time": make.at(minutes=end)}
        assert fields_of(refusal(await post(client, line, **told), 422)) == ["end_time"]
    made = good(await post(client, line, start_time=make.at(minutes=10)))
    early = await client.put(f"{PLANT}/downtimes/{made['id']}/end", json={"end_time": make.at(minutes=9)})
    assert fields_of(refusal(early, 422)) == ["end_time"]


async def test_a_line_that_stands_already_is_not_stopped_again(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "downtime"))
    assert refusal(await post(client, line, start_time=make.at(minutes=2)), 409)["code"] == "plant.downtime.open"


async def test_of_two_stops_reported_at_once_one_is_told_of_the_other(client: httpx.AsyncClient, line: Json) -> None:
    answers = await asyncio.gather(*(post(client, line) for _ in range(2)))
    assert sorted(each.status_code for each in answers) == [201, 409]
    assert len(await stops(client, line)) == 1


async def test_a_short_stop_is_a_micro_stop_that_nobody_explains(client: httpx.AsyncClient) -> None:
    line = await make.line(client, micro_stop_seconds=120)
    await recorded(client, line, (0, "running"), (10, "downtime"), (11, "running"), (20, "downtime"), (23, "running"))
    short, long = await stops(client, line)
    assert (short["is_micro"], long["is_micro"]) == (True, False)
    assert [each["id"] for each in await stops(client, line, reason="missing")] == [long["id"]]


async def test_reasons_are_given_to_several_stops_at_once_or_to_none(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "downtime"), (10, "running"), (20, "downtime"), (30, "running"))
    ids, jam = [each["id"] for each in await stops(client, line)], await reason(client, "filler")
    wrong = {"downtime_ids": [*ids, NOWHERE], "reason_id": jam}
    refusal(await client.post(f"{PLANT}/downtimes/assign", json=wrong), 404)
    assert len(await stops(client, line, reason="missing")) == 2
    good(await client.post(f"{PLANT}/downtimes/assign", json={"downtime_ids": ids, "reason_id": jam}))
    assert await stops(client, line, reason="missing") == []
    assert {each["reason_category"] for each in await stops(client, line)} == {"mechanical"}


@pytest.mark.parametrize("is_open", [False, True])
async def test_a_stop_is_split_at_a_moment_within_it(client: httpx.AsyncClient, line: Json, *, is_open: bool) -> None:
    await recorded(client, line, (0, "downtime"), *([] if is_open else [(30, "running")]))
    (whole,) = await stops(client, line)
    address, cleaning = f"{PLANT}/downtimes/{whole['id']}/split", await reason(client, "no-operator")
    outside = await client.post(address, json={"at": make.at(minutes=-1)})
    assert fields_of(refusal(outside, 422)) == ["at"]
    good(await client.post(address, json={"at": make.at(minutes=10), "reason_id": cleaning}))
    first, second = await stops(client, line)
    assert (first["id"], first["end_time"]) == (whole["id"], make.at(minutes=10))
    assert (second["start_time"], second["end_time"]) == (make.at(minutes=10), whole["end_time"])
    assert (first["reason_id"], second["reason_id"]) == (None, cleaning)


async def test_what_a_stop_costs_follows_from_the_line_and_its_length(client: httpx.AsyncClient) -> None:
    line = await make.line(client, hourly_cost=1200)
    made = good(await post(client, line, start_time=make.at(), end_time=make.at(minutes=10)))
    assert made["cost_impact"] == 200
    free = await make.line(client)
    assert good(await post(client, free, start_time=make.at(), end_time=make.at(minutes=10)))["cost_impact"] is None


async def test_the_time_until_somebody_comes_is_known(client: httpx.AsyncClient, line: Json) -> None:
    made = good(await post(client, line, start_time=make.at()))
    address = f"{PLANT}/downtimes/{made['id']}/respond"
    assert fields_of(refusal(await client.post(address, json={"at": make.at(-60)}), 422)) == ["at"]
    assert good(await client.post(address, json={"at": make.at(minutes=4)}))["response_time_minutes"] == 4
    assert refusal(await client.post(address), 409)["code"] == "plant.downtime.responded"


async def test_a_planned_stop_that_is_no_loss_is_maintenance(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"))
    told = {"start_time": make.at(minutes=10), "end_time": make.at(minutes=20)}
    made = good(await post(client, line, **told, reason_category="planned_maintenance"))
    assert (made["state"], made["is_planned"]) == ("maintenance", True)
    assert (await make.oee(client, line["id"], make.at(), make.at(minutes=60)))["availability"] == 1


async def test_a_stop_whose_time_is_withdrawn_is_gone(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (10, "downtime"), (20, "running"))
    at = f"{PLANT}/lines/{line['id']}/states/{make.at(minutes=10)}"
    good(await client.delete(at, params={"why": "a loose cable"}))
    assert await stops(client, line) == []
    assert await states(client, line) == [("running", make.at())]


async def test_a_stop_and_its_end_are_told(client: httpx.AsyncClient, line: Json, witness: Witness) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    start, end = make.wire(now - timedelta(minutes=9)), make.wire(now - timedelta(minutes=2))
    good(await post(client, line, start_time=start, reason_category="electrical", reason_detail="Fuse"))
    good(await make.state(client, line["id"], "running", end))
    told = {each.type: each.data for each in await witness.told()}
    assert told["plant.line.stopped"]["reason_code"] == "electrical"
    started = told["plant.line.started"]
    assert (started["seconds"], started["reason"], started["is_planned"], started["since"]) == (
        420,
        "Fuse",
        False,
        start,
    )


async def test_stops_are_exported(client: httpx.AsyncClient, line: Json) -> None:
    good(await post(client, line, start_time=make.at(), end_time=make.at(minutes=10)))
    answer = await client.get(f"{PLANT}/downtimes", params={"line_id": line["id"], "format": "csv"})
    assert "duration_minutes" in answer.text.splitlines()[0]


async def test_reliability_is_of_breakdowns_alone(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"))
    for start, category in ((10, "mechanical"), (30, "no_material"), (40, "electrical"), (50, None)):
        told = {"start_time": make.at(minutes=start), "end_time": make.at(minutes=start + 6)}
        good(await post(client, line, **told, **({"reason_category": category} if category else {})))
    window = {"start_time": make.at(), "end_time": make.at(minutes=60)}
    found = good(await client.get(f"{PLANT}/lines/{line['id']}/reliability", params=window))
    assert (found["all"]["failures"], found["all"]["mttr_seconds"], found["all"]["mtbf_seconds"]) == (2, 360, 18 * 60)
    assert found["all"]["availability"] == pytest.approx(18 / 24)
    assert ({each["name"] for each in found["reasons"]}, found["unexplained"]) == ({"mechanical", "electrical"}, 1)
    of_one = {**window, "reason_id": await reason(client, "electrical")}
    of_all = good(await client.get(f"{PLANT}/reliability", params=of_one))
    assert [each["failures"] for each in of_all["lines"] if each["id"] == line["id"]] == [1]
