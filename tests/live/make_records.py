"""Rows that files and records are made of: sessions that went on for an hour, who was there, what they answered."""

import itertools
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.moderation import ResponseStatus
from foodflow.live.rules.participants import ParticipantRole
from foodflow.live.rules.sessions import Admission, Progression, Purpose, SessionStatus
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession

START: Final = datetime.fromisoformat("2026-01-05T06:00:00Z")
END: Final = START + timedelta(hours=1)
QUIZ: Final[dict[str, Any]] = {
    "title": "Hygiene",
    "questions": [
        {"kind": "single", "text": "How cold?", "options": ["5 °C", "9 °C"], "solution": "5 °C"},
        {"kind": "number", "text": "How many?", "solution": 3},
        {"kind": "true_false", "text": "Gloves?", "solution": True},
    ],
}
POLL: Final[dict[str, Any]] = {"question": "Ready?", "options": ["Yes", "No"]}
_numbers = itertools.count(1)


def minute(number: float) -> datetime:
    """A moment of the session."""
    return START + timedelta(minutes=number)


def _with(row: Any, fields: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever row
    for name, value in fields.items():
        setattr(row, name, value)
    return row


async def live_session(session: AsyncSession, **fields: Any) -> LiveSession:  # noqa: ANN401 - of the row's types
    """A toolbox talk that took an hour and is over."""
    number = next(_numbers)
    row: LiveSession = _with(
        LiveSession(
            title=f"Talk {number}",
            status=SessionStatus.COMPLETED,
            purpose=Purpose.TOOLBOX_TALK,
            site="",
            qr_code=f"Q{number:07}",
            admin_code=f"A{number:05}",
            max_participants=100,
            admission=Admission.ANYONE,
            progression=Progression.HAND,
            allows_late_join=True,
            filters_nicknames=True,
            shows_leaderboard=False,
            participant_count=0,
            sequence=0,
            created_by="system:tests",
            started_at=START,
            completed_at=END,
            created_at=START,
            updated_at=END,
        ),
        fields,
    )
    session.add(row)
    await session.flush()
    return row


async def place(session: AsyncSession, live: LiveSession, actor: str = "", **fields: Any) -> LiveParticipant:  # noqa: ANN401 - the same
    """Somebody's place, taken five minutes before the session began."""
    row: LiveParticipant = _with(
        LiveParticipant(
            session_id=live.id,
            nickname=f"Guest {next(_numbers)}",
            actor=actor,
            role=ParticipantRole.PARTICIPANT,
            score=0,
            streak=0,
            correct=0,
            answered=0,
            joined_at=minute(-5),
            last_seen=minute(-5),
        ),
        fields,
    )
    session.add(row)
    await session.flush()
    return row


async def activity(
    session: AsyncSession,
    live: LiveSession,
    kind: str,
    config: dict[str, Any],
    **fields: Any,  # noqa: ANN401 - the same
) -> LiveActivity:
    """An activity that is over, opened and asked to its last question."""
    questions = config.get("questions", [None])
    row: LiveActivity = _with(
        LiveActivity(
            id=clock.new_id(),
            session_id=live.id,
            type=kind,
            title="",
            config=config,
            activity_metadata={},
            order_index=next(_numbers),
            state=ActivityState.EXPIRED,
            step=len(questions) - 1,
            step_opened_at=minute(10),
            is_revealed=True,
            shows_results=True,
            opened_at=minute(5),
            created_at=START,
            updated_at=START,
        ),
        fields,
    )
    session.add(row)
    await session.flush()
    return row


async def response(
    session: AsyncSession,
    about: LiveActivity,
    by: LiveParticipant,
    data: dict[str, Any],
    **fields: Any,  # noqa: ANN401 - the same
) -> LiveResponse:
    """An answer that counts."""
    at = minute(20 + next(_numbers) / 1000)
    row: LiveResponse = _with(
        LiveResponse(
            id=clock.new_id(),
            session_id=about.session_id,
            activity_id=about.id,
            participant_id=by.id,
            response_data=data,
            slot=f"{next(_numbers)}",
            status=ResponseStatus.APPROVED,
            is_counted=True,
            is_listed=False,
            points=0,
            created_at=at,
            updated_at=at,
        ),
        fields,
    )
    session.add(row)
    await session.flush()
    return row
