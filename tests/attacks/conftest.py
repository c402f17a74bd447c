"""Who attacks and who is attacked."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel.db import Database
from tests.attacks.callers import RUNS_THE_INSTALLATION, Csrf, World, token
from tests.make import Person


@pytest.fixture(scope="module")
def world(app: FastAPI, database: Database, people: dict[tuple[str, str], Person], password_hash: str) -> World:
    return World.of(app, database, people, password_hash)


@pytest.fixture(scope="module")
async def csrf(app: FastAPI) -> Csrf:
    """The token against forged calls."""
    return await Csrf.fetched(app)


@pytest.fixture(scope="module")
async def ruler(app: FastAPI, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator of `demo` who runs the installation as well, and so is held up by nothing but the rules."""
    person = world.somebody("administrator", change=RUNS_THE_INSTALLATION)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://foodflow.test", headers=token(person)) as client:
        yield client
