"""Deeds on responses: taking answers in, one or a thousand at once, correcting one, and clearing them for another vote.

An answer that is refused by itself leaves those beside it alone. What `record` returns holds once the transaction is
committed. No vote is audited; what a facilitator does to one is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Refusal
from foodflow.live.queries import responses as queries
from foodflow.live.queries import scores as score_queries
from foodflow.live.rules.activities.kind import Answer, AnswerRefused, Json
from foodflow.live.rules.activities.registry import KindUnknown
from foodflow.live.rules.activity_states import ActivityNotOpen, ActivityState
from foodflow.live.rules.participants import participation_of
from foodflow.live.rules.recording import Place, Reading, Recording, answer_of, asked, until
from foodflow.live.rules.responses import (
    ActivityUnknown,
    AlreadyAnswered,
    Kept,
    NotYours,
    Outcome,
    Refused,
    Stored,
    Submission,
    kept,
    kept_only,
    require_own,
    require_storable,
)
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.usecases import counting, turns
from foodflow.live.usecases.counting import Held
from foodflow.live.usecases.reading import read

Found = Answer | Refusal
_KEPT_ANYWAY = (ActivityNotOpen, AlreadyAnswered, AnswerRefused, KindUnknown)
"""Why an answer that is kept in any case does not count."""


async def record(session: AsyncSession, activity: LiveActivity, submissions: Sequence[Submission]) -> list[Outcome]:
    """Take in answers to an activity, in the order given, and say what came of each: by the same few statements however
    many there are. One that was taken in before, by its id, is told the same again and not counted twice.
    """
    if not submissions:
        return []
    locked = await queries.activity_for_share(session, activity.id, activity.session_id)
    if locked is None:
        gone = ActivityUnknown("Activity not found")
        return [Refused(each.response_id, gone) for each in submissions]
    while True:  # again where somebody else has used an id in the meantime, which is then known
        outcomes = await _record_once(session, locked, submissions)
        if outcomes is not None:
            return outcomes


async def answer(
    session: AsyncSession, actor: Actor, activity_id: UUID, *, participant_id: int | None, data: Json, id: UUID | None
) -> Stored:
    """Take in one answer of a participant, by themselves or by a facilitator for them; or a refusal."""
    activity = await queries.activity_to_answer(session, actor, activity_id)
    participant = await _who_answers(session, actor, activity.session_id, participant_id)
    outcome = (await record(session, activity, [_submission(participant, data, id)]))[0]
    if isinstance(outcome, Refused):
        raise outcome.refusal
    return outcome


async def keep(
    session: AsyncSession, actor: Actor, session_id: int, activity_id: UUID, *, participant_id: int, data: Json
) -> LiveResponse:
    """Keep whatever a participant sent to an activity, in whatever state it is; it counts where the activity takes it
    as an answer.
    """
    require_storable(data)
    activity = await queries.activity_to_answer(session, actor, activity_id)
    if activity.session_id != session_id:
        raise ActivityUnknown("Activity not found")
    submission = _submission(await _who_answers(session, actor, session_id, participant_id), data, None)
    outcome = (await record(session, activity, [submission]))[0]
    if isinstance(outcome, Refused):
        if not isinstance(outcome.refusal, _KEPT_ANYWAY):
            raise outcome.refusal
        await queries.insert(session, session_id, [kept_only(submission, activity_id=activity_id, at=clock.now())])
        turns.counted(session, session_id, activity_id)
    return await queries.response(session, actor, submission.response_id)


async def correct(session: AsyncSession, actor: Actor, id: UUID, *, data: Json) -> LiveResponse:
    """Replace what was answered as a whole; it counts where the activity's kind reads it, open or not, unless another
    answer stands in its place.
    """
    require_storable(data)
    held = await counting.hold(session, actor, id)
    audit.record(session, actor, "live_response.corrected", id, activity=held.activity.id)
    await counting.alter(session, held, await _corrected(session, held, data))
    return held.row


async def delete(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Delete a response; it counts no longer."""
    held = await counting.hold(session, actor, id)
    audit.record(session, actor, "live_response.deleted", id, activity=held.activity.id)
    await counting.alter(session, held, None)


async def clear(session: AsyncSession, actor: Actor, activity_id: UUID, *, open_question_only: bool) -> LiveActivity:
    """Let no answer to an activity count any longer, or none to its open question, so that everybody answers anew; what
    was answered stays kept.
    """
    activity = await queries.activity_for_update(session, actor, activity_id)
    await queries.uncount_all(session, activity, open_question_only=open_question_only)
    await counting.recount(session, activity)
    _open_anew(activity, clock.now())
    details = {"step": activity.step} if open_question_only else {}
    audit.record(session, actor, "live_activity.cleared", activity.id, session=activity.session_id, **details)
    await turns.say(session, activity.session_id, "activity.changed", activity_id=str(activity.id))
    return activity


