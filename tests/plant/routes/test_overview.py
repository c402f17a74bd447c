"""The overview of the plant: the figures of other questions, put together in few statements."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, name, refusal, wire
from tests.plant.sites import Limited


@pytest.fixture
async def site(client: httpx.AsyncClient, limited: Limited) -> tuple[str, httpx.AsyncClient]:
    """A site of its own, and somebody who is for it alone."""
    good(await client.put(f"{PLANT}/settings", json={"currency": "EUR"}))
    site = name("Site")
    return site, limited(site)


async def overview(client: httpx.AsyncClient, **wanted: Any) -> Json:  # noqa: ANN401 - parameters
    answer: Json = good(await client.get(f"{PLANT}/overview", params=wanted))
    return answer


ALL_DAY = [
    {"name": each, "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": start, "end": end}
    for each, start, end in (("Early", "06:00", "14:00"), ("Late", "14:00", "22:00"), ("Night", "22:00", "06:00"))
]


async def worked(client: httpx.AsyncClient, site: str, *, since: str = make.at(minutes=5)) -> Json:
    """A line that ran for a day and stands since a second ago."""
    line = await make.line(client, plant_name=site, design_speed=10, hourly_cost=600)
    batch = await make.batch(client, line["id"], unit_cost=0.5)
    good(await make.run(client, batch["id"], "start", since))
    good(await make.count(client, line["id"], good=500, scrap=20, at=make.at(hours=1)))
    now = datetime.now(UTC)
    good(await make.count(client, line["id"], scrap=8, at=wire(now - timedelta(seconds=2))))
    good(await make.state(client, line["id"], "downtime", wire(now - timedelta(seconds=1))))
    return line


async def test_its_figures_are_those_of_the_questions_they_come_from(
    client: httpx.AsyncClient, site: tuple[str, httpx.AsyncClient]
) -> None:
    where, own = site
    for _ in range(2):
        await worked(client, where)
    await make.line(client, plant_name=where)
    window = {"start_time": make.at(), "end_time": make.at(hours=3)}
    shown = await overview(own, **window)
    told = {**window, "plant_name": where}
    total = good(await client.get(f"{PLANT}/oee", params=told))["total"]
    ratios = ("availability", "performance", "quality", "oee")
    assert {each: shown["kpis"][each] for each in ratios} == {each: total[each] for each in ratios}
    assert total["oee"] is not None
    assert shown["money_leaks"] == good(await client.get(f"{PLANT}/money-leaks/overview", params=told))
    assert shown["money_leaks"]["total"] == good(await client.get(f"{PLANT}/losses", params=told))["total"]["cost"] > 0
    assert (shown["kpis"]["total_lines"], shown["kpis"]["active_lines"], shown["kpis"]["running_batches"]) == (3, 3, 2)
    events = {"event_time__gt": window["start_time"], "event_time__lte": window["end_time"]}
    assert shown["recent_scrap_events"] == good(await own.get(f"{PLANT}/scrap-events", params=events))["count"] == 2


async def test_it_is_of_the_last_day_unless_a_window_is_named(site: tuple[str, httpx.AsyncClient]) -> None:
    shown = await overview(site[1])
    start, end = (datetime.fromisoformat(shown[each]) for each in ("start_time", "end_time"))
    assert end - start == timedelta(hours=24)
    assert datetime.now(UTC) - end < timedelta(minutes=1)
    refused = await site[1].get(f"{PLANT}/overview", params={"start_time": wire(end), "end_time": wire(start)})
    assert fields_of(refusal(refused, 422)) == ["start_time"]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_today_began_at_the_midnight_of_the_site(
    client: httpx.AsyncClient, site: tuple[str, httpx.AsyncClient], zone: str
) -> None:
    where, own = site
    if zone != "UTC":
        good(await client.put(f"{PLANT}/calendars/{where}", json={"time_zone": zone, "patterns": ALL_DAY}))
    line = await worked(client, where, since=make.at(hours=-6))
    local = datetime.now(ZoneInfo(zone))
    midnight = wire(datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(UTC))
    before = wire(datetime.fromisoformat(midnight) - timedelta(hours=2))
    good(await make.count(client, line["id"], scrap=16, at=before))
    good(
        await client.post(
            f"{PLANT}/lines/{line['id']}/spans",
            json={"status": "downtime", "start_time": before, "end_time": midnight},
        )
    )
    shown = (await overview(own))["kpis"]
    today = {"start_time": midnight, "plant_name": where}
    losses = good(await client.get(f"{PLANT}/losses", params=today))["total"]["losses"]
    scrap = sum(row["cost"] or 0 for row in losses if row["loss"] in {"process_defects", "startup_rejects"})
    seconds = good(await client.get(f"{PLANT}/oee", params=today))["total"]["seconds"]["downtime"]
    assert shown["scrap_cost_today"] == scrap >= 4
    assert shown["uncosted_scrap_today"] == 0
    # The line still stands, so that a moment passes between the questions.
    assert 0 <= seconds / 60 - shown["downtime_minutes_today"] < 1


async def test_each_site_has_a_day_of_its_own(client: httpx.AsyncClient, limited: Limited) -> None:
    """Stopped for the 26 hours before now, lines lost what lies within the day of their own site."""
    sites = {name("Site"): zone for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata")}
    begin, now = wire(datetime.now(UTC) - timedelta(hours=26)), wire(datetime.now(UTC))
    for site, zone in sites.items():
        good(await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": zone, "patterns": ALL_DAY}))
        line = await make.line(client, plant_name=site)
        span = {"status": "downtime", "start_time": begin, "end_time": now}
        good(await client.post(f"{PLANT}/lines/{line['id']}/spans", json=span))
    alone = [(await overview(limited(site)))["kpis"]["downtime_minutes_today"] for site in sites]
    together = (await overview(limited(*sites)))["kpis"]["downtime_minutes_today"]
    assert together == pytest.approx(sum(alone))
    assert len({round(minutes) for minutes in alone}) == 3


async def test_its_alerts_are_open_alarms_worst_first_that_can_be_acknowledged(
    client: httpx.AsyncClient, site: tuple[str, httpx.AsyncClient]
) -> None:
    where, own = site
    lines = [await make.line(client, plant_name=where) for _ in range(3)]
    for place in range(12):
        sensor = await make.sensor(client, lines[place % 3]["id"], max_value=5)
        if place in {4, 7}:
            watch = {"priority": "critical" if place == 7 else "low"}
            address = f"{PLANT}/sensors/{sensor['id']}/watch"
            good(await client.put(address, json=watch))
        good(await make.send(client, [make.reading(sensor["id"], place, 99)]))
    shown = await overview(own)
    listed = good(await own.get(f"{PLANT}/alarms", params={"page_size": 500}))["results"]
    urgency = ("low", "medium", "high", "critical")
    expected = sorted(listed, key=lambda each: (urgency.index(each["priority"]), each["raised_at"]), reverse=True)
    assert len({each["priority"] for each in expected}) > 2
    assert [each["id"] for each in shown["alerts"]] == [each["id"] for each in expected[:10]]
    assert (shown["open_alarms"], shown["alerts"][0]["priority"]) == (12, "critical")
    worst = shown["alerts"][0]["id"]
    good(await own.post(f"{PLANT}/alarms/{worst}/acknowledge", json={}))
    assert (await overview(own))["alerts"][0]["state"] == "acknowledged"
    silence = {"minutes": 5, "reason": "Seen"}
    good(await own.post(f"{PLANT}/alarms/{worst}/silence", json=silence))
    after = await overview(own)
    assert worst not in {each["id"] for each in after["alerts"]}
    assert after["open_alarms"] == 11


async def test_trials_in_progress_are_counted(client: httpx.AsyncClient, site: tuple[str, httpx.AsyncClient]) -> None:
    where, own = site
    line = await make.line(client, plant_name=where)
    for deed in ("start", None):
        body = {"trial_number": name("T"), "name": "Slower", "line_id": line["id"]}
        trial = good(await client.post(f"{PLANT}/trials", json=body))
        if deed:
            good(await client.post(f"{PLANT}/trials/{trial['id']}/{deed}"))
    assert (await overview(own))["active_trials"] == 1


async def test_it_costs_as_many_statements_for_many_lines_as_for_one(
    client: httpx.AsyncClient, site: tuple[str, httpx.AsyncClient], statements: list[str]
) -> None:
    where, own = site
    counts = []
    for _ in range(2):
        for _ in range(2):
            line = await worked(client, where)
            sensor = await make.sensor(client, line["id"], max_value=5)
            good(await make.send(client, [make.reading(sensor["id"], 0, 99)]))
        statements.clear()
        await overview(own)
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_whoever_is_for_other_sites_or_another_company_sees_nothing_of_it(
    client: httpx.AsyncClient, site: tuple[str, httpx.AsyncClient], limited: Limited
) -> None:
    await worked(client, site[0])
    assert (await overview(site[1]))["kpis"]["total_lines"] == 1
    for nobody in (limited(), limited(name("Site"))):
        shown = await overview(nobody)
        assert (shown["kpis"]["total_lines"], shown["kpis"]["oee"], shown["alerts"]) == (0, None, [])
        assert (shown["money_leaks"]["total"], shown["recent_scrap_events"]) == (0, 0)
