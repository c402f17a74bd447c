"""The application with routes of no context, which do what a route can do wrong."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Form
from pydantic import Field
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from foodflow.kernel import audit, errors, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import driver_connection, tenant_transaction
from foodflow.kernel.http import (
    CurrentActor,
    DirectoryTransaction,
    Transaction,
    guarded_router,
    needs,
    open_to_all,
)
from foodflow.kernel.wire import In, Instant, Line
from foodflow.main import create_app
from foodflow.settings import Settings
from tests.kernel.make import ThingHappened

router = guarded_router(prefix="/api/v1/probe")
REFUSALS = {kind.status: kind for kind in errors.Refusal.__subclasses__() if kind is not errors.Invalid}
TABLES = "CREATE TABLE notes (note text, number int CONSTRAINT uq_notes_number UNIQUE DEFERRABLE INITIALLY DEFERRED)"
NOTE = text("INSERT INTO notes VALUES (:note, :number)")


class PartIn(In):
    label: Line


class NoteIn(In):
    note: Line
    number: int = 0
    at: Instant | None = None
    parts: list[PartIn] = Field(default_factory=list)
    words: list[str] = Field(default_factory=list)
    details: dict[str, Any] = Field(default_factory=dict)


@router.post("/notes", dependencies=[needs("plant.configure")])
async def add_note(session: Transaction, body: NoteIn) -> dict[str, Any]:
    await session.execute(NOTE, {"note": body.note, "number": body.number})
    return body.model_dump(mode="json", exclude={"details"})


@router.post("/slow-notes", dependencies=[needs("plant.configure")])
async def add_note_slowly(session: Transaction, body: NoteIn) -> dict[str, Any]:
    await session.execute(text("SELECT pg_sleep(0.2)"))
    return await add_note(session, body)


@router.post("/located-notes", status_code=201, dependencies=[needs("plant.configure")])
async def add_located_note(session: Transaction, body: NoteIn, response: Response) -> dict[str, Any]:
    response.headers["Location"] = f"/api/v1/probe/notes/{body.note}"
    return await add_note(session, body)


@router.post("/streamed-notes", dependencies=[needs("plant.configure")])
async def add_streamed_note(session: Transaction, request: Request) -> StreamingResponse:
    note = b"".join([chunk async for chunk in request.stream()])
    await session.execute(NOTE, {"note": note.decode(), "number": None})
    return StreamingResponse((piece for piece in ("noted ", "in pieces")), media_type="text/plain")


@router.post("/refused-notes", dependencies=[needs("plant.configure")])
async def refuse_note(_session: Transaction) -> Response:
    return Response("not now", 503)


@router.post("/directory-notes", dependencies=[needs("plant.configure")])
async def add_to_the_trail(session: DirectoryTransaction, actor: CurrentActor, note: str) -> dict[str, Any]:
    audit.record(session, actor, "probe.noted", note)
    return {"companies": await session.scalar(text("SELECT count(*) FROM tenants"))}


@router.post("/open-notes", dependencies=[open_to_all()])
async def read_note(body: NoteIn) -> dict[str, str]:
    return {"note": body.note}


@router.post("/forms", dependencies=[open_to_all()])
async def read_form(note: Annotated[str, Form()]) -> dict[str, str]:
    return {"note": note}


@router.post("/streams", dependencies=[open_to_all()])
async def read_stream(request: Request) -> dict[str, int]:
    return {"bytes": sum([len(chunk) async for chunk in request.stream()])}


@router.get("/ids/{id}", dependencies=[needs("plant.read")])
async def read_id(id: UUID) -> dict[str, str]:
    return {"id": str(id)}


@router.get("/numbers/{number}", dependencies=[needs("plant.read")])
async def read_number(session: Transaction, number: int) -> dict[str, Any]:
    return {"number": await session.scalar(text("SELECT CAST(:number AS int)"), {"number": number})}


@router.get("/texts", dependencies=[needs("plant.read")])
async def read_text(session: Transaction, said: str) -> dict[str, Any]:
    return {"said": await session.scalar(text("SELECT CAST(:said AS text)"), {"said": said})}


@router.get("/refusals/{status}", dependencies=[open_to_all()])
async def refuse(status: int) -> None:
    raise REFUSALS[status]("because of the moon")


@router.get("/failures", dependencies=[needs("plant.read")])
async def fail() -> None:
    raise RuntimeError("the password is hunter2")


@router.get("/impossible-statements", dependencies=[needs("plant.read")])
async def fail_in_the_database(session: Transaction) -> None:
    await session.execute(text("SELECT * FROM hunter2"))


@router.get("/slow-statements", dependencies=[needs("plant.read")])
async def take_too_long(session: Transaction) -> None:
    await session.execute(text("SET LOCAL statement_timeout = '20ms'"))
    await session.execute(text("SELECT pg_sleep(20)"))


@router.get("/slow-copies", dependencies=[needs("plant.read")])
async def take_too_long_without_sqlalchemy(session: Transaction) -> None:
    await session.execute(text("SET LOCAL statement_timeout = '20ms'"))
    await (await driver_connection(session)).execute("SELECT pg_sleep(20)")


@router.post("/events", dependencies=[needs("plant.configure")])
async def tell(session: Transaction, number: int) -> dict[str, bool]:
    events.tell(session, ThingHappened(thing="a", number=number))
    return {"told": True}


@pytest.fixture(scope="module")
async def app(settings: Settings, demo: Actor) -> AsyncIterator[FastAPI]:
    """The application, started, with those routes."""
    app = create_app(settings)
    app.include_router(router)
    async with app.router.lifespan_context(app):
        async with tenant_transaction(app.state.database, demo) as session:
            await session.execute(text(TABLES))
        yield app
