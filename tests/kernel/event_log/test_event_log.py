"""The event log: what was told is kept once, in order, and shown to those who may hear of it."""

import asyncio
import csv
import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import jsonschema_rs
import psycopg
import pytest
from sqlalchemy import text

from foodflow.kernel import carrying, clock, events, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.event_log import jobs as log_jobs
from foodflow.kernel.event_log.patterns import matches
from tests.conftest import ClientOf
from tests.make import Person

EVENTS = "/api/v1/events"
PLANT = "/api/v1/plant-ops"
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


@dataclass(frozen=True, kw_only=True)
class Noted(events.Event):
    """Somebody noted something."""

    type: ClassVar[str] = "plant.note.taken"
    needs: ClassVar[str] = "plant.read"
    thing: str
    number: int = 0
    where: str | None = None

    @property
    def subject(self) -> str:
        return f"note/{self.thing}"

    @property
    def site(self) -> str | None:
        return self.where


@dataclass(frozen=True, kw_only=True)
class Guarded(Noted):
    type: ClassVar[str] = "vault.opened"
    needs: ClassVar[str] = "vault.read"


async def tell(database: Database, actor: Actor, *told: events.Event) -> None:
    async with tenant_transaction(database, actor) as session:
        for event in told:
            events.tell(session, event)


async def carry(database: Database, *actors: Actor) -> None:
    while await relay.deliver_once(database, [carrying.to_carrier]):
        pass
    async with platform_transaction(database) as session:
        await session.execute(carrying._ENROL)
    for actor in actors:
        while await carrying.keep_once(database, actor.tenant):
            pass


async def read(client: httpx.AsyncClient, **wanted: object) -> dict[str, Any]:
    answer = await client.get(EVENTS, params=wanted)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def numbers(page: dict[str, Any]) -> list[int]:
    return [each["data"]["number"] for each in page["results"]]


@pytest.fixture
async def thing(database: Database, demo: Actor, akron: Actor) -> str:
    """Five events of a thing, and one of the same name in another company."""
    thing = uuid4().hex
    await tell(database, demo, *(Noted(thing=thing, number=number) for number in range(5)))
    await tell(database, akron, Noted(thing=thing, number=99))
    await carry(database, demo, akron)
    return thing


async def test_events_are_shown_newest_first_and_a_company_sees_its_own(client: httpx.AsyncClient, thing: str) -> None:
    page = await read(client, subject=f"note/{thing}")
    assert numbers(page) == [4, 3, 2, 1, 0]
    assert page["next"] is None
    assert {each["tenantid"] for each in page["results"]} == {"demo"}


@pytest.mark.parametrize("ordering", ["position", "-position"])
async def test_next_leads_through_all_of_them(client: httpx.AsyncClient, thing: str, ordering: str) -> None:
    page = await read(client, subject=f"note/{thing}", ordering=ordering, page_size=2)
    seen = numbers(page)
    while page["next"]:
        page = (await client.get(page["next"])).json()
        seen += numbers(page)
    assert seen == sorted(range(5), reverse=ordering.startswith("-"))


async def test_an_event_is_a_cloud_event_whose_data_fit_their_schema(client: httpx.AsyncClient) -> None:
    line = await client.post(f"{PLANT}/lines", json={"line_number": uuid4().hex, "name": "L", "plant_name": "North"})
    body = {"batch_number": uuid4().hex, "product_code": "P", "product_name": "Soup", "target_quantity": 1}
    batch = (await client.post(f"{PLANT}/batches", json=body | {"line_id": line.json()["id"]})).json()
    database: Database = client._transport.app.state.database  # type: ignore[attr-defined]
    await carry(database, Actor(id="", tenant="demo"))  # type: ignore[arg-type]
    (event,) = (await read(client, type="plant.batch.*", subject=f"plant.batch/{batch['id']}"))["results"]
    required = {"specversion", "id", "source", "type", "subject", "time", "dataschema", "tenantid", "site", "needs"}
    assert required < event.keys()
    assert all(name.isalnum() and name.islower() for name in event)
    assert (event["specversion"], event["type"], event["site"]) == ("1.0", "foodflow.plant.batch.created", "North")
    address = event["dataschema"].removeprefix("http://127.0.0.1:8000")
    schema = (await client.get(address)).json()
    assert jsonschema_rs.is_valid(schema, event["data"])
    assert not jsonschema_rs.is_valid(schema, {**event["data"], "target_quantity": "many"})
    alone = await client.get(f"{EVENTS}/{event['id']}", headers={"Accept": ONE})
    assert (alone.headers["content-type"], alone.json()) == (ONE, event)


