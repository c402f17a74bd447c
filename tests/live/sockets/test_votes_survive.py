"""A vote that was acknowledged is stored, whenever the web process is killed; sent again, it counts once."""

import asyncio
import json
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import psycopg
from websockets.exceptions import ConnectionClosed, WebSocketException

from foodflow.settings import Settings
from tests.kernel.live.conftest import serving
from tests.live.sockets.conftest import HeadersOf
from tests.live.sockets.make import API, Place, Room, good
from tests.make import CHANCE, until

VOTERS = 20
OPTIONS = ("yes", "no")


async def test_acknowledged_votes_survive_kill_9_and_count_once(settings: Settings, headers_of: HeadersOf) -> None:
    """Everybody votes again and again, the process is killed in between, and they come back with the same keys."""
    acknowledged: dict[str, tuple[int, str]] = {}
    async with AsyncExitStack() as held:
        with serving(settings) as server:
            await until(server.answers, seconds=90)
            async with httpx.AsyncClient(base_url=server.url, headers=headers_of("supervisor"), timeout=30) as web:
                room = await Room.begin(server.host, web, held)
                await room.do("open")
                places = [await room.join() for _ in range(VOTERS)]
            waiting = {place.id: str(uuid4()) for place in places}
            voting = [asyncio.create_task(_vote_on(room, place, waiting, acknowledged)) for place in places]
            await until(lambda: len(acknowledged) >= VOTERS, seconds=60)
            await asyncio.sleep(CHANCE.uniform(0, 0.5))
            server.process.kill()
            await asyncio.gather(*voting)
        assert acknowledged
        with serving(settings) as server:
            await until(server.answers, seconds=90)
            headers = headers_of("supervisor")
            async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as web:
                again = Room(server.host, web, held, room.id, room.activity_id)
                for place in places:
                    seated = await again.sit(place)
                    choice = {"selected_options": ["yes"]}
                    assert (await seated.answer(room.activity_id, choice, waiting[place.id]))["type"] == "ack"
                counts = good(await web.get(f"{API}/activities/{room.activity_id}/results"))["results"]["vote_counts"]
    stored = await _stored(settings, room)
    assert acknowledged.keys() <= stored.keys()
    assert {key: stored[key] for key in acknowledged} == {key: who for key, (who, _) in acknowledged.items()}
    assert sum(counts.values()) == VOTERS
    counted = await _counted(settings, room)
    assert counted == {option: count for option, count in counts.items() if count}


async def _vote_on(room: Room, place: Place, waiting: dict[int, str], acknowledged: dict[str, tuple[int, str]]) -> None:
    """Vote until the line breaks; `waiting` is the key of the vote that nobody has acknowledged yet."""
    try:
        seated = await room.sit(place)
        while True:
            option = CHANCE.choice(OPTIONS)
            key = waiting[place.id]
            data = {"selected_options": [option]}
            await seated.say(type="respond", key=key, activity_id=room.activity_id, data=data)
            while True:
                frame = json.loads(await seated.connection.recv())
                if frame["type"] in {"ack", "refused"} and frame["key"] == key:
                    break
            if frame["type"] == "ack":
                acknowledged[key] = (place.id, option)
                waiting[place.id] = str(uuid4())
            else:
                await asyncio.sleep(0.1)
    except (ConnectionClosed, WebSocketException, OSError, EOFError):
        return


async def _stored(settings: Settings, room: Room) -> dict[str, int]:
    assert settings.database_url is not None
    query = "SELECT id::text, participant_id FROM t_demo.live_responses WHERE activity_id = %s"
    async with await psycopg.AsyncConnection.connect(settings.database_url) as connection:
        await connection.execute("SET ROLE t_demo")
        found = await (await connection.execute(query, [room.activity_id])).fetchall()
    return {row[0]: row[1] for row in found}


async def _counted(settings: Settings, room: Room) -> dict[str, int]:
    """What the answers that count say by themselves."""
    assert settings.database_url is not None
    query = (
        "SELECT response_data->'selected_options'->>0, count(*) FROM t_demo.live_responses"
        " WHERE activity_id = %s AND is_counted GROUP BY 1"
    )
    async with await psycopg.AsyncConnection.connect(settings.database_url) as connection:
        await connection.execute("SET ROLE t_demo")
        found = await (await connection.execute(query, [room.activity_id])).fetchall()
    return {row[0]: row[1] for row in found}
