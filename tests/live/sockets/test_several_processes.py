"""Several web processes serve one session: what happens in one is told in all, and counts once."""

import httpx
import pytest

from foodflow.settings import Settings
from tests.kernel.live.conftest import Server, serving
from tests.live.sockets.make import API, Room, good
from tests.make import until


@pytest.fixture
async def other(settings: Settings, server: Server) -> object:
    """One more web process on the same database."""
    with serving(settings) as other:
        await until(other.answers, seconds=90)
        yield other


async def test_a_deed_in_one_process_reaches_who_is_connected_to_another(room: Room, other: Server) -> None:
    here, there = await room.sit(await room.join()), await room.sit(await room.join(), host=other.host)
    await here.next("state")
    await there.next("state")
    await room.do("open")
    turns = [await each.turn("activity.opened") for each in (here, there)]
    assert turns[0]["sequence"] == turns[1]["sequence"]
    for each in (here, there):
        assert (await each.answer(room.activity_id, {"selected_options": ["yes"]}))["type"] == "ack"
    await room.do("show-results")
    shown = await there.turn("results.shown")
    assert shown["state"]["results"]["vote_counts"]["yes"] == 2
    async with httpx.AsyncClient(base_url=other.url, headers=room.web.headers, timeout=30) as web:
        found = good(await web.get(f"{API}/activities/{room.activity_id}/results"))
    assert found["results"]["vote_counts"]["yes"] == 2
