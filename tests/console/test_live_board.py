"""The whole way, in a real browser: a served FoodFlow, somebody who signs in, and a board that moves by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from foodflow.console import words
from foodflow.kernel import credentials, relay
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import Database
from foodflow.settings import Settings
from tests import make as everybody
from tests.console import make
from tests.console.browser import CHROMIUM, Tab, browser
from tests.console.server import Server, free_port
from tests.make import Person

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium, which is not installed here")
People = dict[tuple[str, str], Person]
LIVE = "document.querySelector('#live').dataset.state === 'live'"
COUNT = "document.getElementById('alarm-count').innerText"
LENGTHS = [0, 59, 60, 3599, 3600, 7325, 172_799, 172_800, 5_183_999, 5_184_000, 10**7, 63_000_000, 64 * 10**6, 10**9]


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Server]:
    """A FoodFlow on a free port, with the module's database."""
    server = Server(settings.model_copy(update={"port": free_port()}))
    yield server
    server.stop()


@pytest.fixture(scope="module")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    """The browser's page."""
    async with browser(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
async def tab(chromium: Tab) -> Tab:
    """The browser's page, signed in nowhere."""
    await chromium.show("about:blank")
    await chromium.command("Network.clearBrowserCookies")
    chromium.troubles.clear()
    return chromium


@pytest.fixture
async def gateway(server: Server, people: People) -> AsyncIterator[httpx.AsyncClient]:
    """A program that reports over HTTP to the served FoodFlow."""
    claims = AccessClaims(people["demo", "administrator"].id, "demo")
    headers = {"Authorization": f"Bearer {credentials.sign_access_token(everybody.SECRET_KEY, claims)}"}
    async with httpx.AsyncClient(base_url=server.settings.address, headers=headers, trust_env=False) as client:
        yield client


async def sign_in(tab: Tab, server: Server, person: Person) -> None:
    await tab.show(f"{server.settings.address}/")
    await tab.enter(username=person.username, password=everybody.PASSWORD)
    await tab.until(f"location.pathname === '/' && {LIVE}")


def reads(text: str) -> str:
    return f"document.body.innerText.includes({text!r})"


async def test_what_is_reported_appears_without_reloading(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, database: Database, tmp_path: Path
) -> None:
    line = await make.line(gateway, name="Filling")
    sensor = await make.sensor(gateway, line, name="Cold store", max_value=5)
    await make.readings(gateway, sensor, [1.0, 2.0, 3.0])
    await sign_in(tab, server, people["demo", "viewer"])
    await tab.until(reads("Within limits"))
    await tab.ask("window.sameDocument = true")
    before = await tab.picture()

    await make.readings(gateway, sensor, [42.5])
    await tab.until(f"{reads('Above limit')} && {reads('42.5')}")

    await make.state(gateway, line, "downtime", ago=timedelta(minutes=3, seconds=20), reason="film jam")
    await relay.deliver_once(database, (relay.to_live,))
    await tab.until(f"{reads('for 3 min: film jam')} && document.querySelector('[data-state=downtime]')")

    another = await make.line(gateway, name="A line of which nobody knew")
    await make.count(gateway, another, 7)
    await tab.until(reads("A line of which nobody knew"))

    assert await tab.ask("window.sameDocument")
    assert tab.troubles == []
    after = await tab.picture()
    keep(tmp_path / "board.png", after)
    assert before != after


async def test_the_first_line_of_a_company_appears_by_itself(
    server: Server, tab: Tab, people: People, akron_client: httpx.AsyncClient
) -> None:
    await sign_in(tab, server, people["akron", "viewer"])
    await tab.until(reads("foodflow simulate"))
    line = await make.line(akron_client, name="The very first")
    await make.count(akron_client, line, 1)
    await tab.until(reads("The very first"))


async def test_a_session_that_has_ended_leads_back_to_the_form(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People
) -> None:
    line = await make.line(gateway)
    await sign_in(tab, server, people["demo", "viewer"])
    await tab.ask("fetch('/logout', {method: 'POST', redirect: 'manual'}).then(() => 1)")
    await make.count(gateway, line, 1)
    await tab.until("location.pathname === '/login'")


async def test_what_is_out_of_sight_is_fetched_when_it_comes_into_sight(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People
) -> None:
    lines = [await make.line(gateway, name="One of many") for _ in range(8)]
    lines.sort(key=lambda line: line["line_number"])
    sensor = await make.sensor(gateway, lines[-1])
    await make.readings(gateway, sensor, [1.0])
    await sign_in(tab, server, people["demo", "viewer"])
    await tab.show(f"{server.settings.address}/?line=One of many", height=300)
    await tab.until(LIVE)
    await tab.ask("new Promise((done) => setTimeout(done, 300))")
    await make.readings(gateway, sensor, [55.5])
    await make.count(gateway, lines[0], 123)
    await tab.until(reads("123 items were made without a known ideal speed"))
    assert not await tab.ask(reads("55.5"))
    await tab.ask("scrollTo(0, document.body.scrollHeight)")
    await tab.until(reads("55.5"))


async def test_the_page_counts_on_in_the_words_of_the_server(server: Server, tab: Tab) -> None:
    await tab.show(f"{server.settings.address}/login")
    told = await tab.ask(f"import('/static/console.js').then((page) => {LENGTHS}.map(page.span))")
    assert told == [words.span(length) for length in LENGTHS]


@pytest.mark.parametrize("width", [360, 1400])
async def test_nothing_stands_out_of_the_page(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, width: int
) -> None:
    line = await make.line(gateway, name="A line with a very long name " * 4, plant_name="Unbroken" * 12)
    sensor = await make.sensor(gateway, line, name="Temperatureofthesecondheatexchanger" * 3, max_value=2)
    await make.readings(gateway, sensor, [1, 1e12, -1e-9])
    await sign_in(tab, server, people["demo", "viewer"])
    await tab.show(f"{server.settings.address}/", width=width, height=800)
    assert await tab.ask("document.documentElement.scrollWidth") <= width


async def test_the_page_survives_a_restart_of_the_server(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, client: httpx.AsyncClient
) -> None:
    line = await make.line(gateway, name="Steadfast")
    sensor = await make.sensor(gateway, line)
    await make.readings(gateway, sensor, [1.0])
    await sign_in(tab, server, people["demo", "viewer"])
    await tab.show(f"{server.settings.address}/?line={line['line_number']}")
    await tab.until(LIVE)
    await tab.ask("window.sameDocument = true")
    await asyncio.to_thread(server.stop)
    await tab.until(f"!({LIVE})")
    await make.readings(client, sensor, [77.25])  # by another way, while the page hears nothing
    await asyncio.to_thread(server.start)
    await tab.until(f"{LIVE} && {reads('77.25')}")
    assert await tab.ask("window.sameDocument")


def keep(path: Path, picture: bytes) -> None:
    path.write_bytes(picture)


async def test_an_alarm_appears_and_acknowledging_it_tells_the_others(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, database: Database, tmp_path: Path
) -> None:
    line = await make.line(gateway, name="Cooling")
    sensor = await make.sensor(gateway, line, name="Tunnel", max_value=5)
    await make.readings(gateway, sensor, [3])
    await sign_in(tab, server, people["demo", "operator"])
    await tab.show(f"{server.settings.address}/?line={line['line_number']}")
    await tab.until(f"{LIVE} && {reads('Tunnel')}")
    await tab.ask("window.sameDocument = true")
    counted = await tab.ask(COUNT)
    await make.readings(gateway, sensor, [3, 8.5])
    await relay.deliver_once(database, (relay.to_live,))
    (alarm,) = (
        await gateway.get(f"{make.PLANT}/alarms", params={"sensor_id": sensor["id"], "rule": "above_limit"})
    ).json()["results"]
    row = f"document.getElementById('alarm-{alarm['id']}')"
    await tab.until(row)
    assert await tab.ask("window.sameDocument")
    await tab.until(f"{COUNT} !== {counted!r}")
    async with browser(tmp_path / "other") as other:
        await sign_in(other, server, people["demo", "viewer"])
        await other.until(f"{LIVE} && {row}?.innerText.includes('Not acknowledged')")
        await tab.ask(f"{row}.querySelector('form[action$=acknowledge] button').click()")
        await tab.until(f"{row} && !window.sameDocument && !{row}.innerText.includes('Not acknowledged')")
        assert await tab.ask("location.search") == f"?line={line['line_number']}"
        await relay.deliver_once(database, (relay.to_live,))
        await other.until(f"!{row}.innerText.includes('Not acknowledged')")
        assert other.troubles == []
    assert tab.troubles == []


async def test_what_is_typed_is_kept_when_a_part_is_fetched_anew(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, database: Database
) -> None:
    line = await make.line(gateway, name="Drying")
    sensor = await make.sensor(gateway, line, name="Dryer", max_value=5)
    await make.readings(gateway, sensor, [9])
    (alarm,) = (
        await gateway.get(f"{make.PLANT}/alarms", params={"sensor_id": sensor["id"], "rule": "above_limit"})
    ).json()["results"]
    await sign_in(tab, server, people["demo", "operator"])
    await tab.until(f"{LIVE} && document.getElementById('silence-{alarm['id']}')")
    await tab.ask(f"document.getElementById('silence-{alarm['id']}').open = true")
    await tab.ask(f"document.getElementById('why-{alarm['id']}').focus()")
    await tab.command("Input.insertText", text="the door is op")
    other = await make.sensor(gateway, line, name="Second dryer", max_value=5)
    await make.readings(gateway, other, [9])
    await relay.deliver_once(database, (relay.to_live,))
    await tab.until(f"document.getElementById('alarms-open').innerText.includes({other['sensor_code']!r})")
    assert await tab.ask("document.activeElement.value") == "the door is op"
    assert await tab.ask(f"document.getElementById('silence-{alarm['id']}').open")


async def test_the_pages_of_lines_and_sensors_move(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, database: Database
) -> None:
    line = await make.line(gateway, name="Baking")
    sensor = await make.sensor(gateway, line, name="Oven")
    await make.readings(gateway, sensor, [200])
    await sign_in(tab, server, people["demo", "viewer"])
    await tab.show(f"{server.settings.address}/sensors/{sensor['sensor_code']}")
    await tab.until(f"{LIVE} && {reads('200')}")
    await make.readings(gateway, sensor, [231.5])
    await tab.until(reads("231.5"))
    await tab.show(f"{server.settings.address}/lines/{line['line_number']}")
    await tab.until(f"{LIVE} && {reads('231.5')}")
    await make.state(gateway, line, "maintenance", ago=timedelta(seconds=1), reason="new belt")
    await relay.deliver_once(database, (relay.to_live,))
    await tab.until(reads("new belt"))
    assert tab.troubles == []


@pytest.mark.parametrize("width", [390, 820, 1400])
async def test_no_page_is_wider_than_the_screen(
    server: Server, gateway: httpx.AsyncClient, tab: Tab, people: People, width: int
) -> None:
    line = await make.line(gateway, name="Temperatureofthesecondheatexchanger", design_speed=60)
    sensor = await make.sensor(gateway, line, name="Temperatureofthesecondheatexchanger" * 3, max_value=2)
    await make.readings(gateway, sensor, [1, 1e12])
    await make.state(gateway, line, "downtime", ago=timedelta(hours=3))
    await sign_in(tab, server, people["demo", "operator"])
    for path in ("/alarms", f"/lines/{line['line_number']}", f"/sensors/{sensor['sensor_code']}"):
        await tab.show(f"{server.settings.address}{path}", width=width, height=800)
        assert await tab.ask("document.documentElement.scrollWidth") <= width, path
