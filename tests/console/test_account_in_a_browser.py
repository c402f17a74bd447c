"""The whole way of somebody new, in a real browser: an invitation, a password, a second factor, a stay elsewhere."""

import json
import time
from pathlib import Path

import httpx
import pyotp
import pytest

from tests.console.browser import CHROMIUM, Tab, browser
from tests.identity import make

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium, which is not installed here")

PASSWORD = "eleven purple lanterns over Cork"
EMAIL = "nell@example.com"


async def fill(tab: Tab, action: str, **values: str) -> None:
    """Type into the fields of the form that goes to an address, and send it."""
    form = f"document.querySelector('form[action=\"{action}\"]')"
    await tab.until(form)
    for name, value in values.items():
        await tab.ask(f"{form}.elements[{json.dumps(name)}].focus()")
        await tab.command("Input.insertText", text=value)
    await tab.ask(f"setTimeout(() => {form}.requestSubmit(), 0) && 1")


def next_code(secret: str) -> str:
    """The code of the next step of time, which is taken already and was not used yet."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30)


async def test_somebody_new_joins_and_guards_their_account(
    address: str, client: httpx.AsyncClient, database_url: str, tmp_path: Path
) -> None:
    body = {"email": EMAIL, "roles": ["viewer"], "first_name": "Nell"}
    assert (await client.post("/api/v1/invitations", json=body)).status_code == 201
    link = make.link_in(make.mails(database_url, EMAIL)[-1])
    async with browser(tmp_path) as tab:
        await tab.show(f"{address}/invitation#{link}", width=390)
        await fill(tab, "/invitation/accept", username="nell", password=PASSWORD)
        await tab.until("location.pathname === '/login'")
        assert link not in await tab.ask("location.href + document.documentElement.outerHTML")

        await fill(tab, "/login", username="nell", password=PASSWORD)
        await tab.until("location.pathname === '/'")
        await tab.show(f"{address}/account")
        await fill(tab, "/account/second-factor", current_password=PASSWORD)
        await tab.until("document.querySelector('.qr svg')")
        secret = await tab.ask("document.querySelector('[name=secret]').value")
        await fill(tab, "/account/second-factor/confirm", code=pyotp.TOTP(secret).now())
        await tab.until("document.querySelectorAll('#codes li').length === 10")
        recovery_code = await tab.ask("document.querySelector('#codes li').innerText")
        await tab.ask("document.querySelector('[data-copies]').click()")
        await tab.until("document.getElementById('copied').textContent !== ''")

        await fill(tab, "/logout")
        await fill(tab, "/login", username="nell", password=PASSWORD)
        await fill(tab, "/login/code", code=next_code(secret))
        await tab.until("location.pathname === '/'")

        async with httpx.AsyncClient(base_url=address, trust_env=False) as elsewhere:
            proof = {"username": "nell", "password": PASSWORD, "code": recovery_code}
            tokens = (await elsewhere.post("/api/v1/auth/token", json=proof)).json()
            there = {"Authorization": f"Bearer {tokens['access_token']}"}
            assert (await elsewhere.get("/api/v1/auth/user", headers=there)).status_code == 200
            await tab.show(f"{address}/account", width=390)
            await fill(tab, "/account/stays/end-others")
            await tab.until("location.search === '?done=stays' && document.activeElement.className === 'done'")
            assert (await elsewhere.get("/api/v1/auth/user", headers=there)).status_code == 401
        assert tab.troubles == []
