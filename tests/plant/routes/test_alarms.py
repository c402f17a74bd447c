"""Alarms as people live with them: seen, silenced, closed, opened again, and looked for."""

import asyncio
import csv
import io

import httpx
import pytest
from sqlalchemy import text

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from tests.conftest import ClientOf
from tests.make import Person
from tests.plant import make
from tests.plant.alarms import ago, alarms, deed, send
from tests.plant.make import NOWHERE, PLANT, Json, Witness, good, refusal

HOT: dict[float, float] = {0: 99}
BACK: dict[float, float] = {60: 3, 61: 3, 62: 3, 63: 3}


@pytest.fixture
async def alarm(client: httpx.AsyncClient, sensor: Json) -> Json:
    """An alarm that is active."""
    await send(client, [sensor], HOT, start=ago(hours=1))
    return (await alarms(client, sensor))[0]


@pytest.fixture
async def returned(client: httpx.AsyncClient, sensor: Json) -> Json:
    """An alarm that has cleared and that nobody has seen."""
    await send(client, [sensor], {**HOT, **BACK}, start=ago(hours=1))
    return (await alarms(client, sensor))[0]


async def test_whoever_acknowledges_is_named_with_what_they_said(
    client: httpx.AsyncClient, people: dict[tuple[str, str], Person], witness: Witness, alarm: Json
) -> None:
    await witness.look_away()
    seen = good(await deed(client, alarm, "acknowledge", comment="On my way"))
    me = f"user:{people['demo', 'administrator'].id}"
    assert (seen["state"], seen["acknowledged_by"], seen["acknowledgement"]) == ("acknowledged", me, "On my way")
    assert seen["version"] == alarm["version"] + 1
    [told] = await witness.told()
    assert (told.type, told.subject) == ("plant.alarm.acknowledged", f"plant.sensor/{alarm['sensor_id']}")
    assert (told.data["alarm_id"], told.data["by"], told.data["comment"]) == (alarm["id"], me, "On my way")
    [entry] = await witness.recorded()
    assert (entry.action, entry.actor, entry.subject) == ("alarm.acknowledged", me, alarm["id"])


async def test_of_two_who_acknowledge_at_once_the_first_one_does(
    client: httpx.AsyncClient, client_of: ClientOf, alarm: Json
) -> None:
    answers = await asyncio.gather(*(deed(each, alarm, "acknowledge") for each in (client, client_of("operator"))))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer for answer in answers if answer.status_code == 409]
    assert refusal(refused, 409)["code"] == "plant.alarm.acknowledged_already"
    history = good(await client.get(f"{PLANT}/alarms/{alarm['id']}"))["history"]
    assert [each["deed"] for each in history] == ["acknowledged"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("acknowledge", {}),
        ("silence", {"minutes": 5, "reason": "Seen"}),
        ("unsilence", {}),
        ("close", {"cause": "Seen"}),
        ("reopen", {}),
        ("comment", {"comment": "Seen"}),
    ],
)
async def test_no_deed_is_done_on_another_version_than_its_caller_has_seen(
    client: httpx.AsyncClient, alarm: Json, name: str, body: dict[str, object]
) -> None:
    good(await deed(client, alarm, "comment", comment="Somebody was first"))
    address = f"{PLANT}/alarms/{alarm['id']}"
    stale = await client.post(f"{address}/{name}", json=body, headers={"If-Match": f'"{alarm["version"]}"'})
    refusal(stale, 412)
    assert len(good(await client.get(address))["history"]) == 1


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("operator", True),
        ("supervisor", True),
        ("manager", True),
        ("quality", True),
        ("viewer", False),
        ("planner", False),
        ("integration", False),
    ],
)
async def test_those_who_run_the_plant_handle_its_alarms(
    client_of: ClientOf, alarm: Json, role: str, *, may: bool
) -> None:
    answer = await deed(client_of(role), alarm, "acknowledge")
    assert answer.status_code == (200 if may else 403)


async def test_an_alarm_of_another_company_is_not_there(akron_client: httpx.AsyncClient, alarm: Json) -> None:
    assert refusal(await akron_client.get(f"{PLANT}/alarms/{alarm['id']}"), 404)["code"] == "plant.alarm.not_found"
    refusal(await deed(akron_client, alarm, "acknowledge"), 404)
    assert good(await akron_client.get(f"{PLANT}/alarms"))["count"] == 0
    found = good(await akron_client.post(f"{PLANT}/alarms/acknowledge", json={"ids": [alarm["id"]]}))
    assert found == {"acknowledged": []}


