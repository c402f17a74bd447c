"""Records of training: that somebody attended a session is kept when it is over, and outlives it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.public.people import names_of
from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.live.events.training import TrainingRecorded, TrainingWithdrawn
from foodflow.live.queries import sessions as session_queries
from foodflow.live.queries import training as queries
from foodflow.live.rules import training as rules
from foodflow.live.rules.sessions import SessionStatus
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.tables.training import TrainingRecord


@dataclass(frozen=True, slots=True)
class Assigned:
    """Whose place it is now, and what is recorded of them, if that is."""

    participant: LiveParticipant
    user_id: int
    person_name: str
    record: TrainingRecord | None


async def record_attendance(session: AsyncSession, actor: Actor, live_session: LiveSession) -> list[TrainingRecord]:
    """Record who attended a session that is over, for purposes of which that is recorded, and give out what is new or
    has changed; what stands there already stays. The session is locked.
    """
    if live_session.purpose not in rules.RECORDED or live_session.started_at is None:
        return []
    there = rules.attended(
        await queries.places_of_people(session, live_session.id),
        started_at=live_session.started_at,
        completed_at=live_session.completed_at or clock.now(),
    )
    questions = rules.questions_asked(await queries.questioned(session, live_session.id))
    names = await _names(session, actor, [live_session.created_by, *(each.actor for each in there)])
    before = await queries.records_of_session(session, live_session.id)
    rows = [_row(live_session, each, questions, names) for each in there]
    fresh = [row for row in rows if _differs(before.get(row["actor"]), row)]
    put = await queries.put_records(session, fresh)
    for record in put:
        events.tell(session, _told(record))
    if put:
        audit.record(session, actor, "training.recorded", live_session.id, records=len(put), questions=questions)
    return put


async def assign_person(
    session: AsyncSession, actor: Actor, session_id: int, participant_id: int, *, user_id: int
) -> Assigned:
    """Say which person of the company has a guest's place. Of a session that is over their attendance is recorded, and
    that of whoever was put there by mistake is taken back.
    """
    live_session = await session_queries.live_session_for_update(session, actor, session_id)
    participant = await queries.participant_for_update(session, live_session.id, participant_id)
    person = rules.actor_of(user_id)
    rules.require_assignable(participant.actor, participant.assigned_by, to=person)
    names = await names_of(session, actor, [user_id])
    if user_id not in names:
        raise rules.no_such_person(user_id)
    if participant.actor != person:
        before, participant.actor, participant.assigned_by = participant.actor, person, actor.id
        audit.record(
            session,
            actor,
            "live_participant.assigned",
            participant.id,
            session=session_id,
            person=person,
            before=before,
        )
        if live_session.status == SessionStatus.COMPLETED:
            await session.flush()
            await _withdraw(session, actor, live_session, before)
            await record_attendance(session, actor, live_session)
    recorded = await queries.records_of_session(session, live_session.id)
    return Assigned(participant, user_id, names[user_id], recorded.get(person))


async def _withdraw(session: AsyncSession, actor: Actor, live_session: LiveSession, person: str) -> None:
    """Take back what is recorded of somebody who has no place in the session any more."""
    places = await queries.places_of_people(session, live_session.id)
    record = (await queries.records_of_session(session, live_session.id)).get(person)
    if record is None or any(place.actor == person for place in places):
        return
    audit.record(session, actor, "training.withdrawn", record.id, session=live_session.id, person=person)
    events.tell(session, TrainingWithdrawn(**_named(record)))
    await session.delete(record)
    await session.flush()


async def _names(session: AsyncSession, actor: Actor, people: Iterable[str]) -> dict[str, str]:
    numbers = {number for each in people if (number := rules.number_of(each)) is not None}
    return {rules.actor_of(id): name for id, name in (await names_of(session, actor, numbers)).items()}


def _row(live_session: LiveSession, there: rules.Attended, questions: int, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": clock.new_id(),
        "actor": there.actor,
        "person_name": names.get(there.actor, ""),
        "session_id": live_session.id,
        "title": live_session.title,
        "purpose": live_session.purpose,
        "site": live_session.site,
        "facilitator": names.get(live_session.created_by, ""),
        "led_by": live_session.created_by,
        "attended_from": there.since,
        "attended_until": there.until,
        "score": there.score if questions else None,
        "correct": there.correct if questions else None,
        "questions": questions or None,
        "passed": rules.passed(there.correct, questions, live_session.pass_mark),
        "recorded_at": clock.now(),
    }


def _differs(before: TrainingRecord | None, row: dict[str, Any]) -> bool:
    return before is None or any(
        getattr(before, name) != value for name, value in row.items() if name not in {"id", "recorded_at"}
    )


def _named(record: TrainingRecord) -> dict[str, Any]:
    return {
        "record_id": record.id,
        "person": record.actor,
        "session_id": record.session_id,
        "title": record.title,
        "purpose": record.purpose,
        "site_name": record.site,
    }


def _told(record: TrainingRecord) -> TrainingRecorded:
    return TrainingRecorded(
        **_named(record),
        attended_from=record.attended_from,
        attended_until=record.attended_until,
        score=record.score,
        correct=record.correct,
        questions=record.questions,
        passed=record.passed,
    )
