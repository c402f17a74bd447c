"""What the tests of live sessions share: sessions, activities and participants, made over HTTP."""

from typing import Any, Final

import httpx

from foodflow.kernel.db import tenant_transaction
from foodflow.live.queries.sessions import turns_after
from tests.make import everything

SESSIONS: Final = "/api/v1/sessions/"
ACTIVITIES: Final = "/api/v1/activities"
POLL: Final = {"question": "Ready?", "options": ["Yes", "No"]}
UNKNOWN: Final = 2_000_000_000
"""The number of no session and of no participant."""
NO_ACTIVITY: Final = "00000000-0000-7000-8000-000000000000"

Json = dict[str, Any]


def of(id: object, rest: str = "") -> str:
    """The path of a session, or of something below it."""
    return f"{SESSIONS}{id}{rest}"


async def _done(answer: httpx.Response, status: int) -> Json:
    assert answer.status_code == status, answer.text
    made: Json = answer.json()
    return made


async def session(client: httpx.AsyncClient, **fields: object) -> Json:
    """A session that is a draft."""
    return await _done(await client.post(SESSIONS, json={"title": "Toolbox talk", **fields}), 201)


async def begun(client: httpx.AsyncClient, **fields: object) -> Json:
    """A session that goes on."""
    made = await session(client, **fields)
    return await _done(await client.post(of(made["id"], "/start")), 200)


async def activity(client: httpx.AsyncClient, session_id: int, **fields: object) -> Json:
    """An activity of any type."""
    said = {"type": "poll", "config": POLL, **fields}
    return await _done(await client.post(of(session_id, "/activities"), json=said), 201)


async def poll(client: httpx.AsyncClient, session_id: int, **fields: object) -> Json:
    """A poll with all that its kind brings."""
    said = {"activity_type": "poll", "title": "Ready?", "configuration": POLL, **fields}
    return await _done(await client.post(of(session_id, "/activities/framework"), json=said), 201)


async def joined(client: httpx.AsyncClient, session_id: int, nickname: str = "Ann", **fields: object) -> Json:
    """Somebody's place in a session."""
    return await _done(await client.post(of(session_id, "/join"), json={"nickname": nickname, **fields}), 200)


def bearing(place: Json) -> dict[str, str]:
    """The headers of whoever has a place."""
    return {"Authorization": f"Bearer {place['participant_token']}"}


async def participants(client: httpx.AsyncClient, session_id: int) -> list[Json]:
    """Those who have a place in a session."""
    found = await _done(await client.get(of(session_id, "/participants")), 200)
    return list(found["participants"])


async def turns(client: httpx.AsyncClient, session_id: int) -> list[str]:
    """The types of the turns that a session has taken, in order."""
    transport: Any = client._transport
    async with tenant_transaction(transport.app.state.database, everything("demo")) as session:
        return [turn.type for turn in await turns_after(session, session_id, 0, limit=1000)]
