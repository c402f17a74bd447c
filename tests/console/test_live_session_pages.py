"""Live sessions in real browsers: one leads, one takes part on a phone, and a third hangs on the wall."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.settings import Settings
from tests import make as everybody
from tests.console.browser import CHROMIUM, Tab, browser
from tests.console.server import Server, free_port
from tests.make import Person

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium, which is not installed here")
People = dict[tuple[str, str], Person]
PHONE: Final = (390, 800)
WALL: Final = (1600, 900)
POLL: Final = {"question": "Are the guards closed?", "options": ["Yes", "No"]}
QUIZ: Final = {
    "questions": [
        {"kind": "single", "text": "How cold?", "options": ["4 °C", "14 °C"], "solution": "4 °C", "seconds": 600},
        {"kind": "true_false", "text": "Hands are washed?", "solution": True, "seconds": 600},
    ]
}
# By kind: a configuration, what one does with the form, and what everybody reads once results are shown.
KINDS: Final[dict[str, tuple[dict[str, Any], str, str]]] = {
    "poll": (POLL, "document.querySelector('[name=option]').click()", "1 (100 %)"),
    "rating": (
        {"question": "How does it run?", "scale": 5, "labels": ["Badly", "Well"]},
        "document.querySelector('[name=grade0][value=\"4\"]').click()",
        "Mean 4",
    ),
    "ranking": (
        {"question": "What first?", "items": ["Cleaning", "Repair", "Training"]},
        "document.querySelector('[aria-label=\"Repair: further up\"]').click()",
        "Repair wins against each other one.",
    ),
    "planning_poker": (
        {"story": "Change the mould", "deck": "fibonacci"},
        "document.querySelector('[name=card][value=\"5\"]').click()",
        "1 card is on the table, face down.",
    ),
    "word_cloud": (
        {"prompt": "What is safety?", "moderate_submissions": False},
        "document.querySelector('[name=text]').value = 'gloves, goggles'",
        "goggles 1",
    ),
    "qna": (
        {"topic": "The new line"},
        "document.querySelector('[name=text]').value = 'When does it start?'",
        "When does it start?",
    ),
    "open_text": (
        {"question": "What must they know?", "anonymous": False},
        "document.querySelector('[name=text]').value = 'Valve 3 drips'",
        "Valve 3 drips",
    ),
}


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Server]:
    """A FoodFlow on a free port, with the module's database."""
    server = Server(settings.model_copy(update={"port": free_port()}))
    yield server
    server.stop()


async def _browser(folder: Path) -> AsyncIterator[Tab]:
    async with browser(folder) as tab:
        yield tab


@pytest.fixture(scope="module")
async def phones_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    """A browser for whoever takes part."""
    async for tab in _browser(tmp_path_factory.mktemp("phone")):
        yield tab


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory, server: Server, people: People) -> AsyncIterator[Tab]:
    """A browser in which an operator is signed in, who leads and opens the wall."""
    async for tab in _browser(tmp_path_factory.mktemp("desk")):
        await tab.show(f"{server.settings.address}/login")
        await tab.enter(username=people["demo", "operator"].username, password=everybody.PASSWORD)
        await tab.until("location.pathname === '/'")
        yield tab


@pytest.fixture
async def phone(phones_browser: Tab, server: Server) -> Tab:
    """The phone, with nothing kept from before."""
    await phones_browser.show(f"{server.settings.address}/join", width=PHONE[0], height=PHONE[1])
    await phones_browser.ask("localStorage.clear()")
    phones_browser.troubles.clear()
    return phones_browser


