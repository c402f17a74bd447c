"""What live sessions hold about a person: given out to them, and without their name when they are erased."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.queries import personal as queries
from foodflow.live.rules.anonymity import is_named
from foodflow.live.tables.training import TrainingRecord


async def recorded_by(session: AsyncSession, who: str) -> dict[str, list[dict[str, Any]]]:
    """The sessions that an actor (`user:17`) made, those that they took part in, what they answered there, and what is
    recorded of their training. What they said anonymously is not told, for others may ask for it too.
    """
    places = await queries.places_of(session, who)
    responses = await queries.responses_of(session, who)
    return {
        "sessions": [
            {"session": s.id, "title": s.title, "at": s.created_at} for s in await queries.sessions_of(session, who)
        ],
        "participations": [
            {
                "session": p.session_id,
                "title": title,
                "nickname": p.nickname,
                "at": p.joined_at,
                "last_seen": p.last_seen,
                "score": p.score,
                "correct": p.correct,
            }
            for p, title in places
        ],
        "responses": [
            {
                "session": r.session_id,
                "activity": r.activity_id,
                "title": title,
                "at": r.created_at,
                "said": r.response_data if is_named(kind, r.response_data) else None,
                "points": r.points,
            }
            for r, kind, title in responses
        ],
        "training_records": [_record(each) for each in await queries.records_of(session, who)],
    }


async def forget(session: AsyncSession, who: str) -> None:
    """Take the names of somebody who is erased out of sessions, answers and records."""
    await queries.forget_names(session, who)


def _record(record: TrainingRecord) -> dict[str, Any]:
    return {
        "record": record.id,
        "person_name": record.person_name,
        "title": record.title,
        "purpose": record.purpose,
        "attended_from": record.attended_from,
        "attended_until": record.attended_until,
        "score": record.score,
        "correct": record.correct,
        "questions": record.questions,
        "passed": record.passed,
    }