async def test_a_list_comes_as_a_batch_to_whoever_asks_for_one(client: httpx.AsyncClient, thing: str) -> None:
    wanted: dict[str, str | int] = {"subject": f"note/{thing}", "page_size": 3}
    answer = await client.get(EVENTS, params=wanted, headers={"Accept": BATCH})
    assert answer.headers["content-type"] == BATCH
    assert [each["data"]["number"] for each in answer.json()] == [4, 3, 2]
    assert 'rel="next"' in answer.headers["link"]


async def test_types_sites_and_times_narrow_it_down(database: Database, demo: Actor, client: httpx.AsyncClient) -> None:
    thing = uuid4().hex
    await tell(
        database, demo, Noted(thing=thing, number=1, where="North"), Guarded(thing=thing, number=2, where="South")
    )
    await carry(database, demo)
    about = {"subject": f"note/{thing}"}
    assert numbers(await read(client, **about, type="plant.*")) == [1]
    assert numbers(await read(client, **about, type="foodflow.vault.opened")) == [2]
    assert numbers(await read(client, **about, type=["vault.*", "plant.note.taken"])) == [2, 1]
    assert numbers(await read(client, **about, type="plant.no")) == []
    assert numbers(await read(client, **about, site="South")) == [2]
    at = (await read(client, **about))["results"][1]["time"]
    assert numbers(await read(client, **about, time__gte=at)) == [2, 1]
    assert numbers(await read(client, **about, time__lt=at)) == []


@pytest.mark.parametrize("nonsense", [{"type": "plant.*.x"}, {"page_size": 0}, {"color": "red"}, {"after": -1}])
async def test_what_makes_no_sense_is_refused_by_name(client: httpx.AsyncClient, nonsense: dict[str, Any]) -> None:
    answer = await client.get(EVENTS, params=nonsense)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(next(iter(nonsense)))


