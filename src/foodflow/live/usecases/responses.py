"""Deeds on responses: taking answers in, one or a thousand at once.

An answer that is refused leaves those beside it alone. What `record` returns holds once the transaction is committed.
No vote is audited; what a facilitator does to one is.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Refusal
from foodflow.live.queries import responses as queries
from foodflow.live.queries import scores as score_queries
from foodflow.live.rules.activities.kind import Answer, AnswerRefused, Json
from foodflow.live.rules.activities.registry import KindUnknown
from foodflow.live.rules.activity_states import ActivityNotOpen
from foodflow.live.rules.participants import participation_of
from foodflow.live.rules.recording import Around, Place, Reading, Recording, answer_of
from foodflow.live.rules.responses import (
    ActivityUnknown,
    AlreadyAnswered,
    NotYours,
    Outcome,
    Refused,
    Stored,
    Submission,
    TooManyAnswers,
    kept_only,
    require_own,
    require_storable,
)
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.usecases import counting, turns
from foodflow.live.usecases.reading import around, read

Found = Answer | Refusal
_KEPT_ANYWAY = (ActivityNotOpen, AlreadyAnswered, AnswerRefused, KindUnknown, TooManyAnswers)
"""Why an answer that is kept in any case does not count."""


async def record(session: AsyncSession, activity: LiveActivity, submissions: Sequence[Submission]) -> list[Outcome]:
    """Take in answers to an activity, in the order given, and say what came of each: by the same few statements however
    many there are. One that was taken in before, by its id, is told the same again and not counted twice.
    """
    if not submissions:
        return []
    locked = await queries.activity_locked_for_answers(session, activity.id, activity.session_id)
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


async def recount(session: AsyncSession, activity: LiveActivity) -> None:
    """Add up anew all that was answered to an activity, for when it reads its answers otherwise than before. What each
    answer was found to be worth when it came stays.
    """
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
    known = await around(session, activity, reading, submissions, places=places)
    before = known.answering
    answers = [(each, answer_of(reading, each, known)) for each in submissions]
    recording = await _recording(session, activity, answers, known)
    outcomes = _take_all(recording, reading, answers, known)
    if recording.new:
        if not await _write(session, activity, recording):
            return None
        await counting.count(session, activity, recording.changes(), participants=known.answering - before)
        await _score(session, recording, places)
    return outcomes


async def _recording(
    session: AsyncSession, activity: LiveActivity, answers: Sequence[tuple[Submission, Found]], known: Around
) -> Recording:
    """A batch before anything of it is taken, with the responses that it meets."""
    by_id = await queries.with_ids(session, (given.response_id for given, _ in answers))
    slots = {(given.participant_id, each.slot) for given, each in answers if isinstance(each, Answer)}
    met = {(id, slot) for id, slot in slots if slot in known.filled[id]}
    in_slot = await queries.in_slots(session, activity.id, met) if met else {}
    return Recording(activity.id, clock.now(), by_id=by_id, in_slot=in_slot)


def _take_all(
    recording: Recording, reading: Reading | None, answers: Sequence[tuple[Submission, Found]], known: Around
) -> list[Outcome]:
    """Take one after the other; what somebody answers a second time is read anew, as the first has changed what is
    there.
    """
    outcomes: list[Outcome] = []
    seen: set[int] = set()
    for given, first in answers:
        found = answer_of(reading, given, known) if given.participant_id in seen else first
        seen.add(given.participant_id)
        outcomes.append(recording.take(given, found, known))
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


async def _score(session: AsyncSession, recording: Recording, places: Mapping[int, Place]) -> None:
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