async def test_an_alarm_that_is_still_active_cannot_be_closed(client: httpx.AsyncClient, alarm: Json) -> None:
    refused = refusal(await deed(client, alarm, "close", cause="Door open"), 409)
    assert refused["code"] == "plant.alarm.active"
    assert alarm["sensor_code"] in refused["detail"]
    assert good(await client.get(f"{PLANT}/alarms/{alarm['id']}"))["version"] == alarm["version"]


async def test_an_alarm_that_has_cleared_is_closed_with_its_cause_and_can_be_opened_again(
    client: httpx.AsyncClient, witness: Witness, returned: Json
) -> None:
    await witness.look_away()
    closed = good(await deed(client, returned, "close", cause="Door open", comment="Seal replaced"))
    assert (closed["state"], closed["cause"]) == ("closed", "Door open")
    for name, body in (("close", {"cause": "x"}), ("acknowledge", {}), ("silence", {"minutes": 1, "reason": "x"})):
        assert refusal(await deed(client, returned, name, **body), 409)["code"] == "plant.alarm.closed"
    opened = good(await deed(client, returned, "reopen", comment="The seal leaks"))
    assert (opened["state"], opened["cause"], opened["closed_at"]) == ("returned", "", None)
    assert refusal(await deed(client, returned, "reopen"), 409)["code"] == "plant.alarm.not_closed"
    history = good(await client.get(f"{PLANT}/alarms/{returned['id']}"))["history"]
    assert [(each["deed"], each["comment"]) for each in history] == [
        ("closed", "Door open: Seal replaced"),
        ("reopened", "The seal leaks"),
    ]
    assert [each.type for each in await witness.told()] == ["plant.alarm.closed"]
    assert [each.action for each in await witness.recorded()] == ["alarm.closed", "alarm.reopened"]


async def test_what_somebody_has_closed_does_not_come_back_and_is_not_opened_beside_a_new_one(
    client: httpx.AsyncClient, sensor: Json, returned: Json
) -> None:
    good(await deed(client, returned, "close", cause="Door open"))
    await send(client, [sensor], {70: 99}, start=ago(hours=1))
    first, second = await alarms(client, sensor, rule="above_limit")
    assert (first["state"], second["state"], second["occurrences"]) == ("closed", "unacknowledged", 1)
    assert refusal(await deed(client, returned, "reopen"), 409)["code"] == "plant.alarm.raised_again"


async def test_a_silenced_alarm_is_out_of_sight_until_its_time_is_over(
    client: httpx.AsyncClient, witness: Witness, database: Database, demo: Actor, alarm: Json
) -> None:
    await witness.look_away()
    shelved = good(await deed(client, alarm, "silence", minutes=30, reason="Defrosting"))
    assert (shelved["state"], shelved["silence_reason"]) == ("shelved", "Defrosting")
    [told] = await witness.told()
    assert (told.type, told.data["until"]) == ("plant.alarm.silenced", shelved["silenced_until"])
    async with tenant_transaction(database, demo) as session:
        over = "UPDATE alarms SET silenced_until = now() - interval '1 second' WHERE id = :id"
        await session.execute(text(over), {"id": alarm["id"]})
    assert good(await client.get(f"{PLANT}/alarms/{alarm['id']}"))["state"] == "unacknowledged"
    assert refusal(await deed(client, alarm, "unsilence"), 409)["code"] == "plant.alarm.not_silenced"


async def test_a_silence_can_be_ended_before_its_time(client: httpx.AsyncClient, alarm: Json) -> None:
    good(await deed(client, alarm, "silence", until=make.wire(ago(-3600)), reason="Defrosting"))
    heard = good(await deed(client, alarm, "unsilence"))
    assert (heard["state"], heard["silenced_until"], heard["silence_reason"]) == ("unacknowledged", None, "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "x"}, "body"),
        ({"minutes": 5, "until": make.wire(ago(-60)), "reason": "x"}, "body"),
        ({"minutes": 5}, "reason"),
        ({"minutes": 0, "reason": "x"}, "minutes"),
        ({"minutes": 1441, "reason": "x"}, "minutes"),
        ({"until": make.wire(ago(60)), "reason": "x"}, "until"),
        ({"until": make.wire(ago(hours=-25)), "reason": "x"}, "until"),
    ],
)
async def test_nobody_silences_for_longer_than_a_day_or_without_a_reason(
    client: httpx.AsyncClient, sensor: Json, alarm: Json, body: dict[str, object], field: str
) -> None:
    for address in (f"alarms/{alarm['id']}", f"sensors/{sensor['id']}"):
        refused = refusal(await client.post(f"{PLANT}/{address}/silence", json=body), 422)
        assert any(field in error["field"] for error in refused["errors"])
    assert good(await client.get(f"{PLANT}/alarms/{alarm['id']}"))["state"] == "unacknowledged"


