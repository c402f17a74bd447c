"""The pages of live sessions as the server renders them: who sees what, how one comes in, and how light they are."""

import json
import re
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from foodflow.console import assets
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.public import views
from foodflow.live.rules.purposes import TEMPLATES
from foodflow.live.rules.sessions import Purpose
from tests.console import forms, make
from tests.console.live_rows import made_session
from tests.console.make import BROWSER, Parsed
from tests.make import Person, everything

People = dict[tuple[str, str], Person]
LIGHT = 50_000
"""Bytes, uncompressed, of everything before the first tap."""


async def at_the_browser(app: FastAPI, database: Database, people: People, role: str) -> forms.Visitor:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://foodflow.test")
    return await forms.visitor(client, database, people["demo", role])


def of_live(page: Parsed) -> dict[str, str | None]:
    return next(attributes for _, attributes in page.elements if attributes.get("id") == "live-session")


async def test_a_code_leads_to_its_session_however_it_was_typed(
    anonymous_client: httpx.AsyncClient, database: Database
) -> None:
    id, code = await made_session(database)
    answer = await anonymous_client.get("/join", params={"code": f" {code.lower()} "}, headers=BROWSER)
    forms.led_to(answer, f"/join/{code}")
    page = await make.page(anonymous_client, f"/join/{code.lower()}")
    assert "Hygiene on Monday" in page.text
    assert of_live(page)["data-session"] == str(id)


@pytest.mark.parametrize("code", ["ZZZZZZZZ", "%22%3E%3Cscript%3E", "a/b", "%00" + "Z" * 7])
async def test_an_unknown_code_is_asked_for_again(anonymous_client: httpx.AsyncClient, code: str) -> None:
    answer = await anonymous_client.get(f"/join/{code}", headers=BROWSER)
    assert answer.status_code in {400, 404}
    assert "<script>" not in answer.text


async def test_a_guest_is_shown_no_code(anonymous_client: httpx.AsyncClient, database: Database) -> None:
    id, code = await made_session(database)
    page = await make.page(anonymous_client, f"/live/{id}")
    assert code not in page.html
    assert of_live(page)["data-role"] == "participant"


