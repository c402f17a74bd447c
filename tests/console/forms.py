"""A browser without a screen: opens pages, fills their forms, and sends them with what they carry."""

from dataclasses import dataclass
from typing import Final

import httpx

from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.kernel.db import Database
from tests.console.make import BROWSER, Parsed
from tests.identity.make import browser
from tests.make import Person

ORIGIN: Final = {"Origin": "http://foodflow.test"}


@dataclass(frozen=True)
class Visitor:
    """Somebody at a browser of their own."""

    client: httpx.AsyncClient

    async def page(self, path: str) -> Parsed:
        """A page that must be there."""
        answer = await self.client.get(path, headers=BROWSER)
        assert answer.status_code == 200, answer.text
        return Parsed(answer.text)

    async def token(self, path: str = "/password/forgotten") -> str:
        """The token that the forms of a page carry."""
        return (await self.page(path)).all("input", name="csrf_token")[0]["value"] or ""

    async def send(self, path: str, /, **fields: str | list[str]) -> httpx.Response:
        """What a form is answered with that carries the token of this browser."""
        form = {"csrf_token": await self.token(), **fields}
        return await self.client.post(path, data=form, headers=BROWSER | ORIGIN)


async def visitor(client: httpx.AsyncClient, database: Database, person: Person) -> Visitor:
    """A browser in which somebody is signed in; the client must be nobody's yet."""
    client.cookies.set(SESSION_COOKIE, await browser(database, person, person.company))
    return Visitor(client)


def led_to(answer: httpx.Response, path: str) -> None:
    """Assert that a form led to a page."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == path
