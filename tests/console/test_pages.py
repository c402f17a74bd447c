"""What holds for every page: its headers, nothing inline, and refusals that a person can read."""

from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from foodflow.console import assets
from foodflow.plant import public as plant
from tests.console import make
from tests.console.make import BROWSER, Parsed

PAGES = ("/login", "/", "/?span=all&hours=168", "/nothing", "/?hours=5", "/fragments/board", "/fragments/excursions")
ADDRESSES = (*PAGES, "/static/console.css", "/static/nothing.css", "/fragments/figures")
HOSTILE = """</title></script><script>alert("1")</script>"><img src=x onerror='alert(1)'>"""
EVENTS = ("onclick", "onload", "onerror", "onfocus", "onsubmit", "onchange")


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_answer_forbids_what_is_inline_and_what_is_from_elsewhere(
    client: httpx.AsyncClient, address: str
) -> None:
    headers = (await client.get(address, headers=BROWSER)).headers
    policy = dict(rule.strip().partition(" ")[::2] for rule in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("address", PAGES)
async def test_no_page_has_a_script_or_a_style_in_it(client: httpx.AsyncClient, address: str) -> None:
    line = await make.line(client, name=HOSTILE)
    await make.readings(client, await make.sensor(client, line, name=HOSTILE, min_value=0, max_value=1), [0, 2, 1])
    page = Parsed((await client.get(address, headers=BROWSER)).text)
    assert not page.all("style")
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not set(attributes) & set(EVENTS), tag
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#")), attributes
    scripts = page.all("script")
    assert all((script["src"] or "").startswith("/static/console.js?v=") for script in scripts)
    assert page.html.count("<script") == len(scripts)


async def test_names_are_text_wherever_they_stand(client: httpx.AsyncClient) -> None:
    line = await make.line(client, name=HOSTILE, plant_name=HOSTILE, location=HOSTILE)
    await make.state(client, line, "downtime", ago=timedelta(minutes=1), reason=HOSTILE)
    sensor = await make.sensor(client, line, name=HOSTILE, max_value=1)
    await make.readings(client, sensor, [0, 2])
    page = await make.page(client, f"/?line={line['line_number']}")
    assert not page.all("img", src="x")
    assert not page.all("b", class_="x")
    assert HOSTILE in page.text
    titles = page.html[page.html.index("<svg viewBox") :]
    assert "alert(&#34;1&#34;)" in titles
    assert HOSTILE not in page.html


async def test_what_is_sought_is_text_too(client: httpx.AsyncClient) -> None:
    page = Parsed((await client.get("/", params={"line": HOSTILE * 2}, headers=BROWSER)).text)
    assert page.all("input", id="sought", value=HOSTILE * 2)
    assert len(page.all("script")) == 1


async def test_a_person_reads_a_page_where_there_is_nothing(anonymous_client: httpx.AsyncClient) -> None:
    answer = await anonymous_client.get("/nothing", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text
    assert "there is nothing at /nothing" in answer.text


@pytest.mark.parametrize("address", ["/nothing", "/api/v1/nothing"])
async def test_a_program_reads_a_problem(anonymous_client: httpx.AsyncClient, address: str) -> None:
    answer = await anonymous_client.get(address)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_interface_answers_problems_to_browsers_too(anonymous_client: httpx.AsyncClient) -> None:
    answer = await anonymous_client.get("/api/v1/plant-ops/lines", headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_an_unknown_value_in_the_address_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/?span=2h&page=0")
    assert answer.status_code == 422
    text = Parsed(answer.text).text
    assert "span" in text
    assert "page" in text


async def test_a_failure_is_a_page_that_says_the_request_id_and_nothing_else(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(plant, "board", fail)
    with capture_logs() as logged:
        answer = await client.get("/", headers=BROWSER | {"X-Request-ID": "the-id-of-this-request"})
    assert [entry["request_id"] for entry in logged if entry["event"] == "request.failed"] == ["the-id-of-this-request"]
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "content-security-policy" in answer.headers
    assert "the-id-of-this-request" in answer.text
    assert "the secret cause" not in answer.text


@pytest.mark.parametrize("part", ["board", "figures", "excursions", "line/{id}"])
async def test_parts_of_the_board_are_closed_to_strangers(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, part: str
) -> None:
    line = await make.line(client, name="Behind closed doors")
    answer = await anonymous_client.get(f"/fragments/{part.format(id=line['id'])}", headers=BROWSER)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert "Behind closed doors" not in answer.text


async def test_nobody_keeps_a_copy_of_a_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).headers["cache-control"] == "no-store"


async def test_files_are_kept_for_ever_under_the_address_of_their_content(anonymous_client: httpx.AsyncClient) -> None:
    answer = await anonymous_client.get(assets.address("console.js"))
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert (await anonymous_client.get("/static/console.js")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "..%2Froutes.py", "console.css%00"])
async def test_no_other_file_is_given_out(anonymous_client: httpx.AsyncClient, name: str) -> None:
    assert (await anonymous_client.get(f"/static/{name}")).status_code in {400, 404}
