"""Fixtures of the plant: one line and one sensor with limits for those who need no others, and a witness."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from tests.plant import alarms, make
from tests.plant.make import Json, Witness
from tests.plant.sites import limited, north

__all__ = ["limited", "north"]


@pytest.fixture(autouse=True)
def begun() -> None:
    """A test begins now, whenever its file was read."""
    alarms.begin()


@pytest.fixture
async def line(client: httpx.AsyncClient) -> Json:
    """A line that makes 80 items a minute."""
    return await make.line(client, design_speed=80)


@pytest.fixture
async def sensor(client: httpx.AsyncClient) -> Json:
    """A sensor of a cold store: from 0 to 5 °C."""
    return await make.sensor(client, min_value=0, max_value=5)


@pytest.fixture
async def witness(database: Database, demo: Actor) -> Witness:
    """Sees what happens in `demo` from now on."""
    witness = Witness(database, demo)
    await witness.look_away()
    return witness


@pytest.fixture
async def akron_witness(database: Database, akron: Actor) -> Witness:
    """Sees what happens in `akron` from now on."""
    witness = Witness(database, akron)
    await witness.look_away()
    return witness


@pytest.fixture
def statements(app: FastAPI) -> Iterator[list[str]]:
    """Every statement that the application sends to its database, COPY apart."""
    sent: list[str] = []

    def note(*context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        sent.append(context[2])

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)
