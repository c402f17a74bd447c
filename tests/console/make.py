"""A plant for the pages to show, set up over HTTP, and pages taken apart."""

from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any, Final
from uuid import uuid4

import httpx
from sqlalchemy import text

from foodflow.kernel import clock
from foodflow.kernel.db import Database, tenant_transaction
from tests.make import everything

PLANT: Final = "/api/v1/plant-ops"
BROWSER: Final = {"Accept": "text/html"}
_WITHIN_TEXT: Final = {"a", "b", "small", "span", "time"}


async def posted(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a call that must succeed was answered."""
    answer = await client.post(PLANT + path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def line(client: httpx.AsyncClient, *, name: str = "Filling", **fields: object) -> dict[str, Any]:
    """A line with a number of its own."""
    return await posted(client, "/lines", {"line_number": f"L-{uuid4().hex[:12]}", "name": name} | fields)


async def state(
    client: httpx.AsyncClient, line: dict[str, Any], status: str, *, ago: timedelta, reason: str = ""
) -> None:
    """Record a line's state since a moment in the past."""
    at = (clock.now() - ago).isoformat()
    await posted(client, f"/lines/{line['id']}/status", {"status": status, "at": at, "reason": reason})


async def count(
    client: httpx.AsyncClient, line: dict[str, Any], good: int, *, scrap: int = 0, minutes_ago: int = 5
) -> None:
    """Record what a line made."""
    at = (clock.now() - timedelta(minutes=minutes_ago)).isoformat()
    await posted(client, f"/lines/{line['id']}/counts", {"good": good, "scrap": scrap, "at": at})


async def sensor(
    client: httpx.AsyncClient, line: dict[str, Any], *, name: str = "Cold store", **fields: object
) -> dict[str, Any]:
    """A sensor with a code of its own."""
    code = f"s-{uuid4().hex[:12]}"
    given = {"line_id": line["id"], "sensor_code": code, "name": name, "sensor_type": "temperature"}
    return await posted(client, "/sensors", given | {"unit_of_measure": "Cel"} | fields)


async def retold(database: Database, statement: str, **values: object) -> None:
    """Change in `demo` what the interface would not take any more, and older versions have stored."""
    async with tenant_transaction(database, everything("demo")) as session:
        await session.execute(text(statement), values)


async def readings(
    client: httpx.AsyncClient, sensor: dict[str, Any], values: list[float], *, last: datetime | None = None
) -> datetime:
    """Store readings a minute apart, the last of them at `last` (now); returns when the first was taken."""
    end = last or clock.now()
    times = [end - timedelta(minutes=len(values) - 1 - number) for number in range(len(values))]
    rows = [
        {"sensor_id": sensor["id"], "timestamp": at.isoformat(), "value": value}
        for at, value in zip(times, values, strict=True)
    ]
    await posted(client, "/sensors/readings/bulk", {"readings": rows})
    return times[0]


async def page(client: httpx.AsyncClient, path: str = "/") -> "Parsed":
    """A page that must be there."""
    answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return Parsed(answer.text)


class Parsed(HTMLParser):
    """The elements of a page, each with its attributes, and all of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        """Everything that is to be read, in one line."""
        return " ".join("".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        self.elements.append((tag, dict(attrs)))
        if tag not in _WITHIN_TEXT:
            self._texts.append(" ")

    def handle_data(self, data: str) -> None:
        """Called by the parser."""
        self._texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a name that has these (`class_` means `class`, `data_x` means `data-x`)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]
