"""More than anybody needs: bodies that unfold, nest or never end are refused before they cost anything."""

import gzip
import io
import zipfile
from typing import Final
from urllib.parse import quote

import httpx
import pytest

from tests.attacks.callers import World, token
from tests.attacks.make import ask
from tests.plant.make import PLANT
from tests.registry import MAKERS

LINES: Final = f"{PLANT}/lines"
MEGABYTE: Final = 1_000_000
BILLION_LAUGHS: Final = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
    + b"]><a>&m;</a>"
)


def zipped(name: str) -> bytes:
    """A file that is a thousand times larger once it is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * 50 * MEGABYTE)
    return packed.getvalue()


PACKED: Final = gzip.compress(b"time,T-1\n" + b"2026-01-05 06:00:00,4\n" * 500_000)
UPLOADS: Final = {
    "a zip bomb": (zipped("readings.csv"), {}),
    "a spreadsheet that is a zip bomb": (zipped("xl/worksheets/sheet1.xml"), {}),
    "entities that multiply": (BILLION_LAUGHS, {}),
    "an outside entity": (b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>', {}),
    "gzip": (PACKED, {"Content-Encoding": "gzip"}),
    "gzip that says nothing": (PACKED, {}),
}


@pytest.fixture
def headers(world: World) -> dict[str, str]:
    return token(world.people["demo", "administrator"])


@pytest.mark.parametrize("name", UPLOADS)
async def test_an_upload_that_is_something_else_is_refused_as_it_stands(
    world: World, headers: dict[str, str], client: httpx.AsyncClient, name: str
) -> None:
    line = await MAKERS[f"{LINES}/{{id}}"](client)
    body, said = UPLOADS[name]
    path = f"{LINES}/{line}/readings/import"
    answer = await ask(world.app, "POST", path, headers | said | {"Content-Type": "text/csv"}, body=body)
    assert answer.status in {400, 415, 422}, answer.body
    assert b"root:" not in answer.body
    assert len(answer.body) < MEGABYTE


NESTED: Final = {
    "lists": b"[" * 200_000,
    "lists that end": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number without end": b'{"name": ' + b"1" * 100_000 + b"}",
    "an exponent": b'{"name": 1e999999999}',
    "one name again and again": b"{" + b",".join([b'"name": "a"'] * 50_000) + b"}",
}


@pytest.mark.parametrize("name", NESTED)
async def test_json_that_is_deep_or_endless_is_refused(world: World, headers: dict[str, str], name: str) -> None:
    answer = await ask(world.app, "POST", LINES, headers | {"Content-Type": "application/json"}, body=NESTED[name])
    assert answer.status in {400, 422}, answer.body[:200]
    assert len(answer.body) < 10_000


async def test_deep_json_is_refused_where_anything_may_stand(world: World, headers: dict[str, str]) -> None:
    deep: object = []
    for _ in range(500):
        deep = [deep]
    answer = await ask(world.app, "PATCH", "/api/v1/company", headers, json={"settings": {"locale": deep}})
    assert answer.status in {400, 422}


async def test_a_thousand_unknown_fields_and_parameters_are_refused(world: World, headers: dict[str, str]) -> None:
    body = {f"field-{number}": 1 for number in range(1000)}
    assert (await ask(world.app, "POST", LINES, headers, json=body)).status == 422
    query = "&".join(f"field-{number}=1" for number in range(1000))
    assert (await ask(world.app, "GET", f"{LINES}?{query}", headers)).status == 422


async def test_a_parameter_is_read_from_its_own_place_alone(world: World, headers: dict[str, str]) -> None:
    elsewhere = headers | {"page_size": "1", "Cookie": "page_size=1; x-tenant=akron"}
    found = await ask(world.app, "GET", f"{LINES}?X-Tenant=akron", elsewhere, body=b'{"page_size": 1}')
    assert found.status == 422
    assert (await ask(world.app, "GET", LINES, elsewhere)).json()["next"] is None


SQL: Final = [
    "'; DROP TABLE production_lines; --",
    '" OR ""="',
    "1) OR (1=1",
    "%",
    "_",
    "\\",
    't_akron"."production_lines',
    "$$; SELECT pg_sleep(9); $$",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "%(name)s :name %s",
]


@pytest.mark.parametrize("text", SQL)
async def test_a_text_that_looks_like_sql_is_kept_and_found_as_it_stands(
    world: World, headers: dict[str, str], text: str
) -> None:
    made = await ask(world.app, "POST", LINES, headers, json={"line_number": f"L{text}", "name": text})
    assert (made.status, made.json()["name"]) == (201, text)
    found = (await ask(world.app, "GET", f"{LINES}?search={quote(f'L{text}')}", headers)).json()["results"]
    assert [line["name"] for line in found] == [text]
    named = await ask(world.app, "GET", f"{LINES}/by-number/L{text}", headers)
    assert named.json()["id"] == made.json()["id"]


@pytest.mark.parametrize("text", SQL)
async def test_a_text_that_looks_like_sql_is_no_company_order_filter_or_password(
    world: World, headers: dict[str, str], text: str
) -> None:
    elsewhere = await ask(world.app, "GET", LINES, headers | {"X-Tenant": text})
    assert (elsewhere.status, elsewhere.code) == (403, "identity.other_company")
    for parameter in ("ordering", "status", "page", "page_size"):
        assert (await ask(world.app, "GET", f"{LINES}?{parameter}={quote(text)}", headers)).status == 422
    entered = {"username": f"administrator.demo{text}", "password": text}
    assert (await ask(world.app, "POST", "/api/v1/auth/token", json=entered)).status == 401
