"""Whoever is for some sites alone hears of what happens there and nowhere else."""

import json
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from foodflow.kernel import relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.live.hub import Subscription
from foodflow.kernel.live.publishing import Message
from foodflow.kernel.live.routes import _missed
from tests.make import everything
from tests.plant import make
from tests.plant.make import Json, good
from tests.plant.sites import LISTS, NORTH, SOUTH, actor_for, made_at


async def do_everything(client: httpx.AsyncClient, made: dict[str, Json]) -> None:
    """All deeds on a line that anybody hears of."""
    line, batch, sensor = (made[noun]["id"] for noun in LISTS)
    good(await make.run(client, batch, "start", make.at()))
    good(await make.count(client, line, good=1, at=make.at(1)))
    good(await make.run(client, batch, "complete", make.at(2)))
    good(await make.state(client, line, "downtime", make.at(3)))
    good(await make.state(client, line, "idle", make.at(4)))
    await make.store(client, sensor, {0: 1, 1: 9, 2: 1})


TOLD: Final = {
    "plant.batch.created", "plant.batch.started", "plant.batch.completed", "plant.line.state_recorded",
    "plant.line.stopped", "plant.line.started", "plant.sensor.limits_broken", "plant.sensor.limits_restored",
    "plant.anomaly.raised",
}  # fmt: skip
FLEETING: Final = {"plant.line.counted", "plant.sensor.readings_stored"}


async def deliver(database: Database) -> None:
    """Let the live channels hear of all that waits in the outbox."""
    while await relay.deliver_once(database, [relay.to_live]):
        pass


async def heard(subscription: Subscription, messages: list[Message]) -> None:
    """Wait until a subscription has had all messages that this test leads to."""
    while not {message.type for message in messages} >= TOLD | FLEETING:
        message = await subscription.next(10)
        assert message is not None, {message.type for message in messages}
        messages.append(message)


async def test_whoever_listens_hears_of_their_own_sites_alone(
    app: FastAPI, client: httpx.AsyncClient, database: Database
) -> None:
    await deliver(database)
    north_hears: list[Message] = []
    all_hear: list[Message] = []
    hub = app.state.hub
    async with (
        hub.subscribe(actor_for(NORTH), frozenset()) as for_north,
        hub.subscribe(everything("demo"), frozenset()) as for_all,
        hub.subscribe(actor_for(), frozenset()) as for_nobody,
    ):
        for site in (SOUTH, NORTH):
            await do_everything(client, await made_at(client, site))
            await deliver(database)
        await heard(for_north, north_hears)
        await heard(for_all, all_hear)
        assert await for_nobody.next(0) is None
    assert {message.site for message in north_hears} == {NORTH}
    assert {SOUTH, NORTH} >= {message.site for message in all_hear} >= {SOUTH}
    assert not for_north.missed


async def test_whoever_catches_up_is_given_nothing_of_other_sites(
    app: FastAPI, client: httpx.AsyncClient, database: Database
) -> None:
    await deliver(database)
    async with platform_transaction(database) as session:
        _, last = await relay.kept(session)
    for site in (SOUTH, NORTH):
        await do_everything(client, await made_at(client, site))
    await deliver(database)
    connection = HTTPConnection({"type": "http", "app": app})
    given = {}
    for actor in (actor_for(NORTH), actor_for(), everything("demo")):
        messages = await _missed(connection, Subscription(actor, frozenset()), last)
        given[actor.sites] = [message["data"]["plant_name"] for message in messages]
    assert set(given[frozenset({NORTH})]) == {NORTH}
    assert given[frozenset()] == []
    assert set(given[None]) == {NORTH, SOUTH}


async def test_every_event_of_the_plant_says_where_it_happened(
    client: httpx.AsyncClient, platform_session: AsyncSession
) -> None:
    await do_everything(client, await made_at(client, NORTH))
    rows = await platform_session.execute(
        text(
            "SELECT type, count(*) FILTER (WHERE site IS DISTINCT FROM data->>'plant_name') FROM platform.outbox"
            " WHERE type LIKE 'plant.%' GROUP BY type"
        )
    )
    elsewhere = {row[0]: row[1] for row in rows}
    assert elsewhere.keys() >= TOLD
    assert set(elsewhere.values()) == {0}


def test_a_message_of_no_site_in_particular_is_heard_by_everybody_who_may() -> None:
    message = Message("demo", "desk.ticket/1", "desk.ticket.opened", "desk.read", {})
    assert Subscription(actor_for(NORTH), frozenset()).wants(message)
    assert not Subscription(Actor("user:1", everything("demo").tenant), frozenset()).wants(message)


@pytest.mark.parametrize("site", [7, ["North"], {"a": 1}], ids=repr)
def test_a_message_whose_site_is_no_text_is_no_message(site: object) -> None:
    payload = json.dumps({"tenant": "demo", "topic": "a", "type": "b", "needs": "c", "data": {}, "site": site})
    with pytest.raises(TypeError):
        Message.from_payload(payload)
