"""Responses: what must be known and locked before answers are taken, and how many are written at once.

Whoever locks several of these does so in this order: the session, the activity, participants by their ids, responses,
tallies by their keys.
"""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Row, any_, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.activities.kind import Json, Listed
from foodflow.live.rules.activity_states import ActivityNotFound
from foodflow.live.rules.moderation import ResponseNotFound, ResponseStatus
from foodflow.live.rules.participants import participation_of
from foodflow.live.rules.recording import Filled, Place
from foodflow.live.rules.responses import ActivityUnknown, Kept
from foodflow.live.rules.sessions import LARGEST_ID, Admission, MembersOnly, SessionNotFound
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession

MODERATION: Final = Listing(
    key=LiveResponse.id,
    order="created_at",
    filters={
        "status": Filter(LiveResponse.status, ResponseStatus),
        "participant_id": Filter(LiveResponse.participant_id, int),
    },
    orderings={"created_at": LiveResponse.created_at},
)

_FIELDS: Final = (
    "r.id, r.activity_id, r.participant_id, r.response_data, r.slot, r.status, r.is_counted, r.is_listed, r.is_correct,"
    " r.points, r.created_at"
)
_WITH_IDS = text(
    f"SELECT {_FIELDS} FROM live_responses AS r WHERE r.id = ANY(CAST(:ids AS uuid[]))"  # noqa: S608 - the same columns
)
# One look-up in the index for each, as OFFSET and LIMIT make sure of: what is known of a table that fills within
# seconds misleads the planner into reading all answers.
_FILLED = text(
    "SELECT p.id, r.slot, r.status = 'approved' FROM unnest(CAST(:ids AS int[])) AS p (id) CROSS JOIN LATERAL"
    " (SELECT a.slot, a.status FROM live_responses AS a WHERE a.activity_id = :activity_id"
    " AND a.participant_id = p.id AND a.is_counted OFFSET 0) AS r"
)
_IN_SLOTS = text(
    f"SELECT {_FIELDS} FROM unnest(CAST(:participants AS int[]), CAST(:slots AS text[])) AS s (participant_id, slot)"  # noqa: S608 - the same
    " CROSS JOIN LATERAL (SELECT * FROM live_responses AS a WHERE a.activity_id = :activity_id"
    " AND a.participant_id = s.participant_id AND a.slot = s.slot AND a.is_counted LIMIT 1) AS r"
)
_ANSWERING = text(
    "SELECT p.id FROM unnest(CAST(:ids AS int[])) AS p (id) CROSS JOIN LATERAL (SELECT FROM live_responses AS r"
    " WHERE r.activity_id = :activity_id AND r.participant_id = p.id AND r.is_counted AND r.status = 'approved'"
    " LIMIT 1) AS counting"
)
_INSERT = text(
    "INSERT INTO live_responses (id, session_id, activity_id, participant_id, response_data, slot, status, is_counted,"
    " is_listed, is_correct, points, created_at, updated_at)"
    " SELECT n.id, :session_id, n.activity_id, n.participant_id, n.data, n.slot, n.status, n.is_counted, n.is_listed,"
    " n.is_correct, n.points, n.at, n.at FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (id uuid, activity_id uuid,"
    " participant_id int, data jsonb, slot text, status text, is_counted bool, is_listed bool, is_correct bool,"
    " points int, at timestamptz) ORDER BY n.id ON CONFLICT (id) DO NOTHING RETURNING id"
)
_SET_COUNTED = text("UPDATE live_responses SET is_counted = :is_counted WHERE id = ANY(CAST(:ids AS uuid[]))")
_DELETE = text("DELETE FROM live_responses WHERE id = ANY(CAST(:ids AS uuid[]))")
_UNCOUNT_ALL = text(
    "UPDATE live_responses SET is_counted = false WHERE activity_id = :activity_id AND is_counted"
    " AND created_at >= coalesce(CAST(:since AS timestamptz), '-infinity')"
)


