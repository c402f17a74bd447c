"""What every request is measured by before it reaches a route: its id, its characters and its size."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel.http.middleware import Bounds
from tests.kernel.http.make import call, fields, problem

NOTES = "/api/v1/probe/notes"
OPEN_NOTES = "/api/v1/probe/open-notes"
JSON = {"content-type": "application/json"}
MOST = 1000


@pytest.fixture
async def bounded(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who may send a thousand bytes."""
    transport = httpx.ASGITransport(Bounds(app, max_body=MOST), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def in_parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("given", ["r-1", "4bf92f3577b34da6/00f067aa0ba902b7", "a" * 128])
async def test_a_request_id_is_accepted_and_echoed(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/api/v1/nothing", headers={"x-request-id": given})
    assert problem(response, 404)["request_id"] == given


@pytest.mark.parametrize("given", ["", " ", "a b", "<script>", "a" * 129, '{"a":1}', "é", "a\tb"])
async def test_a_request_id_that_could_do_harm_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/health/live", headers={b"x-request-id": given.encode("latin-1")})
    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 36


async def test_each_request_without_an_id_gets_one_of_its_own(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/health/live")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    "path", ["/api/v1/probe/texts%00", "/%00", "/api/v1/probe/texts?said=a%00b", "/api/v1/probe/texts?a%00b=c"]
)
async def test_a_nul_character_in_the_address_is_malformed(client: httpx.AsyncClient, path: str) -> None:
    assert "NUL" in problem(await client.get(path), 400)["detail"]


async def test_a_nul_character_that_is_only_spelled_out_is_harmless(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/probe/texts?said=%2500")).json() == {"said": "%00"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"note": "a\0"}, "note"),
        ({"note": "a", "parts": [{"label": "b"}, {"label": "\0"}]}, "parts"),
        ({"note": "a", "words": ["b", "c\0"]}, "words"),
        ({"note": "a", "details": {"deep": [{"er": ["\0"]}]}}, "details"),
        ({"note": "a", "details": {"k\0ey": 1}}, "details"),
        ({"note": "a", "co\0lour": 1}, "co\0lour"),
    ],
)
async def test_a_nul_character_anywhere_in_a_body_is_invalid(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    assert fields(await client.post(NOTES, json=body)) == {field}


@pytest.mark.parametrize(
    "body",
    [
        rb'{"note": "\ud800"}',
        rb'{"note": "a", "\ud800": 1}',
        rb'{"note": "a", "words": ["\udfff"]}',
        rb'{"note": "a", "number": NaN}',
        rb'{"note": "a", "number": Infinity}',
        rb'{"note": "a", "number": 1e400}',
        rb'{"note": "a", "number": 1.5}',
    ],
)
async def test_what_json_can_say_and_nobody_can_store_is_invalid(client: httpx.AsyncClient, body: bytes) -> None:
    assert fields(await client.post(NOTES, content=body, headers=JSON))


async def test_a_half_character_in_free_details_is_never_a_failure(client: httpx.AsyncClient) -> None:
    body = rb'{"note": "a", "number": 9, "details": {"half": "\ud800"}}'
    assert (await client.post(NOTES, content=body, headers=JSON)).status_code in {200, 422}


async def test_a_body_that_says_it_is_too_large_is_not_read(app: FastAPI) -> None:
    headers = [(b"content-length", b"1001"), (b"content-type", b"application/json")]
    sent = await call(Bounds(app, max_body=MOST), OPEN_NOTES, method="POST", headers=headers)
    assert sent[0]["status"] == 413


async def test_a_body_that_turns_out_too_large_is_refused_where_it_exceeds_the_bound(
    bounded: httpx.AsyncClient,
) -> None:
    for path in (OPEN_NOTES, "/api/v1/probe/streams"):
        response = await bounded.post(path, content=in_parts(b'{"note": "', b"a" * MOST, b'"}'), headers=JSON)
        assert problem(response, 413)["code"] == "too_large"
    form = {"content-type": "application/x-www-form-urlencoded"}
    response = await bounded.post("/api/v1/probe/forms", content=in_parts(b"note=", b"a" * MOST), headers=form)
    assert problem(response, 413)["code"] == "too_large"


async def test_a_body_within_the_bound_passes_in_one_piece_and_in_many(bounded: httpx.AsyncClient) -> None:
    note = "a" * 200
    assert (await bounded.post(OPEN_NOTES, json={"note": note})).json() == {"note": note}
    parts = in_parts(b'{"note": "', *[b"a"] * 200, b'"}')
    assert (await bounded.post(OPEN_NOTES, content=parts, headers=JSON)).json() == {"note": note}


@pytest.mark.parametrize("declared", [b"-1", b"1e3", "²".encode("latin-1"), b"many", b""])
async def test_a_length_that_is_no_number_breaks_nothing(app: FastAPI, declared: bytes) -> None:
    sent = await call(app, NOTES, method="POST", headers=[(b"content-length", declared)])
    assert sent[0]["status"] == 401
