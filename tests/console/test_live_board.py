"""The whole way, in a real browser: a served FoodFlow, somebody who signs in, and a board that moves by itself."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from foodflow.console import words
from foodflow.kernel import credentials, relay
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import Database
from foodflow.settings import Settings, environment_of_part
from tests import make as everybody
from tests.console import make
from tests.console.browser import CHROMIUM, PATIENCE, Tab, browser
from tests.make import Person

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium, which is not installed here")
People = dict[tuple[str, str], Person]


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The web process of these settings, while it runs."""
    command = [sys.executable, "-m", "foodflow", "web"]
    with subprocess.Popen(command, env=environment_of_part(settings), stdout=subprocess.DEVNULL) as process:
        try:
            _await_ready(settings.address)
            yield settings.address
        finally:
            process.terminate()


def _await_ready(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"{address} did not become ready")


@pytest.fixture(scope="module")
def own_settings(settings: Settings) -> Settings:
    """The module's settings with a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return settings.model_copy(update={"port": probe.getsockname()[1]})


@pytest.fixture
async def gateway(own_settings: Settings, people: People) -> AsyncIterator[httpx.AsyncClient]:
    """A program that reports over HTTP to the served FoodFlow."""
    claims = AccessClaims(people["demo", "administrator"].id, "demo")
    headers = {"Authorization": f"Bearer {credentials.sign_access_token(everybody.SECRET_KEY, claims)}"}
    async with httpx.AsyncClient(base_url=own_settings.address, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A browser's page."""
    async with browser(tmp_path / "profile") as tab:
        yield tab


async def sign_in(tab: Tab, address: str, username: str) -> None:
    await tab.show(f"{address}/")
    await tab.enter(username=username, password=everybody.PASSWORD)
    await tab.until("location.pathname === '/' && document.querySelector('#live').dataset.state === 'live'")


def reads(text: str) -> str:
    return f"document.body.innerText.includes({text!r})"


async def test_what_is_reported_appears_without_reloading(
    own_settings: Settings, gateway: httpx.AsyncClient, tab: Tab, people: People, database: Database, tmp_path: Path
) -> None:
    with serving(own_settings) as address:
        line = await make.line(gateway, name="Filling")
        sensor = await make.sensor(gateway, line, name="Cold store", max_value=5)
        await make.readings(gateway, sensor, [1.0, 2.0, 3.0])
        await sign_in(tab, address, people["demo", "viewer"].username)
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
        (tmp_path / "board.png").write_bytes(after)
        assert before != after


async def test_the_page_survives_a_restart_of_the_server(
    own_settings: Settings, gateway: httpx.AsyncClient, tab: Tab, people: People, client: httpx.AsyncClient
) -> None:
    with serving(own_settings) as address:
        line = await make.line(gateway, name="Steadfast")
        sensor = await make.sensor(gateway, line)
        await make.readings(gateway, sensor, [1.0])
        await sign_in(tab, address, people["demo", "viewer"].username)
        await tab.ask("window.sameDocument = true")
    await tab.until("document.querySelector('#live').dataset.state !== 'live'")
    await make.readings(client, sensor, [77.25])  # by another way, while the page hears nothing
    with serving(own_settings):
        await tab.until("document.querySelector('#live').dataset.state === 'live'")
        await tab.until(reads("77.25"))
        assert await tab.ask("window.sameDocument")


async def test_the_first_line_of_a_company_appears_by_itself(
    own_settings: Settings, tab: Tab, people: People, akron_client: httpx.AsyncClient
) -> None:
    with serving(own_settings) as address:
        await sign_in(tab, address, people["akron", "viewer"].username)
        await tab.until(reads("foodflow simulate"))
        line = await make.line(akron_client, name="The very first")
        await make.count(akron_client, line, 1)
        await tab.until(reads("The very first"))


async def test_a_session_that_has_ended_leads_back_to_the_form(
    own_settings: Settings, gateway: httpx.AsyncClient, tab: Tab, people: People, client: httpx.AsyncClient
) -> None:
    with serving(own_settings) as address:
        line = await make.line(gateway)
        await sign_in(tab, address, people["demo", "viewer"].username)
        await tab.ask("fetch('/logout', {method: 'POST', redirect: 'manual'}).then(() => 1)")
        await make.count(client, line, 1)
        await tab.until("location.pathname === '/login'")


async def test_the_page_counts_on_in_the_words_of_the_server(own_settings: Settings, tab: Tab) -> None:
    seconds = [
        0,
        59,
        60,
        3599,
        3600,
        7325,
        172_799,
        172_800,
        5_183_999,
        5_184_000,
        10**7,
        63_000_000,
        64 * 10**6,
        10**9,
    ]
    with serving(own_settings) as address:
        await tab.show(f"{address}/login")
        told = await tab.ask(f"import('/static/console.js').then((page) => {seconds}.map(page.span))")
    assert told == [words.span(length) for length in seconds]


@pytest.mark.parametrize("width", [360, 1400])
async def test_nothing_stands_out_of_the_page(
    own_settings: Settings, gateway: httpx.AsyncClient, tab: Tab, people: People, width: int
) -> None:
    with serving(own_settings) as address:
        line = await make.line(gateway, name="A line with a very long name " * 4, plant_name="Unbroken" * 12)
        sensor = await make.sensor(gateway, line, name="Temperatureofthesecondheatexchanger" * 3, max_value=2)
        await make.readings(gateway, sensor, [1, 1e12, -1e-9])
        await sign_in(tab, address, people["demo", "viewer"].username)
        await tab.show(f"{address}/", width=width, height=800)
        assert await tab.ask("document.documentElement.scrollWidth") <= width
