"""How activities as they are stored read their answers."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.live.queries import responses as queries
from foodflow.live.queries import tallies as tally_queries
from foodflow.live.rules.activities.kind import Step
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.progression import LAST
from foodflow.live.rules.recording import Around, Place, Reading, reading_of
from foodflow.live.rules.responses import Submission, id_of
from foodflow.live.tables.activities import LiveActivity


def step_of(activity: LiveActivity) -> Step:
    """Where an activity stands now among its questions; it is not over while answers on their way are waited for."""
    is_late = activity.expires_at is not None and activity.expires_at + LAST <= clock.now()
    is_over = activity.state == ActivityState.EXPIRED or (activity.state == ActivityState.ACTIVE and is_late)
    opened_at, closes_at = activity.step_opened_at, activity.closes_at
    return Step(activity.step, opened_at, closes_at, is_revealed=activity.is_revealed, is_over=is_over)


def read(activity: LiveActivity) -> Reading | None:
    """How an activity reads its answers, or None where no kind can."""
    return reading_of(
        activity.type,
        activity.config,
        activity.activity_metadata,
        state=activity.state,
        step=step_of(activity),
        expires_at=activity.expires_at,
    )


async def around(
    session: AsyncSession,
    activity: LiveActivity,
    reading: Reading | None,
    submissions: Sequence[Submission],
    *,
    places: Mapping[int, Place],
) -> Around:
    """What is there already of an activity that concerns some submissions, whose participants are locked."""
    filled = await queries.filled(session, activity.id, places)
    if reading is None:
        return Around(places, filled)
    named = {found for each in submissions if (found := reading.kind.about(each.data)) is not None}
    ids = {id for each in named if (id := id_of(each)) is not None}
    about = await queries.listed_with_ids(session, activity.id, ids) if ids else {}
    keys = 0 if reading.kind.most_keys is None else await tally_queries.keys(session, activity.id)
    return Around(places, filled, about, keys)
