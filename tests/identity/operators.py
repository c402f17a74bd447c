"""Makes those who run the installation, and clients that call in somebody's name."""

import httpx
import psycopg
from fastapi import FastAPI

from tests.identity.make import claims, signed
from tests.make import Person


def make_operator(url: str, person: Person) -> None:
    """Let somebody run the installation."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE platform.users SET is_operator = true WHERE id = %s", [person.id])


def client_as(app: FastAPI, person: Person, company: str = "") -> httpx.AsyncClient:
    """A client with an access token of somebody, who has proved a password, in a company."""
    token = signed(claims(person, tenant=company or person.company, amr=["pwd"]))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=transport, base_url="http://foodflow.test", headers=headers)
