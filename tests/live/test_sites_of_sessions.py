"""Sessions of a site are there for those who are for that site, and for nobody else."""

import httpx

from tests.live.make import ACTIVITIES, SESSIONS, joined, of, poll, session
from tests.plant.sites import NORTH, SOUTH, limited, north

__all__ = ["limited", "north"]


async def test_a_session_of_another_site_is_not_found(client: httpx.AsyncClient, north: httpx.AsyncClient) -> None:
    made = await session(client, site=SOUTH)
    held, place = await poll(client, made["id"]), await joined(client, made["id"])
    answers = [
        await north.get(of(made["id"])),
        await north.get(of(f"code/{made['qr_code']}")),
        await north.put(of(made["id"]), json={"title": "Ours"}),
        await north.post(of(made["id"], "/start")),
        await north.delete(of(made["id"])),
        await north.get(f"{ACTIVITIES}/{held['id']}"),
        await north.post(f"{ACTIVITIES}/{held['id']}/open"),
        await north.delete(f"/api/v1/participants/{place['participant_id']}"),
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_a_list_holds_the_sessions_of_ones_own_sites_and_of_none(
    client: httpx.AsyncClient, north: httpx.AsyncClient
) -> None:
    for site in (NORTH, SOUTH, ""):
        await session(client, site=site)
    listed = (await north.get(SESSIONS)).json()
    assert {each["site"] for each in listed["sessions"]} == {NORTH, ""}
    assert listed["total"] == len(listed["sessions"])


async def test_nobody_puts_a_session_where_they_could_not_see_it(north: httpx.AsyncClient) -> None:
    made = await session(north, site=NORTH)
    answers = [
        await north.post(SESSIONS, json={"title": "Talk", "site": SOUTH}),
        await north.put(of(made["id"], "/settings"), json={"site": SOUTH}),
    ]
    assert [(each.status_code, each.json()["errors"][0]["field"]) for each in answers] == [(422, "site")] * 2
