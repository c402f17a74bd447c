"""Records of training, and who took part in what they are made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.live.rules.participants import ParticipantNotFound
from foodflow.live.rules.sessions import LARGEST_ID, Purpose
from foodflow.live.rules.training import Place, Questioned, TrainingRecordNotFound, actor_of
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.training import TrainingRecord

_AT_ONCE = 500
_PEOPLE = "user:%"
PersonNumber = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,10}$"), AfterValidator(lambda text: actor_of(int(text)))
]

LISTING = Listing(
    key=TrainingRecord.id,
    order="-attended_from",
    filters={
        "user_id": Filter(TrainingRecord.actor, PersonNumber),
        "session_id": Filter(TrainingRecord.session_id, int),
        "purpose": Filter(TrainingRecord.purpose, Purpose),
        "site": Filter(TrainingRecord.site),
        "passed": Filter(TrainingRecord.passed, bool),
        "attended_from": Filter(TrainingRecord.attended_from, datetime, ranges=True),
        "recorded_at": Filter(TrainingRecord.recorded_at, datetime, ranges=True),
    },
    orderings={
        "attended_from": TrainingRecord.attended_from,
        "recorded_at": TrainingRecord.recorded_at,
        "person_name": TrainingRecord.person_name,
        "title": TrainingRecord.title,
        "score": TrainingRecord.score,
    },
    searches=(TrainingRecord.person_name, TrainingRecord.title, TrainingRecord.facilitator),
    export="training-records",
)


def records(actor: Actor) -> Select[TrainingRecord]:
    """The records that exist for an actor: of no site, and of the sites that they are for."""
    found = select(TrainingRecord)
    if actor.sites is None:
        return found
    return found.where(or_(TrainingRecord.site == "", TrainingRecord.site.in_(actor.sites)))


def records_of(person: str) -> Select[TrainingRecord]:
    """The records of a person, of all sites."""
    return select(TrainingRecord).where(TrainingRecord.actor == person)


async def record(session: AsyncSession, actor: Actor, id: UUID) -> TrainingRecord:
    """A record, or a refusal."""
    found = await session.scalar(records(actor).where(TrainingRecord.id == id))
    if found is None:
        raise TrainingRecordNotFound(f"there is no training record {id}")
    return found


async def records_of_session(session: AsyncSession, session_id: int) -> dict[str, TrainingRecord]:
    """What is recorded of a session, by person."""
    found = await session.scalars(select(TrainingRecord).where(TrainingRecord.session_id == session_id))
    return {each.actor: each for each in found}


async def put_records(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> list[TrainingRecord]:
    """Keep records; one of the same person and session takes the place of the former."""
    put: list[TrainingRecord] = []
    for start in range(0, len(rows), _AT_ONCE):
        given = insert(TrainingRecord).values(rows[start : start + _AT_ONCE])
        changes = {name: given.excluded[name] for name in rows[0] if name not in {"id", "session_id", "actor"}}
        kept = given.on_conflict_do_update(index_elements=["session_id", "actor"], set_=changes)
        found = await session.scalars(kept.returning(TrainingRecord), execution_options={"populate_existing": True})
        put += found.all()
    return put


async def places_of_people(session: AsyncSession, session_id: int) -> list[Place]:
    """The places that people of the company had in a session."""
    found = select(LiveParticipant).where(
        LiveParticipant.session_id == session_id, LiveParticipant.actor != "", LiveParticipant.actor.like(_PEOPLE)
    )
    rows = (await session.scalars(found.order_by(LiveParticipant.id))).all()
    return [Place(p.actor, p.joined_at, p.last_seen, p.removed_at, p.score, p.correct) for p in rows]


async def questioned(session: AsyncSession, session_id: int) -> list[Questioned]:
    """The activities of a session, as far as they tell how many questions were asked."""
    found = select(LiveActivity).where(LiveActivity.session_id == session_id)
    rows = (await session.scalars(found.order_by(LiveActivity.id))).all()
    return [Questioned(a.type, a.config, a.step, (a.step_opened_at or a.opened_at) is not None) for a in rows]


async def participant_for_update(session: AsyncSession, session_id: int, id: int) -> LiveParticipant:
    """A participant of a session, which was locked before, locked until the transaction ends; or a refusal."""
    found = None
    if abs(id) <= LARGEST_ID:
        found = await session.get(LiveParticipant, id, with_for_update=True, populate_existing=True)
    if found is None or found.session_id != session_id:
        raise ParticipantNotFound(f"there is no participant {id} in this session")
    return found
