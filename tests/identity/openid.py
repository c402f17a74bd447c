"""What a browser does to sign in with an identity provider, and what that leaves in the directory."""

from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg

from tests.kernel.http.make import problem
from tests.make import Person

CALLBACK = "/api/v1/auth/oidc/callback"
COOKIE = "foodflow_session"


def email_of(person: Person) -> str:
    return f"{person.username}@example.test"


def change(url: str, statement: str, *values: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values)


def links(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM platform.external_identities").fetchone()
    assert row is not None
    count: int = row[0]
    return count


async def start(visitor: httpx.AsyncClient, provider_id: str, next_path: str = "/") -> httpx.Response:
    return await visitor.get(f"/api/v1/auth/oidc/{provider_id}/start", params={"next": next_path, "moved": "true"})


async def at_provider(begun: httpx.Response) -> dict[str, str]:
    """Let the provider sign us in, over the network, and return what it gives back."""
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as browser_there:
        led_back = (await browser_there.get(begun.headers["location"])).headers["location"]
    assert led_back.startswith(f"http://127.0.0.1:8000{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(led_back).query).items()}


async def sign_in(visitor: httpx.AsyncClient, provider_id: str, next_path: str = "/") -> httpx.Response:
    """All that a browser does to sign in."""
    return await visitor.get(CALLBACK, params=await at_provider(await start(visitor, provider_id, next_path)))


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert problem(answer, status)["code"] == code
    assert COOKIE not in answer.cookies
