"""Counting: after answers have changed, what they add up to follows, by as much as has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import responses as queries
from foodflow.live.queries import scores as score_queries
from foodflow.live.queries import tallies as tally_queries
from foodflow.live.rules.moderation import ResponseNotFound
from foodflow.live.rules.recording import PARTICIPANTS, Change, Place, effects, total
from foodflow.live.rules.responses import Kept
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.usecases import turns
from foodflow.live.usecases.reading import read

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """A response that somebody is about to change, with its activity and its participant; all are locked."""

    row: LiveResponse
    activity: LiveActivity
    place: Place


async def hold(session: AsyncSession, actor: Actor, id: UUID, *, to_tell: bool = False) -> Held:
    """Lock a response and all that a change of it touches; where a turn is told of it at the end, its session too."""
    found = await queries.response(session, actor, id)
    if to_tell:
        await queries.lock_session(session, found.session_id)
    activity = await queries.activity_locked_for_answers(session, found.activity_id, found.session_id)
    places = await queries.places_for_update(session, found.session_id, [found.participant_id])
    row = await queries.response_for_update(session, id)
    place = places.get(row.participant_id)
    if activity is None or place is None:
        raise ResponseNotFound("Response not found")
    return Held(row, activity, place)


async def alter(session: AsyncSession, held: Held, new: Kept | None) -> None:
    """Keep something else of a response that is held, or nothing; tally and score follow."""
    old, activity, participant = queries.kept_of(held.row), held.activity, held.row.participant_id
    before = await queries.answering(session, activity.id, [participant])
    await queries.write(session, held.row, new, now=clock.now())
    after = await queries.answering(session, activity.id, [participant])
    await count(session, activity, [(old, new)], participants=len(after) - len(before))
    if any(each is not None and each.is_scored for each in (old, new)):
        await score_queries.recount(session, [participant])


async def count(session: AsyncSession, activity: LiveActivity, changes: Sequence[Change], *, participants: int) -> None:
    """Take changes of responses into account in their activity's tally, and have audiences look; by `participants` more
    have an answer that has effect.
    """
    amounts = effects(read(activity), changes)
    if participants:
        amounts[PARTICIPANTS] = participants
    await tally_queries.add(session, activity.id, amounts, at=clock.now())
    turns.counted(session, activity.session_id, activity.id)


async def recount(session: AsyncSession, activity: LiveActivity) -> None:
    """Add up anew all answers to an activity, whatever was counted before: its tally, and the scores of all who have a
    place in its session. The caller has locked the activity against answers.
    """
    people = await score_queries.participants_for_update(session, activity.session_id)
    reading = read(activity)
    await tally_queries.clear(session, activity.id)
    async for answers in queries.all_with_effect(session, activity.id, at_once=_AT_ONCE):
        await tally_queries.add(session, activity.id, total(reading, answers), at=clock.now())
    answering = await queries.answering(session, activity.id, people)
    people_answering = {PARTICIPANTS: len(answering)} if answering else {}
    await tally_queries.add(session, activity.id, people_answering, at=clock.now())
    await score_queries.recount(session, people)
    turns.counted(session, activity.session_id, activity.id)