async def recount(session: AsyncSession, activity: LiveActivity) -> None:
    """Add up anew all that was answered to an activity, for when it reads its answers otherwise than before."""
    locked = await queries.activity_locked(session, activity.id, activity.session_id)
    if locked is not None:
        await counting.recount(session, locked)


async def _record_once(
    session: AsyncSession, activity: LiveActivity, submissions: Sequence[Submission]
) -> list[Outcome] | None:
    """Record a batch, or undo it and return None: an id that was free when it was looked up is taken."""
    people = {each.participant_id for each in submissions}
    places = await queries.places_for_update(session, activity.session_id, people)
    reading = read(activity)
    found = [answer_of(reading, each, places.get(each.participant_id)) for each in submissions]
    recording = await _recording(session, activity, submissions, found)
    before = await queries.answering(session, activity.id, places)
    outcomes = _take_all(recording, reading, list(zip(submissions, found, strict=True)), places)
    if recording.new:
        if not await _write(session, activity, recording):
            return None
        await counting.count(session, activity, recording.changes(), before=before)
        await _score(session, recording, places)
    return outcomes


async def _recording(
    session: AsyncSession, activity: LiveActivity, submissions: Sequence[Submission], found: Sequence[Found]
) -> Recording:
    """A batch before anything of it is taken, with what is there already."""
    by_id = await queries.with_ids(session, (each.response_id for each in submissions))
    answers = zip(submissions, found, strict=True)
    slots = {(given.participant_id, each.slot) for given, each in answers if isinstance(each, Answer)}
    in_slot = await queries.in_slots(session, activity.id, slots)
    return Recording(activity.id, clock.now(), by_id=by_id, in_slot=in_slot)


def _take_all(
    recording: Recording,
    reading: Reading | None,
    answers: Sequence[tuple[Submission, Found]],
    places: dict[int, Place],
) -> list[Outcome]:
    """Take one after the other; who answers twice in a batch has another streak the second time."""
    streaks = {place.id: place.streak for place in places.values()}
    outcomes = []
    for given, found in answers:
        place = places.get(given.participant_id)
        is_stale = place is not None and place.streak != streaks[place.id]
        outcomes.append(recording.take(given, answer_of(reading, given, place) if is_stale else found, place))
    return outcomes


async def _write(session: AsyncSession, activity: LiveActivity, recording: Recording) -> bool:
    if recording.replaced:
        await queries.set_counted(session, recording.replaced, is_counted=False)
    written = await queries.insert(session, activity.session_id, recording.new.values())
    if len(written) == len(recording.new):
        return True
    await queries.delete(session, written)
    await queries.set_counted(session, recording.replaced, is_counted=True)
    return False


async def _score(session: AsyncSession, recording: Recording, places: dict[int, Place]) -> None:
    if recording.scored:
        await score_queries.set_scores(session, [places[id] for id in recording.scored])
    if recording.rescored:
        await score_queries.recount(session, recording.rescored)


async def _who_answers(session: AsyncSession, actor: Actor, session_id: int, named: int | None) -> int:
    """The participant of a session whom an actor answers for."""
    participation = participation_of(actor)
    if participation is None:
        own = await queries.place_of(session, actor, session_id)
    elif participation.session_id == session_id:
        own = participation.participant_id
    else:
        raise NotYours("this is the token of a place in another session")
    return require_own(own, named, may_for_others=actor.may("live.facilitate"))


def _submission(participant_id: int, data: Json, id: UUID | None) -> Submission:
    return Submission(id or clock.new_id(), participant_id, data, clock.now())


async def _corrected(session: AsyncSession, held: Held, data: Json) -> Kept:
    """A response with other data: as its kind keeps it, or as it was sent."""
    row, activity = held.row, held.activity
    given = Submission(row.id, row.participant_id, data, row.created_at)
    as_sent = kept_only(given, activity_id=activity.id, at=row.created_at)
    reading = read(activity)
    if reading is None:
        return as_sent
    try:
        found = reading.read(data, replace(asked(given, held.place, reading.step), streak=0))
    except AnswerRefused:
        return as_sent
    others = await queries.in_slots(session, activity.id, [(row.participant_id, found.slot)])
    is_taken = any(each.id != row.id for each in others.values())
    return as_sent if is_taken else kept(given, found, activity_id=activity.id, at=row.created_at)


def _open_anew(activity: LiveActivity, now: datetime) -> None:
    """Begin the open question once more, with all of its time."""
    reading = read(activity)
    if activity.state != ActivityState.ACTIVE or reading is None:
        return
    seconds = reading.seconds_of(activity.step)
    activity.step_opened_at, activity.is_revealed, activity.updated_at = now, False, now
    activity.closes_at = until(now, seconds=seconds, expires_at=activity.expires_at)