async def test_a_session_for_members_asks_guests_to_sign_in(
    anonymous_client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    id, code = await made_session(database, admission="members")
    for path in (f"/join/{code}", f"/live/{id}"):
        answer = await anonymous_client.get(path, headers=BROWSER)
        assert answer.status_code == 403
        assert "Sign in to take part" in answer.text
        assert "Hygiene on Monday" not in answer.text
    operator = await at_the_browser(app, database, people, "operator")
    assert "Hygiene on Monday" in (await operator.page(f"/join/{code}")).text


async def test_a_session_of_another_company_is_not_there(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, database: Database
) -> None:
    _, code = await made_session(database, company="akron")
    for visitor in (anonymous_client, client):
        for path in (f"/join/{code}", "/live/99999999", "/live/99999999999"):
            answer = await visitor.get(path, headers=BROWSER)
            assert answer.status_code == 404, path
            assert "Hygiene on Monday" not in answer.text


async def test_a_session_that_is_over_takes_nobody_in(anonymous_client: httpx.AsyncClient, database: Database) -> None:
    _, code = await made_session(database, status="completed")
    page = await make.page(anonymous_client, f"/join/{code}")
    assert "This session is over" in page.text
    assert page.all("form") == []


async def test_who_is_signed_in_finds_their_name_there(app: FastAPI, database: Database, people: People) -> None:
    _, code = await made_session(database)
    operator = await at_the_browser(app, database, people, "operator")
    nickname = (await operator.page(f"/join/{code}")).all("input", id="nickname")[0]["value"]
    assert nickname == people["demo", "operator"].username


async def test_the_wall_shows_the_code_and_where_it_leads(client: httpx.AsyncClient, database: Database) -> None:
    id, code = await made_session(database)
    page = await make.page(client, f"/live/{id}/project")
    assert code in page.text
    assert len(page.all("svg")) == 2
    label = next(each["aria-label"] for each in page.all("div") if each.get("class") == "qr")
    assert label is not None
    assert label.endswith(f"/join/{code}")


@pytest.mark.parametrize(
    ("tenant", "address"),
    [
        ("demo", "https://foodflow.example:8443/join/ABCDEFGH"),
        ("akron", "https://akron.foodflow.example:8443/join/ABCDEFGH"),
    ],
)
def test_a_link_leads_guests_to_the_company_of_its_session(tenant: str, address: str) -> None:
    told = views.join_address("https://foodflow.example:8443", everything(tenant), "ABCDEFGH", default_tenant="demo")
    assert told == address


async def test_viewers_look_on_and_do_not_lead(app: FastAPI, database: Database, people: People) -> None:
    id, _ = await made_session(database)
    viewer = await at_the_browser(app, database, people, "viewer")
    page = await viewer.page("/live")
    assert "Hygiene on Monday" in page.text
    assert "A new session" not in page.text
    answer = await viewer.client.get(f"/live/{id}/lead", headers=BROWSER)
    assert answer.status_code == 403


async def test_what_goes_on_is_listed_first(client: httpx.AsyncClient, database: Database) -> None:
    for status in ("completed", "active", "draft"):
        await made_session(database, status=status, title=f"Listed as {status}")
    text = (await make.page(client, "/live")).text
    places = [text.index(f"Listed as {status}") for status in ("active", "draft", "completed")]
    assert places == sorted(places)


async def test_who_is_for_one_site_sees_no_session_of_another(database: Database) -> None:
    id, _ = await made_session(database, site="Leeds")
    somebody = replace(everything("demo"), sites=frozenset({"York"}))
    async with tenant_transaction(database, somebody) as session:
        found = await views.sessions_list(session, somebody, page=1, per_page=1000)
        with pytest.raises(views.SessionNotFound):
            await views.session_view(session, somebody, id)
    assert id not in {each.id for each in found.sessions}


async def test_a_hand_over_begins_on_the_page_of_its_line(client: httpx.AsyncClient) -> None:
    line = await make.line(client, plant_name="Leeds & York")
    page = await make.page(client, f"/lines/{line['line_number']}")
    address = next(each["href"] for each in page.all("a") if (each.get("href") or "").startswith("/live?"))
    assert address is not None
    form = await make.page(client, urlsplit(address)._replace(fragment="").geturl())
    assert form.all("input", id="site")[0]["value"] == "Leeds & York"
    chosen = [each["value"] for each in form.all("option") if "selected" in each]
    assert {"shift_handover", line["id"]} <= set(chosen)


async def test_the_form_of_a_new_session_knows_all_templates(client: httpx.AsyncClient) -> None:
    html = (await make.page(client, "/live")).html
    found = re.search(r'<script type="application/json" id="templates">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    templates = json.loads(found[1])
    assert set(templates) == set(Purpose)
    assert len(templates["haccp_quiz"]["activities"][0]["configuration"]["questions"]) == 10


@pytest.mark.parametrize("purpose", Purpose)
def test_each_purpose_has_a_template_with_titled_activities(purpose: Purpose) -> None:
    template = TEMPLATES[purpose]
    assert template.title
    assert all(each.title and each.configuration for each in template.activities)


@pytest.mark.parametrize("place", ["code", "nickname", "taking part"])
async def test_everything_before_the_first_tap_is_light(
    anonymous_client: httpx.AsyncClient, database: Database, place: str
) -> None:
    id, code = await made_session(database)
    path = {"code": "/join", "nickname": f"/join/{code}", "taking part": f"/live/{id}"}[place]
    answer = await anonymous_client.get(path, headers=BROWSER)
    page = Parsed(answer.text)
    named = {each["href"] for each in page.all("link")} | {each["src"] for each in page.all("script")}
    named |= set(re.findall(r'data-live="([^"]+)"', page.html))
    sizes = {each: len((await anonymous_client.get(each)).content) for each in sorted(filter(None, named))}
    assert all("?v=" in each for each in sizes)
    assert not any("console.css" in each for each in sizes)
    assert len(answer.content) + sum(sizes.values()) < LIGHT, sizes


@pytest.mark.parametrize(("name", "most"), [("live.css", 8000), ("live.js", 20_000), ("take_part.js", 20_000)])
def test_each_file_of_the_phone_stays_small(name: str, most: int) -> None:
    assert len(assets.asset(name).content) <= most
