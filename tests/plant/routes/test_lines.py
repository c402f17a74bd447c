"""Lines over HTTP: set up, found, changed, removed."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

LINES = f"{PLANT}/lines"
HOSTILE = [
    "Käse 🧀 'Linie'",
    "'; DROP TABLE production_lines; --",
    "%' OR 1=1 _\\",
    "<script>alert(1)</script>",
    "=1+1",
    "\u202ertl",
    "null",
]


async def test_a_new_line_is_found_where_its_location_says_and_by_its_number(client: httpx.AsyncClient) -> None:
    number = make.name("FILL")
    response = await client.post(LINES, json={"line_number": number, "name": "Filling", "design_speed": 80.25})
    assert response.status_code == 201
    made = response.json()
    assert made["status"] is None
    assert made["design_speed"] == 80.25
    assert made["is_active"] is True
    assert good(await client.get(response.headers["location"])) == made
    assert good(await client.get(f"{LINES}/by-number/{number}")) == made


@pytest.mark.parametrize("text", HOSTILE)
async def test_texts_come_back_as_they_were_sent(client: httpx.AsyncClient, text: str) -> None:
    number = f"{make.name('n')} {text}"[:50]
    made = await make.line(client, line_number=number, name=text, description=text)
    assert (made["name"], made["description"], made["line_number"]) == (text, text, number)
    assert [row["id"] for row in good(await client.get(LINES, params={"search": number}))["results"]] == [made["id"]]


@pytest.mark.parametrize("number", ["L/1", "L/states", "L?x=1&y#z", "100 %", "états", "."])
async def test_a_line_is_found_by_whatever_number_it_has(client: httpx.AsyncClient, number: str) -> None:
    made = await make.line(client, line_number=number)
    quoted = "".join(f"%{byte:02X}" for byte in number.encode())
    assert good(await client.get(f"{LINES}/by-number/{quoted}"))["id"] == made["id"]


BAD_FIELDS: list[tuple[str, Json]] = [
    ("line_number", {"line_number": ""}),
    ("line_number", {"line_number": "   "}),
    ("line_number", {"line_number": "x" * 51}),
    ("line_number", {"line_number": None}),
    ("line_number", {"line_number": 7}),
    ("name", {"name": "a\0b"}),
    ("name", {"name": "x" * 256}),
    ("name", {"name": ["a"]}),
    ("description", {"description": "x" * 10_001}),
    ("design_speed", {"design_speed": 0}),
    ("design_speed", {"design_speed": -1}),
    ("design_speed", {"design_speed": 80.123}),
    ("design_speed", {"design_speed": 123_456_789}),
    ("design_speed", {"design_speed": 1e300}),
    ("design_speed", {"design_speed": "fast"}),
    ("design_speed", {"design_speed": True}),
    ("status", {"status": "running"}),
    ("id", {"id": NOWHERE}),
    ("oee", {"oee": 1}),
]


@pytest.mark.parametrize(("field", "fields"), BAD_FIELDS, ids=lambda value: str(value)[:40])
async def test_a_wrong_field_refuses_a_new_line_and_is_named(
    client: httpx.AsyncClient, field: str, fields: dict[str, Any]
) -> None:
    body = {"line_number": make.name("N"), "name": "N"} | fields
    assert fields_of(refusal(await client.post(LINES, json=body), 422)) == [field]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400])
async def test_what_is_no_finite_number_refuses_a_new_line(client: httpx.AsyncClient, number: str) -> None:
    body = f'{{"line_number": "N", "name": "N", "design_speed": {number}}}'
    response = await client.post(LINES, content=body, headers={"content-type": "application/json"})
    assert fields_of(refusal(response, 422)) == ["design_speed"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b'{"name": "\\ud800"}'])
async def test_a_body_that_is_no_line_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post(LINES, content=body, headers={"content-type": "application/json"})
    assert response.status_code in {400, 422}
    refusal(response, response.status_code)


async def test_a_number_is_given_once(client: httpx.AsyncClient, line: Json) -> None:
    problem = refusal(await client.post(LINES, json={"line_number": line["line_number"], "name": "Other"}), 409)
    assert problem["code"] == "plant.taken"
    assert line["line_number"] in problem["detail"]


async def test_of_many_who_want_a_number_at_once_one_gets_it(client: httpx.AsyncClient) -> None:
    body = {"line_number": make.name("RACE"), "name": "Race"}
    answers = await asyncio.gather(*(client.post(LINES, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_list_is_filtered_searched_and_ordered(client: httpx.AsyncClient) -> None:
    plant = make.name("plant")
    for place in ("North", "South", "North wing"):
        await make.line(client, plant_name=plant, location=place)
    south = good(await client.get(LINES, params={"plant_name": plant, "search": "south"}))
    assert (south["count"], south["results"][0]["location"]) == (1, "South")
    listed = good(await client.get(LINES, params={"plant_name": plant, "ordering": "-line_number", "page_size": 2}))
    assert listed["count"] == 3
    rest = good(await client.get(listed["next"]))
    numbers = [row["line_number"] for row in listed["results"] + rest["results"]]
    assert numbers == sorted(numbers, reverse=True)
    assert rest["next"] is None
    assert good(await client.get(LINES, params={"plant_name": plant, "is_active": "false"}))["results"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("status", "banana"),
        ("is_active", "maybe"),
        ("ordering", "colour"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "x"),
        ("page", "99999999999999999999"),
        ("page_size", "501"),
        ("search", "x" * 201),
    ],
)
async def test_a_wrong_parameter_of_a_list_is_named(client: httpx.AsyncClient, name: str, value: str) -> None:
    assert fields_of(refusal(await client.get(LINES, params={name: value}), 422)) == [name]


async def test_a_change_touches_the_given_fields_only_and_null_clears(client: httpx.AsyncClient, line: Json) -> None:
    address = f"{LINES}/{line['id']}"
    changed = good(await client.patch(address, json={"name": "Renamed", "design_speed": None}))
    counted = {"updated_at": changed["updated_at"], "version": 2}
    assert changed == line | {"name": "Renamed", "design_speed": None} | counted
    assert changed["updated_at"] > line["updated_at"]
    assert good(await client.get(address)) == changed


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("body", {}),
        ("name", {"name": None}),
        ("name", {"name": ""}),
        ("is_active", {"is_active": None}),
        ("status", {"status": "banana"}),
        ("status", {"status": "running"}),
        ("current_batch_id", {"current_batch_id": NOWHERE}),
        ("id", {"id": NOWHERE}),
        ("line_number", {"line_number": "other"}),
        ("design_speed", {"design_speed": 80.123}),
    ],
    ids=str,
)
async def test_a_change_of_what_has_a_deed_of_its_own_or_is_wrong_is_refused(
    client: httpx.AsyncClient, line: Json, field: str, body: Json
) -> None:
    assert fields_of(refusal(await client.patch(f"{LINES}/{line['id']}", json=body), 422)) == [field]
    assert good(await client.get(f"{LINES}/{line['id']}")) == line


async def test_a_line_without_history_can_be_removed(client: httpx.AsyncClient, line: Json) -> None:
    assert (await client.delete(f"{LINES}/{line['id']}")).status_code == 204
    assert refusal(await client.get(f"{LINES}/{line['id']}"), 404)["code"] == "plant.line.not_found"
    refusal(await client.delete(f"{LINES}/{line['id']}"), 404)


@pytest.mark.parametrize("history", ["batch", "sensor", "state", "count"])
async def test_a_line_with_history_cannot_be_removed(client: httpx.AsyncClient, line: Json, history: str) -> None:
    if history == "batch":
        await make.batch(client, line["id"])
    elif history == "sensor":
        await make.sensor(client, line["id"])
    elif history == "state":
        await make.state(client, line["id"], "idle")
    else:
        await make.count(client, line["id"], good=1)
    problem = refusal(await client.delete(f"{LINES}/{line['id']}"), 409)
    assert problem["code"] == "plant.in_use"
    good(await client.get(f"{LINES}/{line['id']}"))


async def test_a_line_removed_while_something_is_put_on_it_is_gone_or_kept_and_never_half(
    client: httpx.AsyncClient,
) -> None:
    for _ in range(4):
        line = await make.line(client)
        batch = {"batch_number": make.name("B"), "product_code": "P", "product_name": "P", "target_quantity": 1}
        body = batch | {"line_id": line["id"]}
        removed, added = await asyncio.gather(
            client.delete(f"{LINES}/{line['id']}"), client.post(f"{PLANT}/batches", json=body)
        )
        assert (removed.status_code, added.status_code) in {(204, 404), (409, 201)}


@pytest.mark.parametrize("id", ["7", "abc", "%00", "'", NOWHERE[:-1], "x" * 2000])
async def test_an_id_that_is_none_is_refused(client: httpx.AsyncClient, id: str) -> None:
    assert (await client.get(f"{LINES}/{id}")).status_code in {400, 422}


@pytest.mark.parametrize("deed", ["", "/states", "/counts", "/oee"])
async def test_nothing_is_known_of_a_line_that_does_not_exist(client: httpx.AsyncClient, deed: str) -> None:
    assert refusal(await client.get(f"{LINES}/{NOWHERE}{deed}"), 404)["code"] == "plant.line.not_found"


async def test_another_company_cannot_see_change_or_remove_a_line(akron_client: httpx.AsyncClient, line: Json) -> None:
    address = f"{LINES}/{line['id']}"
    for answer in (
        await akron_client.get(address),
        await akron_client.patch(address, json={"name": "Mine"}),
        await akron_client.delete(address),
        await akron_client.get(f"{LINES}/by-number/{line['line_number']}"),
        await make.state(akron_client, line["id"], "idle"),
        await make.count(akron_client, line["id"], good=1),
        await make.upload(akron_client, line["id"], f"time,v\n{make.at()},1\n"),
    ):
        assert refusal(answer, 404)["code"] == "plant.line.not_found"
    taken = await akron_client.post(LINES, json={"line_number": line["line_number"], "name": "Akron's"})
    assert taken.status_code == 201


@pytest.mark.parametrize(
    ("role", "may_configure", "may_record"),
    [("manager", True, True), ("operator", False, True), ("integration", False, True), ("viewer", False, False)],
)
async def test_each_role_does_what_it_may(
    client_of: ClientOf, line: Json, role: str, *, may_configure: bool, may_record: bool
) -> None:
    own = client_of(role)
    good(await own.get(LINES))
    changed = await own.patch(f"{LINES}/{line['id']}", json={"name": role})
    created = await own.post(LINES, json={"line_number": make.name("R"), "name": role})
    assert (changed.status_code, created.status_code) == ((200, 201) if may_configure else (403, 403))
    assert (await make.state(own, line["id"], "idle")).is_success is may_record
    assert (await make.count(own, line["id"], good=1)).is_success is may_record
    assert (await own.delete(f"{LINES}/{NOWHERE}")).status_code == (404 if may_configure else 403)


async def test_nobody_gets_in_without_a_credential(anonymous_client: httpx.AsyncClient) -> None:
    for answer in (await anonymous_client.get(LINES), await anonymous_client.post(LINES, json={})):
        assert refusal(answer, 401)["code"] == "unauthenticated"
