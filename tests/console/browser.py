"""A headless Chromium, driven over its DevTools protocol: open a page, fill a form, ask the page, take its picture."""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PATIENCE: Final = 20.0
_FLAGS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"),
)


class Tab:
    """A page of the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = count(1)
        self.troubles: list[str] = []
        """What the page complained about: exceptions, and what its security policy refused."""

    async def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give a command and wait for its result; events that come in between are looked through for troubles."""
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._notice(message)

    def _notice(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.troubles.append(json.dumps(parameters["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.troubles.append(parameters["entry"]["text"] + " " + parameters["entry"].get("url", ""))

    async def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page answers
        """The value of a JavaScript expression, a promise's too."""
        answer = await self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str, *, patience: float = PATIENCE) -> None:
        """Wait until an expression is true, also through the loading of another page."""
        async with asyncio.timeout(patience):
            while not await self.ask(f"document.readyState === 'complete' && !!({expression})"):  # noqa: ASYNC110 - a page sets no event of ours
                await asyncio.sleep(0.05)

    async def show(self, url: str, *, width: int = 1400, height: int = 1000, dark: bool = False) -> None:
        """Go to a page in a window of this size."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.command("Emulation.setEmulatedMedia", features=[scheme])
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        await self.command("Page.navigate", url=url)
        await self.until("true")

    async def enter(self, **values: str) -> None:
        """Type into the fields of these ids and send the form."""
        for id, value in values.items():
            await self.ask(f"document.getElementById({json.dumps(id)}).focus()")
            await self.command("Input.insertText", text=value)
        await self.ask("setTimeout(() => document.querySelector('form').requestSubmit(), 0) && 1")

    async def picture(self, *, whole: bool = False) -> bytes:
        """A picture (PNG) of what is to be seen, or of the whole page."""
        answer = await self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Tab]:
    """A browser with an empty profile in this folder, and its one page."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with connect(await _address(profile), max_size=None, proxy=None, ping_interval=None) as socket:
            tab = Tab(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                await tab.command(f"{domain}.enable")
            yield tab
            await tab.command("Browser.close")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _address(profile: Path) -> str:
    """Where the browser's page listens: it writes its port into its profile once it does."""
    port_file = profile / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False) as client:
        while True:
            if port_file.exists() and (port := port_file.read_text().partition("\n")[0]):
                pages = (await client.get(f"http://127.0.0.1:{port}/json")).json()
                address = next((page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"), None)
                if address is not None:
                    return str(address)
            await asyncio.sleep(0.05)
