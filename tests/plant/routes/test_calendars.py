"""Shift calendars over HTTP: one document for each site, and the shifts that it makes."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.queries.calendars import shifts_of
from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, refusal

ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]
NIGHT: Json = {"name": "night", "weekdays": ALL_DAYS, "start": "22:00", "end": "06:00"}
EARLY: Json = {"name": "early", "weekdays": ALL_DAYS, "start": "06:00", "end": "14:00"}


async def put(client: httpx.AsyncClient, site: str, **fields: object) -> httpx.Response:
    return await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": "Europe/Berlin", **fields})


async def shifts(client: httpx.AsyncClient, site: str, start: str, end: str) -> list[Json]:
    window = {"start_time": start, "end_time": end}
    answer: list[Json] = good(await client.get(f"{PLANT}/calendars/{site}/shifts", params=window))
    return answer


async def test_a_calendar_is_one_document_that_is_replaced(client: httpx.AsyncClient) -> None:
    site = make.name("North / old hall")
    made = good(await put(client, site, patterns=[NIGHT]))
    assert (made["plant_name"], made["version"], made["patterns"][0]["start"]) == (site, 1, "22:00")
    assert good(await client.get(f"{PLANT}/calendars/{site}")) == made
    replaced = good(await put(client, site, patterns=[EARLY]))
    assert (replaced["version"], [each["name"] for each in replaced["patterns"]]) == (2, ["early"])


async def test_a_calendar_that_has_changed_meanwhile_is_not_replaced(client: httpx.AsyncClient) -> None:
    site = make.name("North")
    good(await put(client, site))
    stale = await client.put(
        f"{PLANT}/calendars/{site}", json={"time_zone": "Europe/Berlin"}, headers={"If-Match": '"7"'}
    )
    refusal(stale, 412)


async def test_the_night_that_loses_an_hour_has_a_shift_of_seven_hours(client: httpx.AsyncClient) -> None:
    site = make.name("North")
    good(await put(client, site, patterns=[NIGHT]))
    (found,) = await shifts(client, site, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")
    assert found == {
        "name": "night", "date": "2026-03-28", "start": "2026-03-28T21:00:00Z", "end": "2026-03-29T04:00:00Z",
        "breaks": [], "crew": "",
    }  # fmt: skip


async def test_a_closed_day_has_no_shifts(client: httpx.AsyncClient) -> None:
    site = make.name("North")
    closed = {"date": "2026-05-01", "kind": "closed", "reason": "Labour Day"}
    good(await put(client, site, patterns=[EARLY], exceptions=[closed]))
    found = await shifts(client, site, "2026-04-30T00:00:00Z", "2026-05-03T00:00:00Z")
    assert [each["date"] for each in found] == ["2026-04-30", "2026-05-02"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"patterns": [EARLY, {**EARLY, "name": "twice"}]}, "patterns"),
        ({"patterns": [NIGHT, {**EARLY, "start": "05:59"}]}, "patterns"),
        ({"patterns": [{**EARLY, "start": "24:00"}]}, "patterns.0.start"),
        ({"patterns": [{**EARLY, "weekdays": [8]}]}, "patterns.0.weekdays.0"),
        ({"patterns": [{**EARLY, "week": 2}]}, "patterns.0.week"),
        ({"patterns": [{**EARLY, "breaks": [{"start": "13:50", "end": "14:10"}]}]}, "patterns.0.breaks.0"),
        ({"patterns": [{**EARLY, "valid_from": "2026-02-30"}]}, "patterns.0.valid_from"),
        ({"patterns": [{**EARLY, "valid_from": "2026-02-02", "valid_to": "2026-02-01"}]}, "patterns.0.valid_to"),
        ({"exceptions": [{"date": "2026-05-01", "kind": "extra", "reason": "more"}]}, "exceptions.0"),
        (
            {"exceptions": [{"date": "2026-05-01", "kind": "closed", "reason": "x", "shift": "no"}]},
            "exceptions.0.shift",
        ),
    ],
)
async def test_a_calendar_that_makes_no_sense_is_refused(client: httpx.AsyncClient, fields: Json, field: str) -> None:
    site = make.name("North")
    assert field in fields_of(refusal(await put(client, site, **fields), 422))
    refusal(await client.get(f"{PLANT}/calendars/{site}"), 404)


async def test_of_two_who_define_a_calendar_at_once_both_are_answered(client: httpx.AsyncClient) -> None:
    site = make.name("North")
    answers = await asyncio.gather(*(put(client, site, patterns=[each]) for each in (NIGHT, EARLY)))
    assert sorted(each.status_code for each in answers) in ([200, 200], [200, 409])
    assert good(await client.get(f"{PLANT}/calendars/{site}"))["version"] in (1, 2)


async def test_the_present_shift_and_the_next_are_told(client: httpx.AsyncClient) -> None:
    site = make.name("North")
    now = datetime.now(UTC)
    begin = f"{now - timedelta(hours=1):%H:%M}"
    whole = {"name": "whole", "weekdays": ALL_DAYS, "start": begin, "end": begin}
    good(await put(client, site, time_zone="UTC", patterns=[whole]))
    found = {each["plant_name"]: each for each in good(await client.get(f"{PLANT}/shifts/current"))}
    current, following = found[site]["current"], found[site]["next"]
    assert datetime.fromisoformat(current["start"]) <= now < datetime.fromisoformat(current["end"])
    assert following["start"] == current["end"]


async def test_others_ask_for_shifts_within_a_transaction(client: httpx.AsyncClient, session: AsyncSession) -> None:
    site = make.name("North")
    good(await put(client, site, patterns=[EARLY]))
    start = datetime(2026, 1, 5, tzinfo=UTC)
    found = await shifts_of(session, site, start, start + timedelta(days=2))
    assert [(each.name, each.start.hour) for each in found] == [("early", 5), ("early", 5)]
    assert await shifts_of(session, "Nowhere", start, start + timedelta(days=2)) == []


async def test_another_company_has_calendars_of_its_own(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient
) -> None:
    site = make.name("North")
    good(await put(client, site, patterns=[EARLY]))
    refusal(await akron_client.get(f"{PLANT}/calendars/{site}"), 404)
    assert good(await put(akron_client, site, patterns=[NIGHT]))["version"] == 1
