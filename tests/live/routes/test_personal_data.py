"""What sessions hold about somebody: given to them, and without their name when they are erased."""

import json

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.training import TrainingRecord
from foodflow.live.usecases.training import record_attendance
from tests.identity.make import somebody
from tests.identity.operators import client_as
from tests.live.make_records import POLL, activity, live_session, place, response
from tests.make import Person

USERS = "/api/v1/users"
SIGNED = {"anonymous": False, "participant_info": {"nickname": "Ada from line 2"}}


async def made(database: Database, demo: Actor, person: Person) -> int:
    """A session that somebody led and took part in, beside a guest; its number."""
    who = f"user:{person.id}"
    async with tenant_transaction(database, demo) as session:
        live = await live_session(session, title="Knives", created_by=who)
        own, guest = await place(session, live, who, nickname="Ada from line 2"), await place(session, live)
        poll = await activity(session, live, "poll", POLL, title="Ready?")
        await response(session, poll, own, {"selected_options": ["Yes"], **SIGNED})
        await response(session, poll, own, {"selected_options": ["No"], "anonymous": True})
        await response(session, poll, guest, {"selected_options": ["Maybe"], **SIGNED})
        await record_attendance(session, demo, live)
        return live.id


async def test_somebody_is_told_what_sessions_hold_about_them_but_for_what_they_said_anonymously(
    app: FastAPI, database: Database, demo: Actor, database_url: str, password_hash: str
) -> None:
    person = somebody(database_url, password_hash, "demo", role="operator")
    id = await made(database, demo, person)
    async with client_as(app, person, "demo") as own:
        told = (await own.get(f"{USERS}/{person.id}/export")).json()["records"]["live"]
    assert [each["session"] for each in told["sessions"]] == [id]
    assert [(each["title"], each["nickname"]) for each in told["participations"]] == [("Knives", "Ada from line 2")]
    assert [each["said"] and each["said"]["selected_options"] for each in told["responses"]] == [["Yes"], None]
    assert [each["person_name"] for each in told["training_records"]] == [person.username]


async def test_an_erased_person_is_a_number_in_sessions_and_records(
    client: httpx.AsyncClient, database: Database, demo: Actor, database_url: str, password_hash: str
) -> None:
    person = somebody(database_url, password_hash, "demo", role="operator")
    id, who = await made(database, demo, person), f"user:{person.id}"
    assert (await client.post(f"{USERS}/{person.id}/erase")).is_success
    async with tenant_transaction(database, demo) as session:
        places = (await session.scalars(select(LiveParticipant).where(LiveParticipant.session_id == id))).all()
        said = (await session.scalars(select(LiveResponse.response_data).where(LiveResponse.session_id == id))).all()
        [record] = (await session.scalars(select(TrainingRecord).where(TrainingRecord.session_id == id))).all()
    assert sorted(place.actor for place in places) == ["", who]
    assert all("Ada" not in place.nickname for place in places)
    assert (record.actor, record.person_name, record.facilitator, record.led_by) == (who, "", "", who)
    assert [each.get("participant_info") for each in said] == [None, None, SIGNED["participant_info"]]
    assert json.dumps(said).count("Yes") == 1
    listed = (await client.get("/api/v1/training-records", params={"user_id": str(person.id)})).json()["results"]
    assert [each["person_name"] for each in listed] == [""]
