"""Addresses that attackers write: redirects stay here, links in mails are ours, no text breaks out of a header."""

import asyncio
import base64
import json
import re
from typing import Final
from urllib.parse import quote

import psycopg
import pytest
from fastapi import FastAPI

from foodflow.settings import Settings
from tests.attacks.callers import World, token
from tests.attacks.make import Answer, ask
from tests.make import PASSWORD
from tests.test_routes_are_closed import ROUTES

NOBODY: Final = "00000000-0000-7000-8000-000000000000"
EVIL: Final = "evil.example"
FORGED: Final = {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "gopher", "Forwarded": f"host={EVIL}"}
ELSEWHERE: Final = [f"https://{EVIL}", f"//{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"/%2f{EVIL}", "javascript:alert(1)"]
BREAKS: Final = ["\r\nX-Evil: 1", "\nX-Evil: 1", "%0d%0aX-Evil:%201", "\u560d\u560aX-Evil: 1"]
GETS: Final = [re.sub(r"\{[^}]+\}", NOBODY, route.path) for route in ROUTES if "GET" in route.methods]
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def leads_away(answer: Answer, own: str) -> bool:
    """Whether an answer sends the browser to another site than ours, whose address is in the settings."""
    place = answer.headers.get("location", "/").removeprefix(own)
    return answer.status in range(300, 400) and re.fullmatch(r"/(?![/\\]).*", place) is None


async def test_no_page_leads_to_another_site(world: World, settings: Settings) -> None:
    known = FORGED | await world.cookie(world.somebody("viewer")) | {"Referer": f"https://{EVIL}/"}
    redirecting = [
        (path, headers)
        for path in GETS
        for headers in (FORGED, known)
        if (await ask(world.app, "GET", path, headers)).status in range(300, 400)
    ]
    assert redirecting
    form = f"username={world.people['demo', 'viewer'].username}&password={quote(PASSWORD)}"
    for place in ELSEWHERE:
        query = "&".join(f"{name}={quote(place)}" for name in ("next", "to", "url", "return_to", "redirect_uri"))
        answers = [await ask(world.app, "GET", f"{path}?{query}", headers) for path, headers in redirecting]
        answers.append(await ask(world.app, "POST", f"/login?{query}", FORM, body=f"{form}&{query}".encode()))
        assert answers[-1].status == 303
        assert [answer.headers["location"] for answer in answers if leads_away(answer, settings.public_url)] == []


def mails(world: World) -> list[dict[str, str]]:
    """All mails that wait for their delivery."""
    with psycopg.connect(world.url) as connection:
        rows = connection.execute(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver'"
        ).fetchall()
    opened = [world.app.state.sealer.open(base64.b64decode(args["sealed"])) for (args,) in rows]
    return [json.loads(content) for content in opened]


async def test_links_in_mails_come_from_the_settings_whatever_the_call_says(world: World, settings: Settings) -> None:
    person = world.somebody("viewer")
    with psycopg.connect(world.url) as connection:
        query = "UPDATE platform.users SET email = username || '@example.com' WHERE id = %s"
        connection.execute(query, [person.id])
    address, invited = f"{person.username}@example.com", "invited@example.com"
    headers = FORGED | token(world.people["demo", "administrator"])
    await ask(world.app, "POST", f"/api/v1/users/{person.id}/send-password-reset", headers)
    await ask(world.app, "POST", "/api/v1/invitations", headers, json={"email": invited, "roles": ["viewer"]})
    sent = [mail for mail in mails(world) if mail["to"] in {address, invited}]
    assert {mail["to"] for mail in sent} == {address, invited}
    for mail in sent:
        assert EVIL not in json.dumps(mail)
        links = re.findall(r"\S+://\S+", mail["text"])
        assert links
        assert all(link.startswith(f"{settings.public_url}/") for link in links)


@pytest.mark.parametrize("text", BREAKS)
async def test_no_text_of_a_call_breaks_out_of_a_header(world: World, text: str) -> None:
    raw = text.encode("utf-8")
    headers: list[tuple[str, str | bytes]] = [
        (name, raw) for name in ("x-request-id", "x-tenant", "origin", "user-agent", "if-none-match", "host")
    ]
    known = token(world.people["demo", "administrator"])
    for path in GETS:
        for pairs in (headers, [*headers, *known.items()]):
            answer = await ask(world.app, "GET", f"{path}?search={quote(text)}&next=/{quote(text)}", pairs)
            assert "x-evil" not in answer.headers
            assert not any({13, 10} & set(value) for _, value in answer.headers.raw)


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/secret", "/static/", "/static/..", "/api/v1/", "/server-status"]
)
async def test_nothing_but_what_is_declared_is_served(app: FastAPI, path: str) -> None:
    assert (await ask(app, "GET", path)).status == 404


async def test_the_method_trace_is_not_taken(app: FastAPI) -> None:
    answers = await asyncio.gather(*(ask(app, "TRACE", path) for path in GETS))
    assert {answer.status for answer in answers} <= {404, 405}
