"""Turns: what everybody in a session sees to have changed, kept in order, and told once, however many are there.

Three messages lead every process's audience to look: a turn has a number of its own, and the audience loads it and all
before it that it has not seen; answers were counted; somebody came or went.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, live
from foodflow.live.queries import sessions as queries
from foodflow.live.tables.sessions import LiveTurn

CHANGED: Final = "live.session.changed"
COUNTED: Final = "live.session.counted"
CAME: Final = "live.session.came"


async def say(session: AsyncSession, session_id: int, type: str, **data: Any) -> int:  # noqa: A002, ANN401 - JSON-ready values
    """Keep a turn and have every audience of the session told once this transaction commits; returns its number. Locks
    the session, so that turns commit in the order of their numbers.
    """
    sequence = await queries.next_sequence(session, session_id)
    session.add(LiveTurn(session_id=session_id, sequence=sequence, type=type, data=data, created_at=clock.now()))
    topic = topic_of(session_id)
    live.publish(session, topic=topic, type="live.session.changed", needs="live.read", data={"sequence": sequence})
    return sequence


def counted(session: AsyncSession, session_id: int, activity_id: UUID) -> None:
    """Have the audiences look at an activity's result anew, once this transaction commits."""
    topic, data = topic_of(session_id), {"activity_id": str(activity_id)}
    live.publish(session, topic=topic, type="live.session.counted", needs="live.read", data=data)


def came(session: AsyncSession, session_id: int) -> None:
    """Have the audiences look anew at how many take part, once this transaction commits."""
    live.publish(session, topic=topic_of(session_id), type="live.session.came", needs="live.read", data={})


def topic_of(session_id: int) -> str:
    """The live topic of a session."""
    return f"live.session/{session_id}"