async def activity(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """An activity of a session that lets an actor in, or a refusal."""
    found, place = await session.get(LiveActivity, id), participation_of(actor)
    if found is None or (place is not None and place.session_id != found.session_id):
        raise ActivityNotFound("Activity not found")
    try:
        live_session = await session_queries.live_session(session, actor, found.session_id)
    except SessionNotFound:
        raise ActivityNotFound("Activity not found") from None
    if live_session.admission == Admission.MEMBERS and actor.is_visitor and place is None:
        raise MembersOnly("this session is for people of the company who are signed in")
    return found


async def activity_to_answer(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """The same, where what cannot be found is refused as the contract wants it of answers."""
    try:
        return await activity(session, actor, id)
    except ActivityNotFound:
        raise ActivityUnknown("Activity not found") from None


async def activity_locked_for_answers(session: AsyncSession, id: UUID, session_id: int) -> LiveActivity | None:
    """An activity as it is now, which until the transaction ends nobody else answers, opens, closes or changes; None
    where it is gone. Were it shared by all who answer, whoever wants to close it would wait until nobody answers. A
    session that somebody is about to remove is waited for first; who would change it has locked it already.
    """
    kept = select(LiveSession.id).where(LiveSession.id == session_id).with_for_update(read=True, key_share=True)
    await session.execute(kept)
    return await session.get(LiveActivity, id, with_for_update={"key_share": True}, populate_existing=True)


async def activity_for_update(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """An activity as it is now, locked until the transaction ends, after its session; or a refusal."""
    found = await activity(session, actor, id)
    locked = await activity_locked(session, id, found.session_id)
    if locked is None:
        raise ActivityNotFound("Activity not found")
    return locked


async def activity_locked(session: AsyncSession, id: UUID, session_id: int) -> LiveActivity | None:
    """The same, of whoever calls: an activity as it is now, or None where it is gone."""
    await lock_session(session, session_id)
    return await session.get(LiveActivity, id, with_for_update=True, populate_existing=True)


async def lock_session(session: AsyncSession, id: int) -> None:
    """Lock a session for what tells a turn at its end; answers go on meanwhile."""
    await session.execute(select(LiveSession.id).where(LiveSession.id == id).with_for_update(key_share=True))


async def place_of(session: AsyncSession, actor: Actor, session_id: int) -> int | None:
    """The participant that somebody of the company is in a session, or None."""
    own = select(LiveParticipant.id).where(
        LiveParticipant.session_id == session_id, LiveParticipant.actor == actor.id, LiveParticipant.actor != ""
    )
    return await session.scalar(own.order_by(LiveParticipant.id).limit(1))


async def places_for_update(session: AsyncSession, session_id: int, ids: Iterable[int]) -> dict[int, Place]:
    """Participants of a session as they are now, by their ids, locked until the transaction ends."""
    p = LiveParticipant
    columns = (p.id, p.nickname, p.removed_at.is_not(None), p.score, p.streak, p.correct, p.answered)
    sought = [id for id in set(ids) if 0 < id <= LARGEST_ID]
    found = (
        select(*columns).where(p.session_id == session_id, p.id == any_(literal(sought, ARRAY(Integer)))).order_by(p.id)
    )
    return {row[0]: Place(*row) for row in await session.execute(found.with_for_update(key_share=True))}


async def with_ids(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Kept]:
    """The responses that bear some ids."""
    rows = await session.execute(_WITH_IDS, {"ids": list(ids)})
    return {row.id: _kept(row) for row in rows}


async def filled(session: AsyncSession, activity_id: UUID, ids: Iterable[int]) -> dict[int, Filled]:
    """The slots of an activity that some participants have filled."""
    found: dict[int, Filled] = {id: {} for id in ids}
    for id, slot, has_effect in await session.execute(_FILLED, {"activity_id": activity_id, "ids": list(found)}):
        found[id][slot] = has_effect
    return found


async def listed_with_ids(session: AsyncSession, activity_id: UUID, ids: Iterable[UUID]) -> dict[str, Listed]:
    """Those of the answers to an activity that are shown by themselves which bear some ids."""
    found = (
        select(LiveResponse, LiveParticipant.nickname)
        .join(LiveParticipant, LiveParticipant.id == LiveResponse.participant_id)
        .where(LiveResponse.id.in_(list(ids)), LiveResponse.activity_id == activity_id)
        .where(LiveResponse.is_listed, LiveResponse.is_counted, LiveResponse.status == ResponseStatus.APPROVED)
    )
    return {str(row.id): _listed(row, nickname) for row, nickname in await session.execute(found)}


async def in_slots(
    session: AsyncSession, activity_id: UUID, slots: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], Kept]:
    """The responses that stand in some slots of participants."""
    sought = list(slots)
    participants, names = [each[0] for each in sought], [each[1] for each in sought]
    values = {"activity_id": activity_id, "participants": participants, "slots": names}
    rows = await session.execute(_IN_SLOTS, values)
    return {(row.participant_id, row.slot): _kept(row) for row in rows}


async def answering(session: AsyncSession, activity_id: UUID, ids: Iterable[int]) -> set[int]:
    """Those of some participants who have an answer that counts."""
    rows = await session.scalars(_ANSWERING, {"activity_id": activity_id, "ids": list(ids)})
    return set(rows)


async def insert(session: AsyncSession, session_id: int, rows: Iterable[Kept]) -> set[UUID]:
    """Insert responses, and return the ids of those that were; an id that is there already is left as it is."""
    said = json.dumps([_row(each) for each in rows], ensure_ascii=False)
    found = await session.scalars(_INSERT, {"session_id": session_id, "rows": said})
    return set(found)


async def set_counted(session: AsyncSession, ids: Iterable[UUID], *, is_counted: bool) -> None:
    """Let responses count, or count no longer."""
    await session.execute(_SET_COUNTED, {"ids": list(ids), "is_counted": is_counted})


async def delete(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """Delete responses."""
    await session.execute(_DELETE, {"ids": list(ids)})


async def uncount_all(session: AsyncSession, activity: LiveActivity, *, open_question_only: bool) -> None:
    """Let no response to an activity count any longer, or none to the question that is open."""
    since = activity.step_opened_at if open_question_only else None
    await session.execute(_UNCOUNT_ALL, {"activity_id": activity.id, "since": since})


async def response(session: AsyncSession, actor: Actor, id: UUID) -> LiveResponse:
    """A response of a session that exists for an actor, or a refusal."""
    found = await session.get(LiveResponse, id)
    try:
        if found is not None:
            await session_queries.live_session(session, actor, found.session_id)
            return found
    except SessionNotFound:
        pass
    raise ResponseNotFound("Response not found")


async def response_for_update(session: AsyncSession, id: UUID) -> LiveResponse:
    """A response as it is now, locked until the transaction ends, or a refusal."""
    found = await session.get(LiveResponse, id, with_for_update=True, populate_existing=True)
    if found is None:
        raise ResponseNotFound("Response not found")
    return found


async def write(session: AsyncSession, row: LiveResponse, new: Kept | None, *, now: datetime) -> None:
    """Have a response, which the caller has locked, be kept otherwise, or deleted."""
    if new is None:
        await session.delete(row)
    else:
        row.response_data, row.slot, row.status = new.data, new.slot, new.status
        row.is_counted, row.is_listed = new.is_counted, new.is_listed
        row.is_correct, row.points, row.updated_at = new.is_correct, new.points, now
    await session.flush()


async def to_moderate(session: AsyncSession, activity_id: UUID, wanted: Wanted) -> Page[LiveResponse]:
    """A page of the responses to an activity that count, or would."""
    found = select(LiveResponse).where(LiveResponse.activity_id == activity_id, LiveResponse.is_counted)
    return await fetch(session, found, wanted)


async def all_with_effect(session: AsyncSession, activity_id: UUID, *, at_once: int) -> AsyncIterator[list[Json]]:
    """All answers to an activity that have effect, as they are kept, so many at once."""
    found = select(LiveResponse.response_data).where(
        LiveResponse.activity_id == activity_id, LiveResponse.is_counted, LiveResponse.status == ResponseStatus.APPROVED
    )
    rows = await session.stream_scalars(found.execution_options(yield_per=at_once))
    async for part in rows.partitions():
        yield list(part)


def kept_of(row: LiveResponse) -> Kept:
    """A response as decisions know it."""
    return _kept(row)


def _kept(row: Row[Any] | LiveResponse) -> Kept:
    return Kept(
        row.id,
        row.activity_id,
        row.participant_id,
        row.response_data,
        row.slot,
        ResponseStatus(row.status),
        is_counted=row.is_counted,
        is_listed=row.is_listed,
        is_correct=row.is_correct,
        points=row.points,
        at=row.created_at,
    )


def _listed(row: LiveResponse, nickname: str) -> Listed:
    return Listed(str(row.id), row.participant_id, nickname, row.response_data, row.created_at, row.status)


def _row(kept: Kept) -> dict[str, Any]:
    return {
        "id": str(kept.id),
        "activity_id": str(kept.activity_id),
        "participant_id": kept.participant_id,
        "data": kept.data,
        "slot": kept.slot,
        "status": kept.status,
        "is_counted": kept.is_counted,
        "is_listed": kept.is_listed,
        "is_correct": kept.is_correct,
        "points": kept.points,
        "at": kept.at.isoformat(),
    }