@pytest.fixture
async def leader(server: Server, people: People) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever leads, over HTTP."""
    claims = AccessClaims(people["demo", "operator"].id, "demo")
    headers = {"Authorization": f"Bearer {credentials.sign_access_token(everybody.SECRET_KEY, claims)}"}
    base = f"{server.settings.address}/api/v1"
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
        yield client


async def did(client: httpx.AsyncClient, path: str, body: object = None) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def begun(leader: httpx.AsyncClient, **fields: object) -> dict[str, Any]:
    """A session that goes on."""
    made = await did(leader, "/sessions/", {"title": f"Talk {secrets.token_hex(3)}"} | fields)
    await did(leader, f"/sessions/{made['id']}/start")
    return made


async def opened(leader: httpx.AsyncClient, session: dict[str, Any], kind: str, config: dict[str, Any]) -> str:
    """An activity that is open."""
    body = {"activity_type": kind, "title": f"A {kind}", "configuration": config}
    activity = await did(leader, f"/sessions/{session['id']}/activities/framework", body)
    await did(leader, f"/activities/{activity['id']}/open")
    return str(activity["id"])


async def join(phone: Tab, server: Server, session: dict[str, Any], nickname: str = "Ann") -> None:
    await phone.show(f"{server.settings.address}/join/{session['qr_code']}", width=PHONE[0], height=PHONE[1])
    await phone.until("!document.getElementById('join').hidden")
    await phone.enter(nickname=nickname)
    await phone.until(reads(f"You are {nickname}"))


async def send(tab: Tab, fill: str) -> None:
    await tab.ask(f"{fill}; document.getElementById('send').click()")


def reads(text: str) -> str:
    return f"document.body.innerText.includes({json.dumps(text)})"


async def press(tab: Tab, label: str) -> None:
    """Press the button that says this, as soon as it is there."""
    found = f"[...document.querySelectorAll('button')].find((each) => each.textContent === {json.dumps(label)})"
    await tab.until(f"{found} && !{found}.disabled")
    await tab.ask(f"{found}.click()")


async def test_a_code_leads_in_and_an_answer_is_shown_as_stored(
    server: Server, leader: httpx.AsyncClient, phone: Tab, desk: Tab, tmp_path: Path
) -> None:
    session = await begun(leader, title="Toolbox talk at line 4")
    await phone.show(f"{server.settings.address}/join", width=PHONE[0], height=PHONE[1])
    keep(tmp_path / "code.png", await phone.picture())
    await phone.enter(code=session["qr_code"].lower())
    await phone.until("document.getElementById('join') && !document.getElementById('join').hidden")
    keep(tmp_path / "join.png", await phone.picture())
    await phone.enter(nickname="Ann")
    await phone.until(reads("Waiting for the next activity"))
    keep(tmp_path / "waiting.png", await phone.picture())
    await desk.show(f"{server.settings.address}/live/{session['id']}/project", width=WALL[0], height=WALL[1])
    await desk.until(reads("1 is in"))
    keep(tmp_path / "wall-waiting.png", await desk.picture())

    await opened(leader, session, "poll", POLL)
    await phone.until(reads("Are the guards closed?"))
    keep(tmp_path / "poll.png", await phone.picture())
    await send(phone, "document.querySelector('[name=option]').click()")
    await phone.until(reads("Stored."))
    await phone.until(reads("1 (100 %)"))
    keep(tmp_path / "stored.png", await phone.picture(whole=True))
    await desk.until(reads("1 (100 %)"))
    keep(tmp_path / "wall-poll.png", await desk.picture())

    await phone.show(f"{server.settings.address}/live/{session['id']}", width=PHONE[0], height=PHONE[1])
    await phone.until(f"{reads('You are Ann')} && {reads('Your answer is stored.')}")
    assert await phone.ask("document.querySelector('[name=option]').checked")
    assert phone.troubles == []


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_answered_and_its_results_are_drawn(
    server: Server, leader: httpx.AsyncClient, phone: Tab, desk: Tab, tmp_path: Path, kind: str
) -> None:
    config, fill, result = KINDS[kind]
    session = await begun(leader)
    activity = await opened(leader, session, kind, config)
    await did(leader, f"/activities/{activity}/show-results")
    await join(phone, server, session)
    await phone.until("document.getElementById('send')")
    keep(tmp_path / "form.png", await phone.picture(whole=True))
    await send(phone, fill)
    await phone.until(f"{reads('Stored.')} && {reads(result)}")
    keep(tmp_path / "phone.png", await phone.picture(whole=True))
    desk.troubles.clear()
    await desk.show(f"{server.settings.address}/live/{session['id']}/project", width=WALL[0], height=WALL[1])
    await desk.until(reads(result))
    keep(tmp_path / "wall.png", await desk.picture())
    assert phone.troubles == desk.troubles == []


async def test_a_quiz_is_led_from_question_to_question(
    server: Server, leader: httpx.AsyncClient, phone: Tab, desk: Tab, tmp_path: Path
) -> None:
    session = await begun(leader)
    await opened(leader, session, "quiz", QUIZ)
    await join(phone, server, session, "Quick")
    await phone.until(f"{reads('Question 1 of 2')} && {reads('min left')}")
    keep(tmp_path / "question.png", await phone.picture(whole=True))
    await press(phone, "4 °C")
    await phone.until(reads("Stored."))
    assert not await phone.ask(reads("✓ right"))
    await desk.show(f"{server.settings.address}/live/{session['id']}/lead", width=1200, height=1000)
    await press(desk, "Show the solution")
    await phone.until(f"{reads('Right: 4 °C')} && {reads('You won')}")
    keep(tmp_path / "solution.png", await phone.picture(whole=True))
    await press(desk, "Show the results")
    await phone.until(reads("✓ right"))
    await press(desk, "Next question")
    await phone.until(f"{reads('Question 2 of 2')} && {reads('Hands are washed?')}")
    await press(phone, "False")
    await phone.until(reads("Stored."))
    await press(desk, "Show it to everybody")
    await phone.until(reads("Quick (you)"))
    keep(tmp_path / "lead.png", await desk.picture(whole=True))
    await desk.show(f"{server.settings.address}/live/{session['id']}/project", width=WALL[0], height=WALL[1])
    await desk.until(f"{reads('Leaderboard')} && {reads('Quick')}")
    keep(tmp_path / "wall.png", await desk.picture())
    await did(leader, f"/sessions/{session['id']}/complete")
    await phone.until(f"{reads('This session is over')} && {reads('with 1 right of 2')}")
    keep(tmp_path / "over.png", await phone.picture(whole=True))


async def test_a_session_is_made_of_a_template_and_led_by_its_page(
    server: Server, phone: Tab, desk: Tab, tmp_path: Path
) -> None:
    await desk.show(f"{server.settings.address}/live?purpose=shift_handover", width=1200, height=1000)
    await desk.until("document.getElementById('title').value === 'Shift hand-over'")
    keep(tmp_path / "list.png", await desk.picture(whole=True))
    await press(desk, "Make the session")
    await desk.until(f"location.pathname.endsWith('/lead') && {reads('Open actions')}")
    desk.troubles.clear()
    await press(desk, "Start the session")
    code = await desk.ask("document.querySelector('.typed').textContent")
    await join(phone, server, {"qr_code": code}, "Bo")
    await press(desk, "Open what comes next")
    await phone.until(reads("What must the next shift know?"))
    await send(phone, "document.querySelector('[name=text]').value = 'Valve 3 drips'")
    await desk.until(reads("Valve 3 drips"))
    await desk.until(reads("Send out"))
    keep(tmp_path / "lead.png", await desk.picture(whole=True))

    await desk.ask("document.querySelector('#adding').open = true")
    await desk.ask("document.querySelector('#editor input').value = 'Lunch?'")
    await desk.ask("[...document.querySelectorAll('#editor textarea')][0].value = 'Soup\\nBread'")
    await desk.ask("document.querySelectorAll('#editor .field input')[1].value = 'What is for lunch?'")
    await press(desk, "Add")
    await desk.until("document.getElementById('plan').innerText.includes('Lunch?')")

    await press(desk, "Send out")
    await phone.until(reads("You were removed"))
    keep(tmp_path / "removed.png", await phone.picture())
    await desk.until(reads("Let in again"))
    await press(desk, "Let in again")
    await desk.until(f"!({reads('Let in again')})")
    await phone.show(f"{server.settings.address}/join/{code}", width=PHONE[0], height=PHONE[1])
    await phone.until(reads("You are Bo"))
    assert desk.troubles == []


async def test_without_sockets_one_takes_part_by_asking(server: Server, leader: httpx.AsyncClient, phone: Tab) -> None:
    session = await begun(leader)
    await opened(leader, session, "poll", POLL)
    blocked = "globalThis.WebSocket = class { constructor() { throw new Error('blocked') } }"
    script = await phone.command("Page.addScriptToEvaluateOnNewDocument", source=blocked)
    try:
        await join(phone, server, session)
        await phone.until(f"{reads('Live, every few seconds')} && document.getElementById('send')")
        await send(phone, "document.querySelector('[name=option]').click()")
        await phone.until(f"{reads('Stored.')} && {reads('1 (100 %)')}")
    finally:
        await phone.command("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


async def test_an_answer_given_while_the_server_is_away_is_stored_once_it_is_back(
    server: Server, leader: httpx.AsyncClient, phone: Tab
) -> None:
    session = await begun(leader)
    activity = await opened(leader, session, "poll", POLL)
    await join(phone, server, session)
    await phone.until("document.getElementById('send')")
    await asyncio.to_thread(server.stop)
    await phone.until(reads("Reconnecting…"))
    await send(phone, "document.querySelector('[name=option]').click()")
    assert await phone.ask(reads("Sending…"))
    await asyncio.to_thread(server.start)
    await phone.until(reads("Stored."), patience=40)
    found = await leader.get(f"/activities/{activity}/results")
    assert found.json()["results"]["total_responses"] == 1
    assert await phone.ask(reads("You are Ann"))


async def test_a_token_that_is_not_good_any_more_leads_back_to_the_nickname(
    server: Server, leader: httpx.AsyncClient, phone: Tab
) -> None:
    session = await begun(leader)
    await join(phone, server, session)
    place = f"foodflow.live.{session['id']}.place"
    await phone.ask(f"localStorage.setItem('{place}', JSON.stringify({{token: 'lp_demo.1.1.forged'}}))")
    await phone.show(f"{server.settings.address}/live/{session['id']}", width=PHONE[0], height=PHONE[1])
    await phone.until(f"!document.getElementById('join').hidden && {reads('join again')}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_nothing_stands_out_and_all_can_be_hit_with_a_thumb(
    server: Server, leader: httpx.AsyncClient, phone: Tab, tmp_path: Path, scheme: str
) -> None:
    session = await begun(leader, title="Unbroken" * 20)
    config = {"question": "Donaudampfschiff" * 20, "options": ["Kapitän" * 20, "Nein"]}
    await opened(leader, session, "poll", config)
    await phone.show(
        f"{server.settings.address}/join/{session['qr_code']}", width=PHONE[0], height=PHONE[1], dark=scheme == "dark"
    )
    await phone.enter(nickname="W" * 50)
    await phone.until("document.getElementById('send')")
    assert await phone.ask("document.documentElement.scrollWidth") <= PHONE[0]
    small = await phone.ask(
        "[...document.querySelectorAll('button, a, .pick, textarea')].filter((each) => each.checkVisibility())"
        ".map((each) => each.getBoundingClientRect().height).filter((height) => height < 44)"
    )
    assert small == []
    keep(tmp_path / f"{scheme}.png", await phone.picture(whole=True))


def keep(path: Path, picture: bytes) -> None:
    path.write_bytes(picture)