async def test_nobody_hears_of_what_they_hold_no_permission_for(
    database: Database, demo: Actor, client: httpx.AsyncClient, client_of: ClientOf
) -> None:
    thing = uuid4().hex
    await tell(database, demo, Noted(thing=thing, number=1), Guarded(thing=thing, number=2))
    await carry(database, demo)
    whole = await read(client, subject=f"note/{thing}")
    assert numbers(whole) == [2, 1]
    assert numbers(await read(client_of("viewer"), subject=f"note/{thing}")) == [1]
    secret, open_to_them = (each["id"] for each in whole["results"])
    assert (await client_of("viewer").get(f"{EVENTS}/{open_to_them}")).status_code == 200
    hidden = await client_of("viewer").get(f"{EVENTS}/{secret}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "events.not_found")


async def test_without_plant_read_nothing_of_the_plant_is_seen(
    client: httpx.AsyncClient, client_of: ClientOf, thing: str
) -> None:
    key = await client.post("/api/v1/api-keys", json={"name": "narrow", "permissions": ["events.read"]})
    narrow = client_of(None)
    narrow.headers["X-API-Key"] = key.json()["key"]
    assert (await read(narrow, subject=f"note/{thing}"))["results"] == []


async def test_whoever_is_for_some_sites_sees_those_and_what_happens_nowhere(
    database: Database,
    demo: Actor,
    client_of: ClientOf,
    people: dict[tuple[str, str], Person],
    superuser_url: str,
) -> None:
    thing = uuid4().hex
    told = [Noted(thing=thing, number=number, where=site) for number, site in enumerate(("North", "South", None))]
    await tell(database, demo, *told)
    await carry(database, demo)
    setting = "UPDATE platform.memberships SET sites = %s WHERE user_id = %s"
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as connection:
        await connection.execute(setting, [["North"], people["demo", "quality"].id])
        seen = await read(client_of("quality"), subject=f"note/{thing}")
        await connection.execute(setting, [None, people["demo", "quality"].id])
    assert numbers(seen) == [2, 0]


async def test_exports_hold_every_wanted_event(client: httpx.AsyncClient, thing: str) -> None:
    wanted = {"subject": f"note/{thing}"}
    rows = await client.get(EVENTS, params={**wanted, "format": "csv"})
    read = list(csv.DictReader(io.StringIO(rows.content.decode("utf-8-sig"), newline="")))
    assert [json.loads(row["data"])["number"] for row in read] == [4, 3, 2, 1, 0]
    lines = await client.get(EVENTS, params={**wanted, "format": "ndjson", "ordering": "position"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["data"]["number"] for line in lines.text.splitlines()] == [0, 1, 2, 3, 4]


async def test_every_type_that_is_told_is_listed_with_its_schema(client: httpx.AsyncClient) -> None:
    listed = {each["type"]: each for each in (await client.get(f"{EVENTS}/types")).json()["results"]}
    assert {"plant.batch.created", "plant.line.state_recorded", "events.webhook.disabled"} <= listed.keys()
    assert "thing.happened" not in listed
    one = (await client.get(f"{EVENTS}/types/foodflow.plant.batch.created")).json()
    assert one == listed["plant.batch.created"]["data_schema"]
    unknown = await client.get(f"{EVENTS}/types/plant.unheard_of")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "events.type_not_found")


async def test_many_carriers_at_once_keep_each_event_once_and_in_order(database: Database, demo: Actor) -> None:
    thing = uuid4().hex
    for start in range(0, 60, 10):
        await tell(database, demo, *(Noted(thing=thing, number=start + number) for number in range(10)))
    while await relay.deliver_once(database, []):
        pass
    await carry(database)

    async def keep() -> None:
        while await carrying.keep_once(database, demo.tenant, batch=7):
            pass

    await asyncio.gather(*(keep() for _ in range(4)))
    await keep()
    async with tenant_transaction(database, demo) as session:
        query = text("SELECT data ->> 'number', position FROM kept_events WHERE subject = :subject ORDER BY position")
        rows = (await session.execute(query, {"subject": f"note/{thing}"})).all()
    assert [int(number) for number, _ in rows] == list(range(60))
    positions = [position for _, position in rows]
    assert positions == list(range(positions[0], positions[0] + 60))


async def test_a_company_whose_log_cannot_be_written_loses_nothing(
    database: Database, demo: Actor, superuser_url: str
) -> None:
    thing = uuid4().hex
    await tell(database, demo, Noted(thing=thing))
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
        await superuser.execute("ALTER TABLE t_demo.kept_events RENAME TO away")
        with pytest.raises(Exception, match="kept_events"):
            await carry(database, demo)
        await superuser.execute("ALTER TABLE t_demo.away RENAME TO kept_events")
    await carry(database, demo)
    async with tenant_transaction(database, demo) as session:
        count = text("SELECT count(*) FROM kept_events WHERE subject = :subject")
        assert await session.scalar(count, {"subject": f"note/{thing}"}) == 1


async def test_what_is_older_than_the_company_keeps_it_is_removed(
    database: Database, demo: Actor, client: httpx.AsyncClient, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = uuid4().hex, uuid4().hex
    assert (await client_of("manager").put(f"{EVENTS}/settings", json={"keep_days": 30})).status_code == 403
    answer = await client.put(f"{EVENTS}/settings", json={"keep_days": 40})
    assert (answer.status_code, answer.json()) == (200, {"keep_days": 40})
    assert (await client.get(f"{EVENTS}/settings")).json() == {"keep_days": 40}
    for thing, days in ((old, 41), (new, 39), (uuid4().hex, 120)):
        at = clock.now() - timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        await tell(database, demo, Noted(thing=thing))
        monkeypatch.undo()
    await carry(database, demo)
    await log_jobs.forget_kept(database, demo)
    assert (await read(client, subject=f"note/{old}"))["results"] == []
    assert len((await read(client, subject=f"note/{new}"))["results"]) == 1
    bounds = await read(client, time__lt=(clock.now() - timedelta(days=40)).isoformat())
    assert bounds["results"] == []


@pytest.mark.parametrize(
    ("pattern", "type", "meant"),
    [
        ("*", "plant.batch.started", True),
        ("plant.*", "plant.batch.started", True),
        ("plant.batch.*", "plant.batch.started", True),
        ("plant.batch.started", "plant.batch.started", True),
        ("plant.batch", "plant.batch.started", False),
        ("plant.ba.*", "plant.batch.started", False),
        ("plan.*", "plant.batch.started", False),
    ],
)
def test_a_pattern_means_a_type_or_all_below_a_beginning(pattern: str, type: str, *, meant: bool) -> None:  # noqa: A002
    assert matches([pattern], type) is meant
