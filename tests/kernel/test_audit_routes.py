"""The audit trail's address: what a company's own people see of it, and nobody else."""

import csv
import io
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from tests.conftest import ClientOf
from tests.kernel.http.make import fields, problem
from tests.make import Person

TRAIL = "/api/v1/audit-entries"
Json = dict[str, Any]


async def record(database: Database, actor: Actor, *subjects: str, action: str = "thing.changed") -> None:
    for subject in subjects:
        async with tenant_transaction(database, actor) as session:
            audit.record(session, actor, action, subject, note=f"of {actor.tenant}")


async def read(client: httpx.AsyncClient, **wanted: object) -> Json:
    answer = await client.get(TRAIL, params={name: str(value) for name, value in wanted.items()})
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


async def subjects(client: httpx.AsyncClient, **wanted: object) -> list[str]:
    return [entry["subject"] for entry in (await read(client, **wanted))["results"]]


async def test_the_newest_entries_come_first_and_say_who_did_what_to_which_thing(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    await record(database, demo, "first/1", "first/2")
    newest, before = (await read(client))["results"][:2]
    assert [before["subject"], newest["subject"]] == ["first/1", "first/2"]
    assert newest["sequence"] == before["sequence"] + 1
    assert newest["details"] == {"note": "of demo"}
    assert (newest["actor"], newest["action"]) == ("user:of-demo", "thing.changed")
    assert newest["at"].endswith("Z")
    assert len(bytes.fromhex(newest["hash"])) == 32
    assert (await client.get(f"{TRAIL}/{newest['sequence']}")).json() == newest


async def test_pages_lead_on_to_the_first_entry_and_hold_each_once_while_others_write(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    await record(database, demo, *(f"page/{number}" for number in range(5)))
    page = await read(client, page_size=2, action="thing.changed")
    found = [entry["sequence"] for entry in page["results"]]
    await record(database, demo, "page/late")
    while page["next"] is not None:
        page = (await client.get(page["next"])).json()
        found += [entry["sequence"] for entry in page["results"]]
    assert found == sorted(set(found), reverse=True)
    assert found == [entry["sequence"] for entry in (await read(client, page_size=500))["results"][1:]]


async def test_filters_narrow_the_trail_by_actor_action_subject_and_time(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    other = Actor(id="user:other", tenant=demo.tenant)
    await record(database, demo, "filter/a", "filter/b")
    await record(database, other, "filter/a", action="thing.sold")
    assert await subjects(client, actor="user:other") == ["filter/a"]
    assert await subjects(client, action="thing.sold") == ["filter/a"]
    assert len(await subjects(client, subject="filter/a")) == 2
    assert await subjects(client, subject="filter/a", actor="user:of-demo", action="thing.sold") == []
    newest = (await read(client))["results"][0]["at"]
    assert await subjects(client, at__gte=newest) == ["filter/a"]
    assert newest not in {entry["at"] for entry in (await read(client, at__lt=newest))["results"]}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"page": "2"}, "page"),
        ({"page_size": "501"}, "page_size"),
        ({"before": "0"}, "before"),
        ({"before": "9" * 30}, "before"),
        ({"at__gte": "2001-01-01T00:00:00"}, "at__gte"),
        ({"actor": ""}, "actor"),
        ({"format": "xml"}, "format"),
        ({"format": "csv", "page_size": "10"}, "page_size"),
        ({"format": "csv", "before": "10"}, "before"),
    ],
)
async def test_what_the_trail_cannot_be_asked_is_refused_by_name(
    client: httpx.AsyncClient, query: dict[str, str], field: str
) -> None:
    assert fields(await client.get(TRAIL, params=query)) == {field}


async def test_a_company_sees_its_own_trail_alone(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, database: Database, demo: Actor, akron: Actor
) -> None:
    await record(database, demo, "whose")
    await record(database, akron, *["whose"] * 3)
    assert [entry["details"] for entry in (await read(client, subject="whose"))["results"]] == [{"note": "of demo"}]
    assert {entry["actor"] for entry in (await read(akron_client))["results"]} == {"user:of-akron"}
    verdicts = [(await each.get(f"{TRAIL}/verify")).json() for each in (client, akron_client)]
    newest = [(await read(each))["results"][0] for each in (client, akron_client)]
    assert [verdict["head"] for verdict in verdicts] == [entry["hash"] for entry in newest]
    assert [verdict["entries"] for verdict in verdicts] == [entry["sequence"] for entry in newest]