async def test_a_silenced_sensor_is_recorded_and_not_told_of(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    at_sensor = f"{PLANT}/sensors/{sensor['id']}"
    silenced = good(await client.post(f"{at_sensor}/silence", json={"minutes": 60, "reason": "Cleaning"}))
    assert silenced["silence_reason"] == "Cleaning"
    await witness.look_away()
    await send(client, [sensor], {**HOT, **BACK}, start=ago(hours=1))
    assert [each["state"] for each in await alarms(client, sensor, rule="above_limit")] == ["shelved"]
    assert await witness.told("plant.anomaly") == []
    good(await client.post(f"{at_sensor}/unsilence"))
    [alarm] = await alarms(client, sensor, rule="above_limit")
    assert alarm["state"] == "returned"
    assert refusal(await client.post(f"{at_sensor}/unsilence"), 409)["code"] == "plant.alarm.not_silenced"


async def test_silencing_a_sensor_silences_what_is_open(client: httpx.AsyncClient, sensor: Json, alarm: Json) -> None:
    body = {"minutes": 60, "reason": "Cleaning"}
    good(await client.post(f"{PLANT}/sensors/{sensor['id']}/silence", json=body))
    shown = good(await client.get(f"{PLANT}/alarms/{alarm['id']}"))
    assert (shown["state"], [each["deed"] for each in shown["history"]]) == ("shelved", ["silenced"])


async def test_the_alarms_of_a_filter_are_acknowledged_together(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    sensors = [await make.sensor(client, line["id"], max_value=5) for _ in range(4)]
    await send(client, sensors, HOT, start=ago(hours=1))
    one = (await alarms(client, sensors[0]))[0]
    good(await deed(client, one, "acknowledge"))
    wanted = {"line_id": line["id"], "priority": "high"}
    found = good(await client.post(f"{PLANT}/alarms/acknowledge", json={"comment": "All seen"}, params=wanted))
    assert len(found["acknowledged"]) == 3
    assert one["id"] not in found["acknowledged"]
    listed = good(await client.get(f"{PLANT}/alarms", params={"line_id": line["id"]}))["results"]
    assert {each["state"] for each in listed} == {"acknowledged"}
    again = await client.post(f"{PLANT}/alarms/acknowledge", json={}, params=wanted)
    assert good(again) == {"acknowledged": []}


async def test_nobody_acknowledges_everything_there_is_unasked(client: httpx.AsyncClient, alarm: Json) -> None:
    assert make.fields_of(refusal(await client.post(f"{PLANT}/alarms/acknowledge", json={}), 422)) == ["ids"]
    wrong = await client.post(f"{PLANT}/alarms/acknowledge", json={}, params={"sensor": "x"})
    assert make.fields_of(refusal(wrong, 422)) == ["sensor"]
    assert good(await client.get(f"{PLANT}/alarms/{alarm['id']}"))["state"] == "unacknowledged"


async def test_a_comment_stays_with_the_alarm(client: httpx.AsyncClient, returned: Json) -> None:
    good(await deed(client, returned, "close", cause="Door open"))
    good(await deed(client, returned, "comment", comment="It was the fork-lift"))
    history = good(await client.get(f"{PLANT}/alarms/{returned['id']}"))["history"]
    assert [each["comment"] for each in history] == ["Door open", "It was the fork-lift"]
    refusal(await deed(client, returned, "comment", comment=""), 422)


async def test_alarms_are_found_by_what_is_known_of_them(client: httpx.AsyncClient, sensor: Json, alarm: Json) -> None:
    line = {"line_id": sensor["line_id"]}
    for wanted, found in (
        ({"state": "unacknowledged"}, True),
        ({"state": "closed"}, False),
        ({"rule": "above_limit"}, True),
        ({"rule": "stuck"}, False),
        ({"priority": "high"}, True),
        ({"priority": "low"}, False),
        ({"site": ""}, True),
        ({"site": "Elsewhere"}, False),
        ({"sensor_id": NOWHERE}, False),
        ({"raised_at__gte": make.wire(ago(hours=2))}, True),
        ({"raised_at__gte": make.wire(ago(hours=0.5))}, False),
        ({"search": sensor["sensor_code"]}, True),
        ({"search": "above the limit"}, True),
        ({"search": "nothing of the kind"}, False),
        ({"group": "flood"}, True),
    ):
        results = good(await client.get(f"{PLANT}/alarms", params={**line, **wanted}))["results"]
        assert [each["id"] for each in results] == ([alarm["id"]] if found else []), wanted
    for name, value in (("state", "open"), ("group", "line"), ("colour", "red")):
        refused = refusal(await client.get(f"{PLANT}/alarms", params={name: value}), 422)
        assert make.fields_of(refused) == [name]


async def test_alarms_are_exported_with_their_state(client: httpx.AsyncClient, sensor: Json, alarm: Json) -> None:
    file = await client.get(f"{PLANT}/alarms", params={"format": "csv", "sensor_id": sensor["id"]})
    [row] = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    assert (row["id"], row["state"], row["why"], row["value"]) == (alarm["id"], "unacknowledged", alarm["why"], "99.0")


async def test_a_list_of_alarms_costs_the_same_however_many_there_are(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    counts = []
    for _ in range(2):
        line = await make.line(client)
        await send(client, [await make.sensor(client, line["id"], max_value=5) for _ in range(5)], HOT, start=ago(60))
        statements.clear()
        good(await client.get(f"{PLANT}/alarms"))
        counts.append(sum("FROM alarms" in each for each in statements))
    assert counts == [2, 2]


async def test_the_summary_counts_what_is_open_by_state_priority_and_line(client: httpx.AsyncClient) -> None:
    line = await make.line(client, plant_name="Summed")
    sensors = [await make.sensor(client, line["id"], max_value=5) for _ in range(4)]
    await send(client, sensors, HOT, start=ago(hours=1))
    for sensor, name, body in (
        (sensors[0], "acknowledge", {}),
        (sensors[1], "silence", {"minutes": 9, "reason": "x"}),
    ):
        good(await deed(client, (await alarms(client, sensor))[0], name, **body))
    await send(client, sensors[2:3], BACK, start=ago(hours=1))
    good(await deed(client, (await alarms(client, sensors[2]))[0], "close", cause="x"))
    summary = good(await client.get(f"{PLANT}/alarms/summary"))
    [mine] = [each for each in summary["lines"] if each["line_id"] == line["id"]]
    assert mine["states"] == {"unacknowledged": 1, "acknowledged": 1, "shelved": 1}
    assert mine["priorities"] == {"high": 2}
    assert (mine["line_number"], mine["site"]) == (line["line_number"], "Summed")
    for each in ("states", "priorities"):
        together = {key: sum(one[each].get(key, 0) for one in summary["lines"]) for key in summary[each]}
        assert together == summary[each]


async def test_the_figures_say_how_bearable_the_alarms_were(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    sensors = [await make.sensor(client, line["id"], max_value=5) for _ in range(13)]
    await send(client, sensors[:12], HOT, start=ago(hours=5))
    chattering = {100.0 * second: 99.0 if second % 2 == 0 else 3.0 for second in range(6)}
    quiet = {each + step: 3.0 for each, value in chattering.items() if value < 5 for step in (1, 2, 3, 4)}
    await send(client, sensors[12:], chattering | quiet, start=ago(hours=3))
    window = {"start_time": make.wire(ago(hours=5)), "end_time": make.wire(ago()), "line_id": line["id"]}
    found = good(await client.get(f"{PLANT}/alarms/metrics", params=window))
    above = {"rule": "above_limit", "occurrences": 3}
    assert found["alarms"] >= 13
    assert found["peak"] == 12
    assert found["share_in_flood"] == pytest.approx(1 / 30)
    assert found["per_ten_minutes"] == pytest.approx(found["alarms"] / 30)
    assert found["chattering"] >= 1
    assert found["standing"] == 0
    worst = next(each for each in found["bad_actors"] if each["sensor_id"] == sensors[12]["id"])
    assert worst.items() >= above.items() or worst["occurrences"] >= 3
    assert sum(found["priorities"].values()) == found["alarms"]
    refusal(await client.get(f"{PLANT}/alarms/metrics", params={"line_id": NOWHERE}), 404)


async def test_what_has_been_active_for_more_than_a_day_is_standing(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    for hours in (30, 10):
        await send(client, [await make.sensor(client, line["id"], max_value=5)], HOT, start=ago(hours=hours))
    found = good(await client.get(f"{PLANT}/alarms/metrics", params={"line_id": line["id"]}))
    assert (found["standing"], found["alarms"]) == (1, 1)
