"""Who has no WebSocket hears the same over Server-Sent Events, and by asking now and then."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx

from tests.live.sockets.conftest import HeadersOf
from tests.live.sockets.make import API, PATIENCE, Frame, Place, Room, good


def bearer(place: Place) -> dict[str, str]:
    return {"Authorization": f"Bearer {place.token}"}


async def heard(lines: AsyncIterator[str]) -> tuple[str | None, Frame]:
    """The next event and its id."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(PATIENCE):
        async for line in lines:
            if not line and "data" in fields:
                break
            name, _, value = line.partition(": ")
            fields[name] = value
    frame: Frame = json.loads(fields["data"])
    assert fields["event"] == frame["type"]
    return fields.get("id"), frame


async def test_a_stream_tells_the_same_as_a_socket(room: Room) -> None:
    place = await room.join()
    path = f"{API}/sessions/{room.id}/stream"
    async with httpx.AsyncClient(base_url=f"http://{room.host}", headers=bearer(place), timeout=PATIENCE) as client:
        async with client.stream("GET", path) as stream:
            lines = stream.aiter_lines()
            id, state = await heard(lines)
            assert state["you"]["participant_id"] == place.id
            await room.do("open")
            opened_id, opened = await heard(lines)
        assert opened["turn"] == "activity.opened"
        assert (opened_id, id) == (str(opened["sequence"]), str(opened["sequence"] - 1))
        async with client.stream("GET", path, headers={"Last-Event-ID": str(id)}) as stream:
            _, missed = await heard(stream.aiter_lines())
        assert missed["turn"] == "activity.opened"


async def test_asking_now_and_then_tells_the_same_as_a_socket(room: Room) -> None:
    place = await room.join()
    path = f"{API}/sessions/{room.id}/turns"
    async with httpx.AsyncClient(base_url=f"http://{room.host}", headers=bearer(place), timeout=PATIENCE) as client:
        first = good(await client.get(path))
        assert (first["turns"], first["you"]["participant_id"]) == ([], place.id)
        await room.do("open")
        ann = await room.sit(place)
        await ann.next("state")
        then = good(await client.get(path, params={"after": first["sequence"]}))
    assert [turn["turn"] for turn in then["turns"]] == ["activity.opened"]
    assert then["state"]["activity"]["id"] == room.activity_id
    assert then["sequence"] == first["sequence"] + 1


async def test_a_guest_who_has_not_joined_sees_the_session_and_no_part_of_their_own(room: Room) -> None:
    async with httpx.AsyncClient(base_url=f"http://{room.host}", headers={"X-Tenant": "demo"}) as guest:
        seen = good(await guest.get(f"{API}/sessions/{room.id}/turns", params={"role": "facilitator"}))
    assert seen["you"] is None
    assert "activities" not in seen["state"]


async def test_a_wrong_number_is_named(room: Room) -> None:
    async with httpx.AsyncClient(base_url=f"http://{room.host}", headers={"X-Tenant": "demo"}) as guest:
        refused = await guest.get(f"{API}/sessions/{room.id}/turns", params={"after": "soon"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "after"


async def test_a_session_that_is_not_there_is_404(room: Room, headers_of: HeadersOf) -> None:
    async with httpx.AsyncClient(base_url=f"http://{room.host}", headers=headers_of("viewer", "akron")) as other:
        for way in ("turns", "stream"):
            assert (await other.get(f"{API}/sessions/{room.id}/{way}")).status_code == 404
