"""A whole company goes out over HTTP as one file, and comes back as a new company that answers the same."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.archives import writing
from foodflow.kernel.archives.manifest import Manifest
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.settings import Settings
from tests import make
from tests.conftest import ClientOf
from tests.identity.make import somebody
from tests.identity.operators import client_as, make_operator
from tests.kernel.archives.make import rows_of, xlsx
from tests.kernel.http.make import fields, problem
from tests.make import Person
from tests.plant import make as plant

EXPORT = "/api/v1/company/export"
IMPORT = "/api/v1/companies/import"
ZIP = {"Content-Type": "application/zip"}
MONTH = 31 * 86_400


@pytest.fixture(scope="module")
def running(database_url: str, password_hash: str) -> Person:
    """Somebody who runs the installation, and may do everything in `akron`."""
    person = somebody(database_url, password_hash, "akron", role="administrator")
    make_operator(database_url, person)
    return person


@pytest.fixture
async def operator(app: FastAPI, running: Person) -> AsyncIterator[httpx.AsyncClient]:
    async with client_as(app, running) as client:
        yield client


async def worked_line(client: httpx.AsyncClient) -> str:
    """A line that has made something, with a sensor whose readings lie in three months."""
    line = await plant.line(client, design_speed=100)
    batch = await plant.batch(client, line["id"], notes='=1+1 "quoted",\n\\N ü')
    await plant.run(client, batch["id"], "start", plant.at(0))
    plant.good(await plant.count(client, line["id"], good=2000, scrap=50, at=plant.at(minutes=30)))
    plant.good(await plant.state(client, line["id"], "downtime", plant.at(minutes=40)))
    sensor = await plant.sensor(client, line["id"], min_value=0.1)
    await plant.store(client, sensor["id"], {-2.0 * MONTH: 0.05, -1.0 * MONTH: 0.1 + 0.2, 0.0: 1e-300, 60.0: 5.5})
    number: str = line["line_number"]
    return number


async def effectiveness(client: httpx.AsyncClient, number: str) -> dict[str, object]:
    line = plant.good(await client.get(f"/api/v1/plant-ops/lines/by-number/{number}"))
    answer: dict[str, object] = await plant.oee(client, line["id"], plant.at(0), plant.at(hours=1))
    return answer


async def exported(client: httpx.AsyncClient) -> bytes:
    answer = await client.get(EXPORT)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert len(answer.content) == int(answer.headers["content-length"])
    return answer.content


async def imported(operator: httpx.AsyncClient, archive: bytes, slug: str = "", **more: str) -> httpx.Response:
    wanted = {"slug": slug or f"copy-{uuid4().hex[:8]}", **more}
    return await operator.post(IMPORT, params=wanted, content=archive, headers=ZIP)


def except_trail(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    return {name: found for name, found in rows.items() if not name.startswith(("audit_", "answers"))}


async def test_a_company_comes_back_and_answers_the_same(
    app: FastAPI,
    client: httpx.AsyncClient,
    operator: httpx.AsyncClient,
    running: Person,
    database: Database,
    database_url: str,
    demo: Actor,
) -> None:
    number = await worked_line(client)
    await client.patch("/api/v1/company", json={"settings": {"time_zone": "Europe/Paris"}})
    async with tenant_transaction(database, demo) as session:
        before = await audit.verify(session)
    archive = await exported(client)
    answer = await imported(operator, archive, name="Second Demo")
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert (copy["name"], copy["suspended_at"]) == ("Second Demo", None)
    assert (copy["trail_entries"], copy["trail_head"]) == (before.entries, before.head)
    assert {each["username"] for each in copy["members"]} >= {"administrator.demo", "viewer.demo"}
    theirs, ours = rows_of(database_url, demo.tenant), rows_of(database_url, make.everything(copy["slug"]).tenant)
    assert len([name for name in theirs if name.startswith("reading_blocks_")]) >= 3
    assert len(theirs["reading_blocks"]) == 3 + (plant.at(0)[:10] != plant.at(60)[:10])
    assert except_trail(ours) == except_trail(theirs)
    assert set(theirs["audit_entries"]) - set(ours["audit_entries"]) == {max(theirs["audit_entries"], key=sequence_of)}
    async with client_as(app, running, copy["slug"]) as administrator:
        assert await effectiveness(administrator, number) == await effectiveness(client, number)
        assert (await effectiveness(administrator, number))["oee"] is not None
        settings = (await administrator.get("/api/v1/company")).json()["settings"]
        assert settings["time_zone"] == "Europe/Paris"
        await worked_line(administrator)
    async with tenant_transaction(database, make.everything(copy["slug"])) as session:
        after = await audit.verify(session)
    assert after.first_bad is None
    assert after.entries > before.entries
    problem(await client.get("/api/v1/company", headers={"X-Tenant": copy["slug"]}), 403)


def sequence_of(row: tuple[object, ...]) -> int:
    return int(str(row[0]).strip("(").partition(",")[0])


async def test_an_archive_carries_no_secret(client: httpx.AsyncClient, password_hash: str, database_url: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(await exported(client)))
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"argon2" not in everything
    assert password_hash.encode() not in everything
    directory = json.loads(archive.read("directory.json"))
    assert set(directory) == {"settings", "roles", "members"}
    assert "outbox" not in str(archive.namelist())


async def test_only_whoever_may_export_exports_and_the_trail_says_so(
    client: httpx.AsyncClient, client_of: ClientOf, database: Database, demo: Actor
) -> None:
    for role in ("manager", "integration", "viewer"):
        problem(await client_of(role).get(EXPORT), 403)
    witness = plant.Witness(database, demo)
    await witness.look_away()
    await exported(client)
    assert [entry.action for entry in await witness.recorded()] == ["company.exported"]


async def test_own_roles_travel_and_those_that_no_company_can_have_refuse_the_archive(
    client: httpx.AsyncClient, operator: httpx.AsyncClient, database: Database, demo: Actor, database_url: str
) -> None:
    role = {"name": "taster", "description": "Tastes.", "permissions": ["plant.read"]}
    made = await client.post("/api/v1/roles", json=role)
    assert made.status_code == 201, made.text
    archive = await exported(client)
    assert (await imported(operator, archive)).status_code == 201
    for bad in ({"permissions": ["*"]}, {"permissions": ["platform.manage_companies"]}, {"name": "administrator"}):
        forged = {"settings": {}, "roles": [role | bad], "members": []}
        file = io.BytesIO()
        writing.write(database_url, demo.tenant, json.dumps(forged).encode(), file)
        problem(await imported(operator, file.getvalue()), 422)


@pytest.mark.parametrize("kind", ["xlsx", "xml", "half"])
async def test_what_is_no_archive_is_refused_and_makes_no_company(
    client: httpx.AsyncClient, operator: httpx.AsyncClient, settings: Settings, kind: str
) -> None:
    given = {"xlsx": xlsx(), "xml": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}
    if kind == "half":
        archive = await exported(client)
        given["half"] = archive[: len(archive) // 2]
    slug = f"no-{uuid4().hex[:8]}"
    assert problem(await imported(operator, given[kind], slug), 422)["code"] == "archive.bad"
    problem(await operator.get(f"/api/v1/companies/{slug}"), 404)
    assert list((Path(settings.home) / "archives").iterdir()) == []


async def test_an_import_names_its_company_and_its_type(operator: httpx.AsyncClient) -> None:
    assert fields(await imported(operator, b"", "Not a slug")) == {"slug"}
    wrong = await operator.post(
        IMPORT, params={"slug": "x"}, content=b"{}", headers={"Content-Type": "application/json"}
    )
    problem(wrong, 415)


async def test_a_slug_that_is_taken_is_a_conflict(client: httpx.AsyncClient, operator: httpx.AsyncClient) -> None:
    assert problem(await imported(operator, await exported(client), "akron"), 409)["code"] == "company.exists"


async def test_a_spreadsheet_offered_as_readings_is_refused_as_what_it_is(client: httpx.AsyncClient) -> None:
    line = await plant.line(client)
    assert (await plant.upload(client, line["id"], xlsx())).status_code == 422
    path = f"/api/v1/plant-ops/lines/{line['id']}/readings/import"
    for kind in ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/xml"):
        problem(await client.post(path, content=xlsx(), headers={"Content-Type": kind}), 415)


def test_the_product_s_version_stands_in_the_manifest(database_url: str, demo: Actor) -> None:
    file = io.BytesIO()
    manifest = writing.write(database_url, demo.tenant, b"{}", file)
    assert isinstance(manifest, Manifest)
    assert manifest.product.count(".") == 2
