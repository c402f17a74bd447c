"""What live sessions hold about somebody, and their names taken out of it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, Text, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.tables.training import TrainingRecord

_SIGNED = "participant_info"


async def sessions_of(session: AsyncSession, who: str) -> Sequence[LiveSession]:
    """The sessions that somebody made, in their order."""
    found = select(LiveSession).where(LiveSession.created_by == who)
    return (await session.scalars(found.order_by(LiveSession.id))).all()


async def places_of(session: AsyncSession, who: str) -> Sequence[Row[LiveParticipant, str]]:
    """The places that somebody had in sessions, with the titles of these, in their order."""
    found = select(LiveParticipant, LiveSession.title).join(LiveSession, LiveSession.id == LiveParticipant.session_id)
    return (await session.execute(found.where(_theirs(who)).order_by(LiveParticipant.id))).all()


async def responses_of(session: AsyncSession, who: str) -> Sequence[Row[LiveResponse, str, str]]:
    """What somebody answered, with type and title of the activities, in its order."""
    found = (
        select(LiveResponse, LiveActivity.type, LiveActivity.title)
        .join(LiveActivity, LiveActivity.id == LiveResponse.activity_id)
        .join(LiveParticipant, LiveParticipant.id == LiveResponse.participant_id)
    )
    order = (LiveResponse.created_at, LiveResponse.id)
    return (await session.execute(found.where(_theirs(who)).order_by(*order))).all()


async def records_of(session: AsyncSession, who: str) -> Sequence[TrainingRecord]:
    """What is recorded of somebody's training, in its order."""
    found = select(TrainingRecord).where(TrainingRecord.actor == who)
    return (await session.scalars(found.order_by(TrainingRecord.attended_from, TrainingRecord.id))).all()


async def forget_names(session: AsyncSession, who: str) -> None:
    """Take somebody's names out of all that sessions and records hold; their number stays."""
    theirs = select(LiveParticipant.id).where(_theirs(who))
    await session.execute(
        update(LiveResponse)
        .where(LiveResponse.participant_id.in_(theirs), LiveResponse.response_data.has_key(_SIGNED))
        .values(response_data=LiveResponse.response_data.delete_path([_SIGNED]))
        .execution_options(synchronize_session=False)
    )
    # Nobody else bears or can foresee such a nickname.
    nameless = literal("erased:", Text) + func.cast(func.gen_random_uuid(), Text)
    for statement in (
        update(LiveParticipant).where(_theirs(who)).values(nickname=nameless, activity_context=None),
        update(TrainingRecord).where(TrainingRecord.actor == who).values(person_name=""),
        update(TrainingRecord).where(TrainingRecord.led_by == who).values(facilitator=""),
    ):
        await session.execute(statement.execution_options(synchronize_session=False))


def _theirs(who: str) -> ColumnElement[bool]:
    return LiveParticipant.actor == who
