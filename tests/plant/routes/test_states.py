"""States of a line over HTTP: every moment in exactly one interval, whatever order reports come in."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

STATES = ["idle", "running", "changeover", "downtime", "maintenance", "not_scheduled"]


async def states(client: httpx.AsyncClient, line: Json, start: str, end: str) -> list[Json]:
    window = {"start_time": start, "end_time": end}
    answer: list[Json] = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    return answer


async def line_now(client: httpx.AsyncClient, line: Json) -> Json:
    answer: Json = good(await client.get(f"{PLANT}/lines/{line['id']}"))
    return answer


async def recorded(client: httpx.AsyncClient, line: Json, *minutes: tuple[float, str]) -> None:
    for minute, status in minutes:
        good(await make.state(client, line["id"], status, make.at(minutes=minute)))


@pytest.mark.parametrize("status", STATES)
async def test_a_line_is_in_the_state_that_was_recorded_last(
    client: httpx.AsyncClient, line: Json, status: str
) -> None:
    answer = await client.post(
        f"{PLANT}/lines/{line['id']}/status", json={"status": status, "at": make.at(), "reason": "mechanical"}
    )
    assert (good(answer)["status"], answer.json()["status_since"]) == (status, make.at())
    found = await states(client, line, make.at(-60), make.at(60))
    shown = [{name: each[name] for name in ("state", "start", "end", "reason")} for each in found]
    assert shown == [
        {"state": "unrecorded", "start": make.at(-60), "end": make.at(), "reason": None},
        {"state": status, "start": make.at(), "end": make.at(60), "reason": "mechanical"},
    ]


async def test_a_late_report_finds_its_place_and_changes_nothing_of_now(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (60, "idle"), (20, "downtime"), (30, "running"))
    now = await line_now(client, line)
    assert (now["status"], now["status_since"]) == ("idle", make.at(minutes=60))
    found = await states(client, line, make.at(), make.at(minutes=70))
    assert [(each["state"], each["start"]) for each in found] == [
        ("running", make.at()),
        ("downtime", make.at(minutes=20)),
        ("running", make.at(minutes=30)),
        ("idle", make.at(minutes=60)),
    ]


async def test_the_same_report_twice_is_one(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (10, "idle"), (0, "running"), (10, "idle"))
    assert len(await states(client, line, make.at(), make.at(minutes=20))) == 2


async def test_the_same_report_of_many_at_once_is_one(client: httpx.AsyncClient, line: Json) -> None:
    answers = await asyncio.gather(*(make.state(client, line["id"], "running", make.at()) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await states(client, line, make.at(), make.at(60))) == 1


async def test_two_states_at_one_moment_contradict_each_other(client: httpx.AsyncClient, line: Json) -> None:
    good(await make.state(client, line["id"], "running", make.at()))
    for body in ({"status": "idle"}, {"status": "running", "reason": "other"}):
        answer = await client.post(f"{PLANT}/lines/{line['id']}/status", json=body | {"at": make.at()})
        assert refusal(answer, 409)["code"] == "plant.line.state_contradicted"
    assert (await line_now(client, line))["status"] == "running"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("status", {"status": "banana"}),
        ("status", {"status": "RUNNING"}),
        ("status", {"status": "unrecorded"}),
        ("status", {"status": None}),
        ("status", {}),
        ("at", {"status": "idle", "at": "2999-01-01T00:00:00Z"}),
        ("at", {"status": "idle", "at": "1999-12-31T23:59:59.999999Z"}),
        ("at", {"status": "idle", "at": "2024-01-01T00:00:00"}),
        ("at", {"status": "idle", "at": "yesterday"}),
        ("reason", {"status": "idle", "reason": "x" * 256}),
        ("new_status", {"status": "idle", "new_status": "idle"}),
    ],
    ids=str,
)
async def test_a_wrong_report_is_refused_and_leaves_no_trace(
    client: httpx.AsyncClient, line: Json, field: str, body: Json
) -> None:
    answer = await client.post(f"{PLANT}/lines/{line['id']}/status", json=body)
    assert field in fields_of(refusal(answer, 422))
    assert await line_now(client, line) == line


async def test_a_line_out_of_service_takes_no_report(client: httpx.AsyncClient, line: Json) -> None:
    good(await client.patch(f"{PLANT}/lines/{line['id']}", json={"is_active": False}))
    assert refusal(await make.state(client, line["id"], "idle"), 409)["code"] == "plant.line.inactive"
    refusal(await make.state(client, NOWHERE, "idle"), 404)


async def test_every_moment_lies_in_exactly_one_interval(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (5, "running"), (9, "running"), (12, "idle"), (12.5, "downtime"), (40, "running"))
    found = await states(client, line, make.at(), make.at(minutes=60))
    assert found[0]["start"] == make.at()
    assert found[-1]["end"] == make.at(minutes=60)
    assert [each["end"] for each in found[:-1]] == [each["start"] for each in found[1:]]
    assert [each["state"] for each in found] == ["unrecorded", "running", "idle", "downtime", "running"]


@pytest.mark.parametrize("cut", [5, 12, 20, 33.25])
async def test_a_window_cut_in_two_adds_up_to_the_whole(client: httpx.AsyncClient, line: Json, cut: float) -> None:
    await recorded(client, line, (5, "running"), (12, "downtime"), (20, "running"), (41, "maintenance"))
    for minute in (6, 12, 20, 40):
        good(await make.count(client, line["id"], good=minute, scrap=1, at=make.at(minutes=minute)))
    whole = await make.oee(client, line["id"], make.at(), make.at(minutes=60))
    parts = [
        await make.oee(client, line["id"], make.at(), make.at(minutes=cut)),
        await make.oee(client, line["id"], make.at(minutes=cut), make.at(minutes=60)),
    ]
    for name in ("planned_busy_seconds", "production_seconds", "produced", "good", "scrap", "ideal_seconds_good"):
        assert sum(part[name] for part in parts) == pytest.approx(whole[name]), name
    for name, seconds in whole["seconds"].items():
        assert sum(part["seconds"][name] for part in parts) == pytest.approx(seconds), name
    assert sum(whole["seconds"].values()) == 3600


@pytest.mark.parametrize("deed", ["states", "oee"])
@pytest.mark.parametrize(
    ("field", "window"),
    [
        ("start_time", {"start_time": make.at(60), "end_time": make.at()}),
        ("start_time", {"start_time": make.at(), "end_time": make.at()}),
        ("start_time", {"start_time": "2999-01-01T00:00:00Z"}),
        ("start_time", {"start_time": "2000-01-01T00:00:00Z", "end_time": "2010-01-01T00:00:00Z"}),
        ("start_time", {"start_time": "2024-01-01T00:00:00"}),
        ("end_time", {"end_time": "0001-01-01T00:00:00Z"}),
        ("end_time", {"end_time": "1999-12-31T00:00:00Z"}),
        ("end_time", {"end_time": "now"}),
        ("start", {"start": make.at()}),
    ],
)
async def test_a_window_that_is_none_is_refused(
    client: httpx.AsyncClient, line: Json, deed: str, field: str, window: dict[str, str]
) -> None:
    answer = await client.get(f"{PLANT}/lines/{line['id']}/{deed}", params=window)
    assert fields_of(refusal(answer, 422)) == [field]


async def test_a_window_reaches_no_further_than_now(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"))
    found = await states(client, line, make.at(), make.wire(datetime.now(UTC) + timedelta(days=9)))
    assert datetime.fromisoformat(found[-1]["end"]) <= datetime.now(UTC)
