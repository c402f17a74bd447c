"""The contract's responses, as a client from elsewhere sees them: with a key, and with no word of its own."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from tests.live.contract.make import MOMENT, faults, keep, refused
from tests.live.make import (
    NO_ACTIVITY,
    UNKNOWN,
    Json,
    activity,
    joined,
    of,
    session,
)


async def test_responses_are_read_in_each_of_the_contracts_ways(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made = await session(client)
    held, ann = await activity(client, made["id"]), await joined(client, made["id"], "Ann")
    ben = await joined(client, made["id"], "Ben")
    start = datetime.now(UTC) - timedelta(minutes=1)
    first, second = await keep(database, demo, held, ann, [start, start + timedelta(seconds=1)])
    (third,) = await keep(database, demo, held, ben, [start + timedelta(seconds=2)])
    path = of(made["id"], f"/activities/{held['id']}/responses")

    found = (await client.get(path, params={"limit": 2})).json()
    assert [each["id"] for each in found["responses"]] == [third, second]
    assert (found["summary"]["total_responses"], found["summary"]["unique_participants"]) == (3, 2)
    assert MOMENT.fullmatch(found["summary"]["last_updated"])
    assert found["responses"][1]["response_data"] == {"n": 1}
    assert found["responses"][1]["participant_id"] == int(ann["participant_id"])

    assert (await client.get(f"{path}/{ann['participant_id']}")).json()["id"] == second
    assert (await client.get(f"{path}/{UNKNOWN}")).json() is None
    since = (await client.get(f"{path}/since/{start.isoformat().replace('+00:00', 'Z')}")).json()
    assert ([each["id"] for each in since["items"]], since["count"]) == ([second, third], 2)
    own = (await client.get(of(made["id"], f"/participants/{ann['participant_id']}/responses"))).json()
    assert [each["id"] for each in own] == [second, first]


async def test_nothing_is_answered_where_nothing_is(client: httpx.AsyncClient) -> None:
    made = await session(client)
    for id in (made["id"], UNKNOWN, 2**40):
        path = of(id, f"/activities/{NO_ACTIVITY}/responses")
        empty = (await client.get(path)).json()
        nothing = {"total_responses": 0, "unique_participants": 0, "last_updated": None}
        assert empty == {"responses": [], "summary": nothing}
        assert (await client.get(f"{path}/{UNKNOWN}")).json() is None
        assert (await client.get(f"{path}/since/2026-01-05T06:00:00+02:00")).json()["count"] == 0
        assert (await client.get(of(id, f"/participants/{UNKNOWN}/responses"))).json() == []


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_since_a_moment_that_is_none_is_refused(client: httpx.AsyncClient, text: str) -> None:
    made = await session(client)
    refused(await client.get(of(made["id"], f"/activities/{NO_ACTIVITY}/responses/since/{text}")), 400)


@pytest.mark.parametrize("params", [{"offset": -1}, {"limit": 0}, {"limit": 1001}], ids=str)
async def test_a_page_of_responses_that_cannot_be_is_not_valid(client: httpx.AsyncClient, params: Json) -> None:
    made = await session(client)
    assert faults(await client.get(of(made["id"], f"/activities/{NO_ACTIVITY}/responses"), params=params))
    assert faults(await client.get(of(made["id"], f"/participants/{UNKNOWN}/responses"), params=params))
