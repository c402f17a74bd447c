"""Attendance is recorded when a session is over: once, for people, and again where something has changed."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import events
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Invalid, NotFound
from foodflow.live.events.training import TrainingRecorded, TrainingWithdrawn
from foodflow.live.rules.sessions import Purpose, SessionStatus
from foodflow.live.rules.training import PlaceTaken
from foodflow.live.tables.training import TrainingRecord
from foodflow.live.usecases.training import assign_person, record_attendance
from tests.live.make_records import END, POLL, QUIZ, START, activity, live_session, minute, place
from tests.make import Person

People = dict[tuple[str, str], Person]


def person(people: People, role: str, company: str = "demo") -> str:
    return f"user:{people[company, role].id}"


def told(session: AsyncSession) -> list[events.Event]:
    """What was told since this was asked last."""
    return [event for _, _, event in session.info.pop("foodflow.events.told", [])]


async def recorded(session: AsyncSession, session_id: int) -> Sequence[TrainingRecord]:
    found = select(TrainingRecord).where(TrainingRecord.session_id == session_id).order_by(TrainingRecord.actor)
    return (await session.scalars(found)).all()


async def test_people_get_a_record_and_guests_none(session: AsyncSession, demo: Actor, people: People) -> None:
    ann, leader = person(people, "operator"), person(people, "supervisor")
    live = await live_session(session, title="Knives", site="Hall", created_by=leader)
    await place(session, live, ann, joined_at=minute(3))
    await place(session, live)
    await place(session, live, "service:3")
    [record] = await record_attendance(session, demo, live)
    assert (record.actor, record.person_name, record.facilitator) == (ann, "operator.demo", "supervisor.demo")
    assert (record.title, record.purpose, record.site) == ("Knives", "toolbox_talk", "Hall")
    assert (record.attended_from, record.attended_until) == (minute(3), END)
    assert (record.score, record.correct, record.questions, record.passed) == (None, None, None, None)
    assert await recorded(session, live.id) == [record]
    [event] = told(session)
    assert isinstance(event, TrainingRecorded)
    assert (event.person, event.record_id, event.site, event.attended_from) == (ann, record.id, "Hall", minute(3))


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_it_is_recorded_of_some_purposes_alone(
    purpose: Purpose, session: AsyncSession, demo: Actor, people: People
) -> None:
    live = await live_session(session, purpose=purpose)
    await place(session, live, person(people, "operator"))
    assert bool(await record_attendance(session, demo, live)) == (purpose != Purpose.GENERAL)


async def test_scores_of_quizzes_are_recorded_and_the_mark_decides(
    session: AsyncSession, demo: Actor, people: People
) -> None:
    live = await live_session(session, purpose=Purpose.HACCP_QUIZ, pass_mark=66)
    await activity(session, live, "quiz", QUIZ)
    await activity(session, live, "poll", POLL)
    await activity(session, live, "quiz", QUIZ, step_opened_at=None, opened_at=None)
    await place(session, live, person(people, "operator"), score=1800, correct=2, answered=3)
    await place(session, live, person(people, "viewer"), score=900, correct=1, answered=1)
    await record_attendance(session, demo, live)
    found = {record.person_name: record for record in await recorded(session, live.id)}
    said = {name: (each.score, each.correct, each.questions, each.passed) for name, each in found.items()}
    assert said == {"operator.demo": (1800, 2, 3, True), "viewer.demo": (900, 1, 3, False)}


async def test_completing_again_changes_what_has_changed_and_tells_nothing_else(
    session: AsyncSession, demo: Actor, people: People
) -> None:
    live = await live_session(session, purpose=Purpose.HACCP_QUIZ, pass_mark=50)
    await activity(session, live, "quiz", QUIZ)
    first = await place(session, live, person(people, "operator"), correct=1)
    await place(session, live, person(people, "viewer"), correct=3)
    before = {record.actor: record.id for record in await record_attendance(session, demo, live)}
    told(session)
    assert await record_attendance(session, demo, live) == []
    assert told(session) == []
    first.correct, live.completed_at = 2, END
    await session.flush()
    [again] = await record_attendance(session, demo, live)
    assert (again.id, again.correct, again.passed) == (before[first.actor], 2, True)
    assert len(told(session)) == 1
    assert {record.actor: record.id for record in await recorded(session, live.id)} == before


async def test_a_session_that_never_began_records_nothing(session: AsyncSession, demo: Actor, people: People) -> None:
    live = await live_session(session, started_at=None)
    await place(session, live, person(people, "operator"))
    assert await record_attendance(session, demo, live) == []


async def test_many_people_are_recorded(session: AsyncSession, demo: Actor) -> None:
    live = await live_session(session)
    for number in range(1_000_000, 1_001_100):
        await place(session, live, f"user:{number}")
    assert len(await record_attendance(session, demo, live)) == 1100
    assert {record.person_name for record in await recorded(session, live.id)} == {""}


async def test_a_guest_s_place_becomes_somebody_s_and_is_recorded_once_the_session_is_over(
    session: AsyncSession, demo: Actor, people: People
) -> None:
    ann = people["demo", "operator"]
    live = await live_session(session, status=SessionStatus.ACTIVE, completed_at=None)
    guest = await place(session, live, nickname="Ann from line 2")
    given = await assign_person(session, demo, live.id, guest.id, user_id=ann.id)
    assert (given.person_name, given.record) == ("operator.demo", None)
    assert (guest.actor, guest.assigned_by) == (f"user:{ann.id}", demo.id)
    live.status, live.completed_at = SessionStatus.COMPLETED, END
    [record] = await record_attendance(session, demo, live)
    assert record.actor == guest.actor
    assert (await assign_person(session, demo, live.id, guest.id, user_id=ann.id)).record == record


async def test_whoever_was_put_there_by_mistake_loses_the_record(
    session: AsyncSession, demo: Actor, people: People
) -> None:
    wrong, right = people["demo", "viewer"], people["demo", "operator"]
    live = await live_session(session)
    guest = await place(session, live)
    await assign_person(session, demo, live.id, guest.id, user_id=wrong.id)
    assert [type(event) for event in told(session)] == [TrainingRecorded]
    given = await assign_person(session, demo, live.id, guest.id, user_id=right.id)
    assert [type(event) for event in told(session)] == [TrainingWithdrawn, TrainingRecorded]
    assert [record.actor for record in await recorded(session, live.id)] == [f"user:{right.id}"]
    assert given.record is not None
    assert given.record.attended_from == START


async def test_a_record_of_another_place_of_the_same_person_stays(
    session: AsyncSession, demo: Actor, people: People
) -> None:
    ann, other = people["demo", "operator"], people["demo", "viewer"]
    live = await live_session(session)
    await place(session, live, f"user:{ann.id}")
    guest = await place(session, live)
    await assign_person(session, demo, live.id, guest.id, user_id=ann.id)
    await assign_person(session, demo, live.id, guest.id, user_id=other.id)
    assert {record.actor for record in await recorded(session, live.id)} == {f"user:{ann.id}", f"user:{other.id}"}


async def test_who_signed_in_keeps_their_place_and_nobody_of_another_company_gets_one(
    session: AsyncSession, demo: Actor, people: People
) -> None:
    live, elsewhere = await live_session(session), await live_session(session)
    own = await place(session, live, person(people, "operator"))
    guest = await place(session, live)
    with pytest.raises(PlaceTaken):
        await assign_person(session, demo, live.id, own.id, user_id=people["demo", "viewer"].id)
    for user_id in (people["akron", "operator"].id, 2**31 - 1):
        with pytest.raises(Invalid):
            await assign_person(session, demo, live.id, guest.id, user_id=user_id)
    for session_id, participant_id in ((elsewhere.id, guest.id), (live.id, 2**31 - 1), (live.id, 2**70)):
        with pytest.raises(NotFound):
            await assign_person(session, demo, session_id, participant_id, user_id=people["demo", "viewer"].id)


async def test_a_record_outlives_its_session(session: AsyncSession, demo: Actor, people: People) -> None:
    live = await live_session(session, title="Gone")
    await place(session, live, person(people, "operator"))
    [record] = await record_attendance(session, demo, live)
    await session.delete(live)
    await session.flush()
    await session.refresh(record)
    assert (record.session_id, record.title) == (None, "Gone")
