"""Webhooks: signed, in order for each subject, again and again, and given up in the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from foodflow.kernel import carrying, clock, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.carrying import Carrier
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.webhooks import rules, sending
from foodflow.kernel.webhooks.posting import Post
from tests.conftest import ClientOf
from tests.kernel.webhooks.make import LOCAL, SEALER, Noted, carry, row, send_due, tell
from tests.kernel.webhooks.receiver import Receiver, receiving
from tests.make import Person, until

HOOKS = "/api/v1/webhooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
async def thing(client: httpx.AsyncClient, akron_client: httpx.AsyncClient) -> AsyncIterator[str]:
    """The name of a thing; afterwards nobody is sent anything any more."""
    yield uuid4().hex
    for each in (client, akron_client):
        for hook in (await each.get(HOOKS)).json()["results"]:
            assert (await each.delete(f"{HOOKS}/{hook['id']}")).status_code == 204


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> "Moments":
    return Moments(monkeypatch)


class Moments:
    """A clock that is put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


async def hook_at(client: httpx.AsyncClient, url: str, **fields: object) -> dict[str, Any]:
    answer = await client.post(HOOKS, json={"url": url, "types": ["plant.note.*"], **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def deliveries(client: httpx.AsyncClient, hook: dict[str, Any], **wanted: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{HOOKS}/{hook['id']}/deliveries", params={"ordering": "position", **wanted})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


@asynccontextmanager
async def running(database: Database) -> AsyncIterator[None]:
    """A relay and a carrier, as in the job process."""
    work = [
        asyncio.create_task(relay.run(database, [carrying.to_carrier])),
        asyncio.create_task(Carrier(database, sealer=SEALER, post=LOCAL).run()),
    ]
    try:
        yield
    finally:
        for task in work:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_an_event_arrives_as_a_signed_cloud_event(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    hook = await hook_at(client, receiver.url)
    async with running(database):
        await tell(database, demo, Noted(thing=thing, number=7))
        await until(lambda: len(receiver.got) == 1)
    (got,) = receiver.got
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert got.event["type"] == "foodflow.plant.note.taken"
    assert got.headers["webhook-id"] == got.event["id"]
    assert abs(int(got.headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    assert got.is_signed_with(hook["secret"])
    assert not got.is_signed_with("whsec_" + "QUFB" * 10)


async def test_a_secret_is_shown_once_and_a_replaced_one_still_signs_for_a_day(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str, moments: Moments
) -> None:
    hook = await hook_at(client, receiver.url)
    assert "secret" not in (await client.get(f"{HOOKS}/{hook['id']}")).json()
    moments.forward(seconds=1)
    rotated = (await client.post(f"{HOOKS}/{hook['id']}/rotate-secret")).json()
    assert rotated["secret"] != hook["secret"]
    for hours in (23, 2):
        moments.forward(hours=hours)
        await tell(database, demo, Noted(thing=thing))
        await carry(database, demo)
        await send_due(database, demo)
    signed = [[got.is_signed_with(each["secret"]) for each in (hook, rotated)] for got in receiver.got]
    assert signed == [[True, True], [False, True]]


async def test_a_secret_does_not_lie_open_in_the_database(
    client: httpx.AsyncClient, receiver: Receiver, thing: str, superuser_url: str
) -> None:
    hook = await hook_at(client, receiver.url)
    with psycopg.connect(superuser_url) as connection:
        found = connection.execute(
            "SELECT s::text, w::text FROM t_demo.webhook_secrets s, t_demo.webhooks w"
        ).fetchall()
    assert found
    assert hook["secret"].removeprefix("whsec_") not in str(found)


async def test_only_events_of_its_types_and_sites_are_sent(
    database: Database, demo: Actor, akron: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    await hook_at(client, receiver.url, sites=["North"])
    await hook_at(client, receiver.url + "/no", types=["plant.batch.*"])
    sites = enumerate(("North", "South", None))
    await tell(database, demo, *(Noted(thing=thing, number=number, where=site) for number, site in sites))
    await tell(database, akron, Noted(thing=thing, number=9, where="North"))
    await carry(database, demo, akron)
    while await send_due(database, demo) + await send_due(database, akron):
        pass
    assert receiver.numbers() == [0, 2]


async def test_a_webhook_sends_nothing_that_its_maker_may_not_hear_of(
    database: Database, demo: Actor, client: httpx.AsyncClient, client_of: ClientOf, receiver: Receiver, thing: str
) -> None:
    permissions = ["events.manage_webhooks"]
    key = (await client.post("/api/v1/api-keys", json={"name": "narrow", "permissions": permissions})).json()["key"]
    narrow = client_of(None)
    narrow.headers["X-API-Key"] = key
    hook = await hook_at(narrow, receiver.url, types=["*"])
    await tell(database, demo, Noted(thing=thing))
    await carry(database, demo)
    assert await send_due(database, demo) == 0
    await client.patch(f"{HOOKS}/{hook['id']}", json={"description": "looked after by an administrator now"})
    await tell(database, demo, Noted(thing=thing, number=1))
    await carry(database, demo)
    await send_due(database, demo)
    assert receiver.numbers() == [1]


async def test_events_of_a_subject_arrive_in_order_and_a_failing_one_is_not_overtaken(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str, moments: Moments
) -> None:
    hook = await hook_at(client, receiver.url)
    failures = iter([500, 503])
    receiver.answer = lambda got: (next(failures, 200) if got.event["data"]["thing"] == thing else 200, {}, b"")
    await tell(database, demo, *(Noted(thing=thing, number=number) for number in range(3)))
    await tell(database, demo, *(Noted(thing=f"{thing}-other", number=number) for number in (10, 11)))
    await carry(database, demo)
    for _ in range(8):
        await send_due(database, demo)
    assert receiver.numbers() == [0, 10, 11]  # the other subject goes on
    for seconds in (7, 20, 0, 0):
        moments.forward(seconds=seconds)
        await send_due(database, demo)
    assert receiver.numbers() == [0, 10, 11, 0, 0, 1, 2]
    assert {each["status"] for each in await deliveries(client, hook)} == {"delivered"}
    first = (await deliveries(client, hook))[0]
    assert (first["attempts"], first["last_status"]) == (3, 200)
    assert [got.headers["webhook-id"] for got in receiver.got if got.event["data"]["number"] == 0] == [
        first["event_id"]
    ] * 3


async def test_attempts_are_spread_over_a_day_and_then_the_event_is_on_the_dead_list_and_the_next_one_goes_on(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str, moments: Moments
) -> None:
    hook = await hook_at(client, receiver.url)
    receiver.answer = lambda got: (500 if got.event["data"]["number"] == 0 else 200, {}, b"\x00out of order" * 200)
    began = moments.now
    await tell(database, demo, Noted(thing=thing, number=0), Noted(thing=thing, number=1))
    await carry(database, demo)
    attempts: list[datetime] = []
    while not await deliveries(client, hook, status="dead"):
        attempts += [moments.now] * await send_due(database, demo)
        moments.forward(seconds=2)
        if attempts and moments.now - attempts[-1] > timedelta(minutes=2):
            moments.forward(minutes=20)
    assert len(attempts) == len(rules.DELAYS) + 1
    assert timedelta(hours=24) < attempts[-1] - began < timedelta(hours=36)
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(attempts)]
    assert all(gap >= delay for gap, delay in zip(gaps, rules.DELAYS, strict=True))
    (dead,) = await deliveries(client, hook, status="dead")
    assert (dead["attempts"], dead["last_status"]) == (len(attempts), 500)
    assert dead["last_answer"].startswith("\ufffdout of order")
    assert len(dead["last_answer"]) <= 1000
    await send_due(database, demo)
    assert receiver.numbers()[-1] == 1
    receiver.answer = lambda _got: (200, {}, b"")
    retried = await client.post(f"{HOOKS}/{hook['id']}/deliveries/{dead['id']}/retry")
    assert (retried.status_code, retried.json()["status"]) == (200, "pending")
    again = await client.post(f"{HOOKS}/{hook['id']}/deliveries/{dead['id']}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "events.delivery_not_dead")
    await send_due(database, demo)
    assert receiver.numbers()[-1] == 0
    assert await deliveries(client, hook, status="dead") == []


async def test_the_dead_list_is_retried_or_emptied_as_a_whole(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    hook = await hook_at(client, receiver.url)
    await tell(database, demo, *(Noted(thing=f"{thing}-{number}", number=number) for number in range(3)))
    await carry(database, demo)
    async with tenant_transaction(database, demo) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE webhook_deliveries SET status = 'dead', ended_at = now()")
    dead = await deliveries(client, hook, status="dead")
    assert len(dead) == 3
    one = await client.post(f"{HOOKS}/{hook['id']}/deliveries/{dead[0]['id']}/discard")
    assert one.json()["status"] == "discarded"
    assert (await client.post(f"{HOOKS}/{hook['id']}/deliveries/retry")).json() == {"count": 2}
    assert (await client.post(f"{HOOKS}/{hook['id']}/deliveries/discard")).json() == {"count": 0}
    await send_due(database, demo)
    assert sorted(receiver.numbers()) == [1, 2]


async def test_a_receiver_that_asks_for_time_gets_it(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str, moments: Moments
) -> None:
    hook = await hook_at(client, receiver.url)
    receiver.answer = lambda _got: (429, {"Retry-After": "120"}, b"")
    await tell(database, demo, Noted(thing=thing))
    await carry(database, demo)
    await send_due(database, demo)
    (waiting,) = await deliveries(client, hook)
    assert datetime.fromisoformat(waiting["due_at"]) - moments.now == timedelta(seconds=120)


async def test_a_receiver_that_is_gone_is_sent_nothing_more_until_somebody_switches_it_on(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    hook = await hook_at(client, receiver.url)
    receiver.answer = lambda _got: (410, {}, b"moved away")
    await tell(database, demo, Noted(thing=thing))
    await carry(database, demo)
    await send_due(database, demo)
    shown = (await client.get(f"{HOOKS}/{hook['id']}")).json()
    assert (shown["is_active"], shown["disabled_reason"]) == (False, "gone")
    await carry(database, demo)
    told = (await client.get("/api/v1/events", params={"type": "events.webhook.disabled"})).json()["results"][0]
    assert told["data"] == {"webhook_id": hook["id"], "reason": "gone"}
    await tell(database, demo, Noted(thing=thing, number=1))
    await carry(database, demo)
    assert await send_due(database, demo) == 0
    receiver.answer = lambda _got: (204, {}, b"")
    answer = await client.patch(f"{HOOKS}/{hook['id']}", json={"is_active": True})
    assert (answer.json()["disabled_reason"], answer.json()["failing_since"]) == (None, None)


async def test_a_webhook_that_has_failed_for_three_days_is_switched_off(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str, moments: Moments
) -> None:
    hook = await hook_at(client, receiver.url)
    receiver.answer = lambda _got: (500, {}, b"")
    for day in range(4):
        assert (await client.get(f"{HOOKS}/{hook['id']}")).json()["is_active"], day
        await tell(database, demo, Noted(thing=f"{thing}-{day}"))
        await carry(database, demo)
        await send_due(database, demo)
        moments.forward(hours=24)
    shown = (await client.get(f"{HOOKS}/{hook['id']}")).json()
    assert (shown["is_active"], shown["disabled_reason"]) == (False, "failing")


async def test_no_more_are_in_flight_than_a_webhook_takes_and_a_slow_one_holds_up_nobody(
    database: Database,
    demo: Actor,
    akron: Actor,
    client: httpx.AsyncClient,
    akron_client: httpx.AsyncClient,
    thing: str,
) -> None:
    with receiving() as slow, receiving() as quick:
        slow.seconds = 1.0
        await hook_at(client, slow.url, max_in_flight=3)
        await hook_at(akron_client, quick.url)
        await tell(database, demo, *(Noted(thing=f"{thing}-{number}", number=number) for number in range(9)))
        async with running(database):
            await until(lambda: len(slow.got) >= 3)
            await tell(database, akron, *(Noted(thing=f"{thing}-{number}", number=number) for number in range(20)))
            await until(lambda: len(quick.got) == 20)
            assert len(slow.got) < 9
            await until(lambda: len(slow.got) == 9)
        assert slow.most_at_once == 3
        assert sorted(quick.numbers()) == list(range(20))


async def test_a_delivery_that_was_taken_by_somebody_who_died_is_sent_when_its_lease_ends(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str, moments: Moments
) -> None:
    await hook_at(client, receiver.url)
    await tell(database, demo, Noted(thing=thing))
    await carry(database, demo)
    async with tenant_transaction(database, demo) as session:
        taken = await sending.take_due(session, demo, sealer=SEALER, address="", most=9)
    assert len(taken) == 1
    assert await send_due(database, demo) == 0
    moments.forward(seconds=sending.LEASE.total_seconds())
    assert await send_due(database, demo) == 1
    assert len(receiver.got) == 1


async def test_a_ping_is_sent_at_once_and_says_what_came_back(
    client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    hook = await hook_at(client, receiver.url)
    receiver.answer = lambda _got: (418, {}, b"a teapot")
    answer = (await client.post(f"{HOOKS}/{hook['id']}/test")).json()
    assert (answer["delivered"], answer["status"], answer["answer"]) == (False, 418, "a teapot")
    assert receiver.got[0].event["type"] == "foodflow.events.webhook.tested"
    assert receiver.got[0].is_signed_with(hook["secret"])
    nowhere = await hook_at(client, "http://127.0.0.1:1/")
    answer = (await client.post(f"{HOOKS}/{nowhere['id']}/test")).json()
    assert (answer["delivered"], answer["status"], answer["answer"]) == (False, None, "127.0.0.1 cannot be reached")


async def test_a_span_of_kept_events_is_sent_again_with_the_ids_that_they_had(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    await tell(database, demo, Noted(thing=thing, number=0))
    since = clock.now()
    await tell(database, demo, *(Noted(thing=thing, number=number) for number in (1, 2)))
    await carry(database, demo)
    hook = await hook_at(client, receiver.url)
    path = f"{HOOKS}/{hook['id']}/replay"
    answer = await client.post(path, json={"since": since.isoformat()})
    assert (answer.status_code, answer.json()) == (202, {"count": 2})
    assert (await client.post(path, json={"since": since.isoformat()})).json() == {"count": 0}, "they are on their way"
    while await send_due(database, demo):
        pass
    kept = (await client.get("/api/v1/events", params={"subject": f"note/{thing}"})).json()["results"]
    assert [got.headers["webhook-id"] for got in receiver.got] == [each["id"] for each in reversed(kept[:2])]
    backwards = {"since": since.isoformat(), "until": (since - timedelta(1)).isoformat()}
    assert (await client.post(path, json=backwards)).status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/hook",
        "https://user:password@receiver.example",
        "ftp://receiver.example",
        "file:///etc/passwd",
        "https://",
        "http://127.0.0.1.example/",
    ],
)
async def test_only_https_addresses_are_taken(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.post(HOOKS, json={"url": url})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "events.bad_webhook_address")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0", "100.64.0.1"],
)
async def test_nothing_is_sent_into_our_own_network_by_a_public_installation(receiver: Receiver, host: str) -> None:
    post = Post("https://foodflow.example")
    outcome = await post.send(f"https://{host}:{receiver.port}/", {"id": "1"}, ())
    assert (outcome.delivered, outcome.status) == (False, None)
    assert "not in the public network" in outcome.answer
    assert receiver.got == []


async def test_a_name_that_stands_for_this_machine_a_moment_later_is_not_sent_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def getaddrinfo(*_: object, **__: object) -> object:
        return [(2, 1, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    outcome = await Post("https://foodflow.example").send(f"https://rebound.example:{receiver.port}/", {"id": "1"}, ())
    assert "not in the public network" in outcome.answer


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as inside:
        receiver.answer = lambda _got: (307, {"Location": inside.url}, b"")
        outcome = await LOCAL.send(receiver.url, {"id": "1"}, ())
    assert (outcome.delivered, outcome.status) == (False, 307)
    assert inside.got == []


async def test_an_endless_answer_is_read_no_further_than_its_beginning(receiver: Receiver) -> None:
    receiver.answer = lambda _got: (200, {"content-length": str(10**9)}, b"x" * 5000)
    outcome = await LOCAL.send(receiver.url, {"id": "1"}, ())
    assert (outcome.delivered, outcome.answer) == (True, "x" * 1000)


async def test_a_webhook_of_another_company_is_not_there(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    theirs = await hook_at(akron_client, receiver.url)
    path = f"{HOOKS}/{theirs['id']}"
    replayed = {"since": "2026-01-01T00:00:00Z"}
    calls = [client.get(path), client.delete(path), client.patch(path, json={"is_active": False})]
    calls += [client.post(f"{path}/{deed}") for deed in ("test", "rotate-secret", "deliveries/retry")]
    calls += [client.post(f"{path}/replay", json=replayed), client.get(f"{path}/deliveries")]
    answers = await asyncio.gather(*calls)
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "events.webhook_not_found")}
    assert (await client.get(HOOKS)).json()["results"] == []


async def test_whoever_is_for_some_sites_manages_webhooks_of_those_alone(
    client: httpx.AsyncClient,
    client_of: ClientOf,
    people: dict[tuple[str, str], Person],
    superuser_url: str,
    receiver: Receiver,
    thing: str,
) -> None:
    whole = await hook_at(client, receiver.url)
    north = await hook_at(client, receiver.url, sites=["North"])
    setting = "UPDATE platform.memberships SET sites = %s WHERE user_id = %s"
    manager = client_of("manager")
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as connection:
        await connection.execute(setting, [["North"], people["demo", "manager"].id])
        seen = [each["id"] for each in (await manager.get(HOOKS)).json()["results"]]
        hidden = await manager.get(f"{HOOKS}/{whole['id']}")
        beyond = [await manager.post(HOOKS, json={"url": receiver.url, "sites": sites}) for sites in ([], ["South"])]
        widened = await manager.patch(f"{HOOKS}/{north['id']}", json={"sites": []})
        await connection.execute(setting, [None, people["demo", "manager"].id])
    assert (seen, hidden.status_code) == ([north["id"]], 404)
    assert {(each.status_code, each.json()["code"]) for each in (*beyond, widened)} == {
        (403, "events.sites_beyond_ones_own")
    }


async def test_only_administrators_and_managers_manage_webhooks(client_of: ClientOf) -> None:
    for role in ("planner", "quality", "supervisor", "operator", "viewer", "integration"):
        assert (await client_of(role).get(HOOKS)).status_code == 403
    for role in ("administrator", "manager"):
        assert (await client_of(role).get(HOOKS)).status_code == 200


async def test_a_webhook_whose_secret_another_installation_sealed_is_switched_off(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    hook = await hook_at(client, receiver.url)
    await tell(database, demo, Noted(thing=thing))
    await carry(database, demo)
    async with tenant_transaction(database, demo) as session:
        other = Sealer("the key of another installation, as long as a key is")
        assert await sending.take_due(session, demo, sealer=other, address="", most=9) == []
    shown = (await client.get(f"{HOOKS}/{hook['id']}")).json()
    assert (shown["is_active"], shown["disabled_reason"]) == (False, "no_secret")


async def test_deliveries_that_ended_long_ago_are_forgotten(
    database: Database, demo: Actor, client: httpx.AsyncClient, receiver: Receiver, thing: str
) -> None:
    from foodflow.kernel.event_log import jobs  # noqa: PLC0415

    hook = await hook_at(client, receiver.url)
    await tell(database, demo, *(Noted(thing=f"{thing}-{number}", number=number) for number in range(4)))
    await carry(database, demo)
    change = (
        "UPDATE webhook_deliveries SET status = :status, ended_at = now() - make_interval(days => :days)"
        " WHERE subject = :subject RETURNING id"
    )
    ended = enumerate((("delivered", 31), ("delivered", 29), ("dead", 89), ("dead", 91)))
    for number, (status, days) in ended:
        await row(database, demo, change, status=status, days=days, subject=f"note/{thing}-{number}")
    await jobs.forget_kept(database, demo)
    assert [each["subject"][-1] for each in await deliveries(client, hook)] == ["1", "2"]
