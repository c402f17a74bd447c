"""A client written for another server, in a real browser: it fetches its token once, and keeps it through signing in,
changing something, signing out and signing in again.
"""

import json
from pathlib import Path

import pytest

from tests.console.browser import CHROMIUM, browser
from tests.make import PASSWORD, Person

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium, which is not installed here")

CLIENT = """
let token = null
async function call(method, path, body) {
  const headers = {"Content-Type": "application/json"}
  if (method !== "GET") {
    token ??= (await (await fetch("/api/csrf/", {credentials: "include"})).json()).csrfToken
    headers["X-CSRFToken"] = token
  }
  const sent = body === undefined ? undefined : JSON.stringify(body)
  const answer = await fetch("/api" + path, {method, headers, credentials: "include", body: sent})
  return [answer.status, await answer.json()]
}
"""


async def test_one_tab_signs_in_writes_signs_out_and_in_again(
    address: str, people: dict[tuple[str, str], Person], tmp_path: Path
) -> None:
    username = people["demo", "manager"].username
    async with browser(tmp_path) as tab:
        await tab.show(f"{address}/login")
        await tab.ask(f"{CLIENT}; globalThis.call = call; 1")

        async def call(method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
            given = [json.dumps(each) for each in (method, path, body) if each is not None]
            status, answer = await tab.ask(f"call({', '.join(given)})")
            return status, answer

        assert (await call("GET", "/auth/user/"))[0] == 401
        for number in ("TAB-1", "TAB-2"):
            status, user = await call("POST", "/auth/login/", {"username": username, "password": PASSWORD})
            assert (status, user["username"]) == (200, username)
            assert (await call("GET", "/auth/user/"))[0] == 200
            line = {"line_number": number, "name": "Filling"}
            assert (await call("POST", "/plant-ops/lines/", line))[0] == 201
            assert await call("POST", "/auth/logout/") == (200, {})
            assert (await call("GET", "/auth/user/"))[0] == 401
            assert (await call("POST", "/plant-ops/lines/", line))[0] == 401
        assert "foodflow" not in await tab.ask("document.cookie")