async def test_an_entry_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    assert problem(await client.get(f"{TRAIL}/{2**63 - 1}"), 404)["code"] == "audit.entry_not_found"
    for nonsense in ("0", "-1", str(2**63), "last"):
        assert fields(await client.get(f"{TRAIL}/{nonsense}")) == {"sequence"}


@pytest.mark.parametrize("path", ["", "/1", "/verify", "?format=csv"])
async def test_only_those_who_may_read_the_trail_get_at_it(client_of: ClientOf, path: str) -> None:
    for role in ("operator", "viewer", "planner", "integration"):
        assert problem(await client_of(role).get(TRAIL + path), 403)["code"] == "forbidden"
    assert (await client_of("quality").get(TRAIL + path)).status_code != 403


@pytest.mark.parametrize("path", ["", "/1", "/verify", "?format=csv"])
async def test_whoever_is_for_some_sites_alone_reads_none_of_it(
    client_of: ClientOf, people: dict[tuple[str, str], Person], superuser_url: str, path: str
) -> None:
    person = people["demo", "manager"]
    async with await psycopg.AsyncConnection.connect(superuser_url) as connection:
        await connection.execute("UPDATE platform.memberships SET sites = '{North}' WHERE user_id = %s", [person.id])
    assert problem(await client_of("manager").get(TRAIL + path), 403)["code"] == "audit.whole_trail_only"


async def test_an_export_holds_every_wanted_entry_with_its_details_as_json(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    await record(database, demo, *(f"=export/{number}" for number in range(3)), action="thing.exported")
    answer = await client.get(TRAIL, params={"format": "csv", "action": "thing.exported"})
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-entries.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["subject"] for row in rows] == ["'=export/2", "'=export/1", "'=export/0"]
    assert {row["details"] for row in rows} == {'{"note": "of demo"}'}
    assert list(rows[0]) == ["sequence", "at", "actor", "action", "subject", "details", "hash"]


async def test_an_entry_that_cannot_be_sent_as_it_is_hides_no_other(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    async with tenant_transaction(database, demo) as session:
        audit.record(session, demo, "thing.named", "odd", name="half \ud800 a pair")
    assert [entry["details"] for entry in (await read(client, subject="odd"))["results"]] == [{"name": "half ? a pair"}]
    assert (await client.get(f"{TRAIL}/verify")).json()["first_bad"] is None


async def test_verifying_names_the_first_bad_entry(
    client: httpx.AsyncClient, database: Database, demo: Actor, superuser_url: str
) -> None:
    await record(database, demo, "tampered", "after")
    whole = (await client.get(f"{TRAIL}/verify")).json()
    assert (whole["first_bad"], whole["reason"]) == (None, "")
    bad = (await read(client, subject="tampered"))["results"][0]["sequence"]
    tampering = "UPDATE t_demo.audit_entries SET actor = %s WHERE sequence = %s"
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as connection:
        await connection.execute(tampering, ["user:9", bad])
        found = (await client.get(f"{TRAIL}/verify")).json()
        await connection.execute(tampering, ["user:of-demo", bad])
    assert (found["first_bad"], found["entries"]) == (bad, bad - 1)
    assert "does not match" in found["reason"]


async def test_openapi_says_that_the_trail_comes_as_json_or_as_a_file(app: FastAPI) -> None:
    listed = app.openapi()["paths"][TRAIL]["get"]
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    files = {"text/csv", sheet, "application/pdf"}
    assert {"application/json"} | files == set(listed["responses"]["200"]["content"])
    assert {each["name"] for each in listed["parameters"] if each["in"] == "query"} == {
        "actor", "action", "subject", "at__gte", "at__lt", "before", "page_size", "format",
    }  # fmt: skip
